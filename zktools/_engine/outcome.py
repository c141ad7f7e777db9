"""What a step of the engine's comes to, for the one thread of a user's that waits for it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from zktools._engine.latch import Latch


class Outcome:
    """As one of kazoo's async results, but that a signal to who waits cannot stop who sets it."""

    def __init__(self, handler: Any) -> None:
        self._latch = Latch(handler)
        self._ready = False
        self._value: Any = None
        self.exception: BaseException | None = None

    def set(self, value: Any = None) -> None:
        """It succeeded."""
        self._value = value
        self._ready = True
        self._latch.open()

    def set_exception(self, exception: BaseException) -> None:
        """It failed."""
        self.exception = exception
        self._ready = True
        self._latch.open()

    def wait(self, timeout: float | None = None) -> bool:
        """Wait for `timeout` seconds at most; whether it is known."""
        return self._ready or self._latch.wait(timeout)

    def tell(self, function: Callable[[], object]) -> None:
        """Call `function` once it is known, as :meth:`Latch.tell` does."""
        if self._ready:
            function()
        else:
            self._latch.tell(function)

    def ready(self) -> bool:
        """Whether it is known."""
        return self._ready

    def successful(self) -> bool:
        """Whether it is known to have succeeded."""
        return self._ready and self.exception is None

    def get(self) -> Any:
        """What it came to; None while that is not known, and when it failed."""
        return self._value
