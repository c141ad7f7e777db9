"""Something that becomes true once, and that any number of threads may wait for."""

from __future__ import annotations

from typing import Any

from zktools._engine.latch import Latch
from zktools._engine.steps import Steps, run


class Flag:
    """As an event that is never cleared, but that a signal to a waiter cannot stop who sets it."""

    __slots__ = ("_handler", "_is_set", "_waiting")

    def __init__(self, handler: Any) -> None:
        self._handler = handler
        self._is_set = False
        self._waiting: set[Latch] = set()

    def is_set(self) -> bool:
        """Whether it is true."""
        return self._is_set

    def set(self) -> None:
        """From now on it is. Any thread."""
        self._is_set = True
        for latch in list(self._waiting):
            latch.open()

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until it is, for `timeout` seconds at most; whether it is."""
        return run(self.waiting(timeout))

    def waiting(self, timeout: float | None = None) -> Steps[bool]:
        """The same for every face."""
        latch = Latch(self._handler)
        try:
            self.link(latch)
            yield latch, timeout
            return self._is_set
        finally:
            self.unlink(latch)

    def link(self, latch: Latch) -> None:
        """Open `latch` once it is true; now, if it is."""
        self._waiting.add(latch)  # then look: whoever sets it looks at the waiters last
        if self._is_set:
            latch.open()

    def unlink(self, latch: Latch) -> None:
        """No more. Harmless if it never was."""
        self._waiting.discard(latch)
