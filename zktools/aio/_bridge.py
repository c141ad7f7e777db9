"""From zktools' threads to an event loop, and back: all that an await waits for comes by here.

No thread, task or executor waits for anything. What happens is noted by the thread that it happens
on, and the loop is woken once for all that was noted since it looked last: ten thousand awaits cost
ten thousand futures.
"""

from __future__ import annotations

import asyncio
import weakref
from collections import deque
from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

from zktools._engine.steps import Awaited, Steps

T = TypeVar("T")


class Bridge:
    """The way to one loop, for any thread."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = weakref.ref(loop)
        self._due: deque[Callable[[], object]] = deque()
        self._called = False

    def call(self, function: Callable[[], object]) -> None:
        """Call `function` on the loop, soon; it must not raise. Not if the loop is closed."""
        self._due.append(function)
        if not self._called:
            self._wake()

    def _wake(self) -> None:
        loop = self._loop()
        try:
            self._called = True
            if loop is not None:
                loop.call_soon_threadsafe(self._run)
        except RuntimeError:
            self._due.clear()  # closed, and for good
        except BaseException:
            self._called = False  # interrupted: whoever comes next wakes the loop
            raise

    def _run(self) -> None:
        # Cleared before looking: what is noted from here on wakes the loop again. What is due now
        # and no more: other callbacks have their turn, too.
        self._called = False
        try:
            for _ in range(len(self._due)):
                self._due.popleft()()
        finally:
            if self._due and not self._called:
                self._wake()  # interrupted in between


_bridges: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, Bridge] = weakref.WeakKeyDictionary()


def bridge() -> Bridge:
    """The way to the running loop.

    :raises RuntimeError: there is none.
    """
    loop = asyncio.get_running_loop()
    found = _bridges.get(loop)
    if found is None:
        found = _bridges.setdefault(loop, Bridge(loop))
    return found


async def perform(steps: Steps[T]) -> T:
    """Go through all steps; the loop goes on while they wait.

    Cancelled while they wait, they clean up before the cancellation goes on.
    """
    try:
        while True:
            awaited, seconds = next(steps)
            await happening(awaited, seconds)
    except StopIteration as end:
        result: T = end.value
        return result
    except BaseException:
        steps.close()
        raise


async def happening(awaited: Awaited, seconds: float | None) -> None:
    """Return when it happens, or after `seconds`."""
    if awaited.wait(0):
        return
    loop = asyncio.get_running_loop()
    future = loop.create_future()
    awaited.tell(partial(bridge().call, partial(_end, future)))
    timer = None if seconds is None else loop.call_later(max(seconds, 0.0), _end, future)
    try:
        await future
    finally:
        if timer is not None:
            timer.cancel()
    awaited.wait(0)


def _end(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)


def check_handler(handler: Any) -> None:
    """Refuse a client's handler that has greenlets in the place of threads.

    :raises TypeError: it has.
    """
    for kind in type(handler).__mro__:
        if kind.__module__.startswith(("kazoo.handlers.gevent", "kazoo.handlers.eventlet")):
            raise TypeError(
                "client must have a handler with threads for zktools.aio, not "
                f"{type(handler).__name__}: make it without handler="
            )
