"""Asks a lock, all the time that a process may hold it, whether it does."""

from __future__ import annotations

import threading
from collections.abc import Callable

from tests.chaos.history import Journal, now

INTERVAL = 0.004  #: seconds between two questions
BEAT = 0.1  #: seconds after which an unchanged "yes" is written down again


class Sampler:
    """Runs on a thread of its own until `stop`."""

    def __init__(self, journal: Journal, hold: str, held: Callable[[], bool]) -> None:
        self._journal = journal
        self._hold = hold
        self._held = held
        self._stopped = threading.Event()
        self._last: float | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def stop(self) -> float | None:
        """Ask no more, and return when the last "yes" was; None when there was none."""
        self._stopped.set()
        self._thread.join()
        return self._last

    def _run(self) -> None:
        believed, written = False, 0.0
        while True:
            # The moment before asking: the answer "yes" is about this one or a later one.
            at = now()
            held = self._held()
            if held and (not believed or at - written > BEAT):
                self._journal.write("believes", t=at, id=self._hold)
                written = at
            elif believed and not held:
                self._journal.write("doubts", id=self._hold, last=self._last)
            believed = held
            if held:
                self._last = at
            if self._stopped.wait(INTERVAL):
                return
