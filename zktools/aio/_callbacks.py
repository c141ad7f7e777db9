"""Users' functions, plain or async, that are called on the loop of whoever they concern."""

from __future__ import annotations

import asyncio
import inspect
import logging
from collections.abc import Callable

from zktools._engine.arguments import check_callable

log = logging.getLogger("zktools.aio")

#: A loop itself does not keep its tasks.
_running: set[asyncio.Task[None]] = set()


class Callbacks:
    """What one object calls: each function in a task of its own, so that none waits for another."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._functions: list[Callable[..., object]] = []

    def add(self, function: Callable[..., object]) -> None:
        """Call `function`, too, from now on; what it returns is awaited, if that can be."""
        self._functions.append(check_callable(function, "callback"))

    def call(self, *args: object) -> None:
        """Call all of them soon. On the loop."""
        for function in self._functions:
            task = asyncio.get_running_loop().create_task(self._call(function, args))
            _running.add(task)
            task.add_done_callback(_running.discard)

    async def _call(self, function: Callable[..., object], args: tuple[object, ...]) -> None:
        try:
            result = function(*args)
            if inspect.isawaitable(result):
                await result
        except (asyncio.CancelledError, KeyboardInterrupt):
            raise  # the loop is coming to its end
        except BaseException:
            name = getattr(function, "__qualname__", repr(function))
            log.exception("%s: the callback %s failed", self._name, name)
