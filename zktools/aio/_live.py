"""What Node, NodeDict and Configuration have in common for tasks that await."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any, Generic, Self, TypeVar, cast

from zktools._engine.steps import Steps
from zktools._live.object import LiveObject
from zktools._live.subscribers import NOTHING, Render
from zktools.aio._bridge import check_handler, perform
from zktools.exceptions import ClientUnusableError

S = TypeVar("S")
T = TypeVar("T")


class Awaiting(LiveObject[S]):
    """A live object whose calls are awaited. Making one sends nothing."""

    _opened = False

    def _begin(self) -> None:
        check_handler(self._session.handler)

    def __repr__(self) -> str:
        return super().__repr__() if self._opened else f"<{self._name} not open yet>"

    async def open(self) -> Self:
        """Read it for the first time. ``async with`` does this, and closes.

        :raises NotConnectedError: no answer within the session timeout.
        :raises AccessDeniedError: an ACL refuses it.
        """
        if self._opened:
            raise ClientUnusableError(f"{self._name} was opened before: make a new one")
        self._opened = True
        await perform(self._opening())
        return self

    async def close(self) -> None:
        """Follow no changes any more, and leave no watch or listener behind.

        The last state stays readable. Closing twice is harmless.
        """
        await perform(self._closing())

    async def __aenter__(self) -> Self:
        return await self.open()

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def _perform(self, steps: Steps[T]) -> T:
        self._check_opened()
        self._check_open()
        return await perform(steps)

    def _check_opened(self) -> None:
        if not self._opened:
            raise ClientUnusableError(
                f"{self._name} is not open yet: use `async with`, or await its open()"
            )


class Following(AsyncIterator[T], Generic[T]):
    """The present, and then each change, for one who asks for them one by one.

    Who is slow does not fall behind: what changed meanwhile comes together. It ends when the object
    is closed.
    """

    def __init__(self, followed: Awaiting[Any], render: Render[Any]) -> None:
        self._followed = followed
        self._follower = followed._subscribers.follow(render)

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> T:
        told = await self._followed._perform(self._followed._next(self._follower))
        if told is NOTHING:
            raise StopAsyncIteration
        return cast("T", told)
