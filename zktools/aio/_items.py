"""Telling of items on a loop: users' functions, plain or async, and who follows the changes."""

from __future__ import annotations

import asyncio
import inspect
import logging
from collections import deque
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable
from dataclasses import dataclass
from functools import partial
from typing import Any

from zktools._queue.claim import Claim
from zktools.aio._bridge import bridge
from zktools.aio.lease import Lease

log = logging.getLogger("zktools.aio")

Callback = Callable[[str, Lease], object]


@dataclass(frozen=True)
class Assigned:
    """An item has become this one's."""

    item: str
    lease: Lease


@dataclass(frozen=True)
class Revoked:
    """An item is asked for, or lost; it is let go when the next change is asked for."""

    item: str
    lease: Lease


Change = Assigned | Revoked
_Handled = asyncio.Future[None]


class Teller:
    """Tells of items: of each one thing at a time, and of several at once.

    It is a :class:`zktools._partitions.place.Face`, whose methods run on the engine.
    """

    def __init__(self, name: str) -> None:
        self.assigned_to: list[Callback] = []
        self.revoked_from: list[Callback] = []
        self._name = name
        self._followers: list[_Follower] = []
        self._present: dict[str, Lease] = {}
        self._newest: dict[str, asyncio.Task[None]] = {}  # of each item what is told, or to be told

    def begin(self) -> None:
        """From now on it is on this loop."""
        self._bridge = bridge()

    def end(self) -> None:
        """Nothing comes any more. On the loop."""
        for follower in self._followers:
            follower.end()

    def lease(self, claim: Claim) -> Lease:
        """What a user is given."""
        return Lease(claim)

    def assigned(self, item: str, lease: Lease) -> None:
        """Have it told."""
        self._bridge.call(partial(self._assigned, item, lease))

    def revoked(self, item: str, lease: Lease, done: Callable[[], None]) -> None:
        """Have it told, then call `done`."""
        self._bridge.call(partial(self._revoked, item, lease, done))

    # -- on the loop ---------------------------------------------------------------------------

    async def follow(self) -> AsyncIterator[Change]:
        """What there is, as assigned; then each change."""
        follower = _Follower(Assigned(*each) for each in self._present.items())
        self._followers.append(follower)
        try:
            while (coming := await follower.get()) is not None:
                change, handled = coming
                try:
                    yield change
                finally:
                    _set(handled)
        finally:
            self._followers.remove(follower)
            follower.drop()

    def _assigned(self, item: str, lease: Lease) -> None:
        self._present[item] = lease
        for follower in self._followers:
            follower.put(Assigned(item, lease))
        self._start(item, partial(self._tell, self.assigned_to, item, lease))

    def _revoked(self, item: str, lease: Lease, done: Callable[[], None]) -> None:
        self._present.pop(item, None)
        handled = []
        for follower in self._followers:
            handled.append(asyncio.get_running_loop().create_future())
            follower.put(Revoked(item, lease), handled[-1])
        task = self._start(item, partial(self._tell, self.revoked_from, item, lease, handled))
        task.add_done_callback(lambda _: done())

    def _start(
        self, item: str, tell: Callable[[], Coroutine[Any, Any, None]]
    ) -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(_after(self._newest.get(item), tell))
        self._newest[item] = task
        task.add_done_callback(partial(self._ended, item))
        return task

    def _ended(self, item: str, task: asyncio.Task[None]) -> None:
        if self._newest.get(item) is task:
            del self._newest[item]

    async def _tell(
        self, functions: list[Callback], item: str, lease: Lease, handled: Iterable[_Handled] = ()
    ) -> None:
        for function in list(functions):
            await self._call(function, item, lease)
        for future in handled:
            await future

    async def _call(self, function: Callback, item: str, lease: Lease) -> None:
        try:
            result = function(item, lease)
            if inspect.isawaitable(result):
                await result
        except (asyncio.CancelledError, KeyboardInterrupt):
            raise  # the loop is coming to its end
        except BaseException:
            name = getattr(function, "__qualname__", repr(function))
            log.exception("%s: the callback %s for %s failed", self._name, name, item)


async def _after(
    before: asyncio.Task[None] | None, tell: Callable[[], Coroutine[Any, Any, None]]
) -> None:
    if before is not None:
        await asyncio.wait([before])
    await tell()


class _Follower:
    """One who asks for the changes one by one."""

    def __init__(self, present: Iterable[Change]) -> None:
        self._coming: deque[tuple[Change, _Handled | None]] = deque(
            (each, None) for each in present
        )
        self._wake = asyncio.Event()
        self._is_over = False

    def put(self, change: Change, handled: _Handled | None = None) -> None:
        """Tell it, some time; once it has dealt with that, `handled` is set."""
        self._coming.append((change, handled))
        self._wake.set()

    async def get(self) -> tuple[Change, _Handled | None] | None:
        """What comes next; None when nothing can come any more."""
        while not self._coming and not self._is_over:
            self._wake.clear()
            await self._wake.wait()
        return self._coming.popleft() if self._coming else None

    def end(self) -> None:
        """Nothing comes any more."""
        self._is_over = True
        self._wake.set()

    def drop(self) -> None:
        """It asks no more."""
        for _, handled in self._coming:
            _set(handled)


def _set(handled: _Handled | None) -> None:
    if handled is not None and not handled.done():
        handled.set_result(None)
