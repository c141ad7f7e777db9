"""A candidate that waits on a thread of its own to lead, and leads until it is told to resign."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

_PATIENCE = 60.0  # seconds


class Standing:
    """One term at the most. ``lead(work)`` waits, calls `work`, and lets go."""

    def __init__(self, lead: Callable[[Callable[[], None]], object]) -> None:
        self._led, self._may_end = threading.Event(), threading.Event()
        self._at = 0.0
        self._thread = threading.Thread(target=lead, args=(self._work,), daemon=True)
        self._thread.start()

    def _work(self) -> None:
        self._at = time.monotonic()
        self._led.set()
        self._may_end.wait()

    def leads(self) -> float | None:
        """Wait until it leads; since when."""
        return self._at if self._led.wait(_PATIENCE) else None

    def resign(self) -> float:
        """End the term, and wait until it is over; when that began."""
        at = time.monotonic()
        self._may_end.set()
        self._thread.join()
        return at
