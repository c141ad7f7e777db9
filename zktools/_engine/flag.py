"""Something that becomes true once, and that any number of threads may wait for."""

from __future__ import annotations

from typing import Any

from zktools._engine.latch import Latch


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
        latch = Latch(self._handler)
        self._waiting.add(latch)  # then look: whoever sets it looks at the waiters last
        try:
            return self._is_set or latch.wait(timeout) or self._is_set
        finally:
            self._waiting.discard(latch)
