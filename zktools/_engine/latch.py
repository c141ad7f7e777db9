"""What a user's thread and zktools' own threads wait on, such that no signal can leave it stuck."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

#: Seconds, 285 years: no lock takes much more.
_LONGEST = 9e9


class Latch:
    """Shut until somebody opens it; lets one waiter through and is shut again.

    An event would do but for signals. ``Event.wait`` and ``Event.set`` are Python code that takes a
    lock: a KeyboardInterrupt between taking it and the ``with`` that gives it back leaves it taken,
    and the next thread to touch that event, be it kazoo's connection thread, stays there for ever.
    Taking a plain lock, and giving it back, is one step that no signal divides.
    """

    __slots__ = ("_lock", "_told")

    def __init__(self, handler: Any) -> None:
        self._lock = handler.lock_object()
        self._lock.acquire()
        self._told: Callable[[], object] | None = None

    def open(self) -> None:
        """Let the present or the next waiter through. Harmless when it is open. Any thread."""
        try:  # noqa: SIM105 - each request comes by here
            self._lock.release()
        except RuntimeError:  # nobody holds it
            pass
        told, self._told = self._told, None
        if told is not None:
            told()

    def wait(self, timeout: float | None = None) -> bool:
        """Wait for `timeout` seconds at most, or without a limit; whether it was opened."""
        if timeout is None:
            return bool(self._lock.acquire())
        return bool(self._lock.acquire(True, min(max(timeout, 0.0), _LONGEST)))

    def tell(self, function: Callable[[], object]) -> None:
        """Call `function` at the next opening, on the thread that opens it; at once if it is open.

        For who cannot wait. It must neither block nor raise; what it is told of is taken, as by a
        waiter, with ``wait(0)``.
        """
        self._told = function
        if self._lock.acquire(False):
            self.open()
