"""Looks at ZooKeeper that all pages share: as many requests for a hundred readers as for one.

What is looked at has a key. The first page that wants it begins to look, again and again; the last
one to leave ends that, a little later, since a page that is reloaded is back in a moment.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from zktools.cli.problems import Problem, problem_of
from zktools.cli.repeating import Repeated
from zktools.cli.statuses import Status
from zktools.exceptions import NotConnectedError

T = TypeVar("T")

Key = tuple[str, ...]

_MOST = 64  # things that are looked at
_LINGER = 5.0  # seconds
_AT_A_TIME = 16  # first looks: each may wait for a server that does not answer


def _nothing() -> None:
    """There is nothing to close."""


@dataclass(frozen=True)
class Source(Generic[T]):
    """What can be looked at. Two with the same key see the same."""

    key: Key
    look: Callable[[], T]
    """Called on threads of ours, and by one at a time."""
    close: Callable[[], None] = _nothing
    """Called when nobody looks any more."""


class _Watched(Generic[T]):
    def __init__(self, source: Source[T], interval: float, pool: ThreadPoolExecutor) -> None:
        self.readers = 0
        self._close, self._pool = source.close, pool
        loop = asyncio.get_running_loop()
        self.begun = loop.run_in_executor(pool, Repeated, _careful(source.look), interval)
        self.begun.add_done_callback(_failed)  # whoever waited for it may have left

    def end(self) -> None:
        """Look no more. A first look that is under way is the last."""
        if self.begun.done():
            _end(self.begun)
        else:
            self.begun.add_done_callback(_end)
        self._pool.submit(self._close)


def _failed(begun: asyncio.Future[Repeated[Any]]) -> bool:
    return begun.cancelled() or begun.exception() is not None


def _end(begun: asyncio.Future[Repeated[Any]]) -> None:
    if not _failed(begun):
        begun.result().end()


class Looks:
    """All that is looked at now. For one event loop, which it never blocks."""

    def __init__(self, interval: float) -> None:
        self._interval = interval
        self._pool = ThreadPoolExecutor(_AT_A_TIME, "zooky-web")
        self._watched: dict[Key, _Watched[Any]] = {}

    @asynccontextmanager
    async def at(self, source: Source[T]) -> AsyncIterator[Repeated[T | Problem]]:
        """What is seen there, for as long as somebody is inside; a problem is a thing to see, too.

        :raises NotConnectedError: ZooKeeper did not answer yet.
        :raises Problem: with :attr:`Status.REFUSED` when too much is looked at already.
        """
        watched = self._watched.get(source.key) or self._begin(source)
        watched.readers += 1
        try:
            yield await asyncio.shield(watched.begun)
        except NotConnectedError:
            if self._watched.get(source.key) is watched:
                del self._watched[source.key]  # the next one tries again
            raise
        finally:
            watched.readers -= 1
            if not watched.readers:
                loop = asyncio.get_running_loop()
                loop.call_later(_LINGER, self._end_if_left, source.key, watched)

    def _begin(self, source: Source[T]) -> _Watched[T]:
        if len(self._watched) >= _MOST:
            for key, watched in list(self._watched.items()):
                self._end_if_left(key, watched)
        if len(self._watched) >= _MOST:
            raise Problem(
                Status.REFUSED, f"{_MOST} different pages are open: close one, and reload this one"
            )
        self._watched[source.key] = _Watched(source, self._interval, self._pool)
        return self._watched[source.key]

    def _end_if_left(self, key: Key, watched: _Watched[Any]) -> None:
        if not watched.readers and self._watched.get(key) is watched:
            del self._watched[key]
            watched.end()

    def end(self) -> None:
        """Look at nothing any more."""
        for watched in self._watched.values():
            watched.end()
        self._watched.clear()
        self._pool.shutdown(wait=False)


def _careful(look: Callable[[], T]) -> Callable[[], T | Problem]:
    """The same, with whatever goes wrong as an answer: it may be right by the next look."""

    def carefully() -> T | Problem:
        try:
            return look()
        except NotConnectedError:
            raise  # what was seen last stays
        except Exception as error:  # noqa: BLE001 - shown to whoever looks
            return problem_of(error)

    return carefully
