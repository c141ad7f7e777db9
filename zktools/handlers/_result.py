"""What a request of kazoo's comes to, for threads that a signal may interrupt at any point."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from kazoo.handlers.threading import AsyncResult as KazoosResult
from kazoo.handlers.threading import KazooTimeoutError

from zktools._engine.latch import Latch

_OPEN: Any = object()


class AsyncResult(KazoosResult):  # type: ignore[misc]
    """As kazoo's, without a lock that a KeyboardInterrupt in a waiting thread could leave taken.

    Who sets it makes it known first and looks for waiters and callbacks second; who waits or wants
    to be called enters itself first and looks whether it is known second. Whichever comes last sees
    the other. A list's `append` and `pop` are one step, so each callback is called by one of them,
    once. (kazoo's calls all callbacks again when one is added later.)
    """

    def __init__(self, handler: Any) -> None:
        # Not kazoo's: that makes a condition, which is what this does without.
        self._handler = handler
        self._exception = _OPEN
        self._callbacks: list[Callable[[Any], object]] = []
        self._waiting: set[Latch] = set()
        self.value: Any = None

    def ready(self) -> bool:
        """Whether it is known."""
        return self._exception is not _OPEN

    def successful(self) -> bool:
        """Whether it is known, and is a value."""
        return self._exception is None

    @property
    def exception(self) -> BaseException | None:
        """What it failed with; None when it did not, or is not known."""
        return None if self._exception is _OPEN else self._exception

    def set(self, value: Any = None) -> None:
        """It is this value. Any thread."""
        self.value = value
        self._settle(None)

    def set_exception(self, exception: BaseException) -> None:
        """It failed. Any thread."""
        self._settle(exception)

    def _settle(self, exception: BaseException | None) -> None:
        self._exception = exception
        self._run_callbacks()
        for latch in list(self._waiting):
            latch.open()

    def wait(self, timeout: float | None = None) -> bool:
        """Wait for `timeout` seconds at most, or without a limit; whether it is known."""
        if self._exception is _OPEN:
            latch = Latch(self._handler)
            self._waiting.add(latch)
            try:
                if self._exception is _OPEN:
                    latch.wait(timeout)
            finally:
                self._waiting.discard(latch)
        return self._exception is not _OPEN

    def get(self, block: bool = True, timeout: float | None = None) -> Any:
        """The value.

        :raises KazooTimeoutError: it is not known after `timeout` seconds.
        :raises Exception: what it failed with.
        """
        if block:
            self.wait(timeout)
        exception = self._exception
        if exception is None:
            return self.value
        raise KazooTimeoutError if exception is _OPEN else exception

    def rawlink(self, callback: Callable[[Any], object]) -> None:
        """Call ``callback(self)`` on the handler's completion thread once it is known."""
        if callback not in self._callbacks:
            self._callbacks.append(callback)
        if self._exception is not _OPEN:
            self._run_callbacks()

    def unlink(self, callback: Callable[[Any], object]) -> None:
        """Do not call it. Harmless once it was called."""
        if callback in self._callbacks:
            self._callbacks.remove(callback)

    def _run_callbacks(self) -> None:
        while self._callbacks:
            call = partial(self._callbacks.pop(0), self)
            if self._handler.running:
                self._handler.completion_queue.put(call)
            else:  # the client was stopped
                call()
