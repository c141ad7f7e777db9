"""Groups for asyncio: those of :mod:`zktools.group`."""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Any, Self

from zktools._live.folder import State
from zktools._live.membership import AnyMembership
from zktools._live.roster import MemberChanges, Roster, changes_to_tell
from zktools.aio._bridge import perform
from zktools.aio._live import Awaiting, Following

__all__ = ["Group", "MemberChanges", "Membership"]


class Membership(AnyMembership):
    """One's own place in a group: :class:`zktools.group.Membership` for asyncio.

    What :meth:`zktools.aio.Group.join` gives is joined by ``await``, or by ``async with``, whose
    end leaves.
    """

    _has_begun = False

    def __await__(self) -> Generator[Any, None, Self]:
        return self._join().__await__()

    async def _join(self) -> Self:
        if not self._has_begun:  # `async with` may follow an `await`
            self._has_begun = True
            await perform(self._entering())
        return self

    async def __aenter__(self) -> Self:
        return await self._join()

    async def __aexit__(self, *_: object) -> None:
        await self.leave()

    async def leave(self) -> bool:
        """Leave the group. As :meth:`zktools.group.Membership.leave`; so it is when cancelled."""
        return await perform(self._leaving())


class Group(Roster, Awaiting[State]):
    """Who is in a group: :class:`zktools.Group` for asyncio.

    ::

        async with Group(zk, "/shop/workers") as group:
            async with group.join("web-1", {"port": 8080}) as me:
                me.data = {"port": 8081}
                group.members                           # local, no await
                await group.wait_for(3, timeout=30)
                async for changes in group: ...         # all as joined, then each change

    The arguments are those of :class:`zktools.Group`. Making one sends nothing; entering, or
    :meth:`open`, reads it.
    """

    @property
    def _state(self) -> State:
        self._check_opened()
        return super()._state

    def join(
        self, name: str | None = None, data: Any = None, timeout: float | None = 60.0
    ) -> Membership:
        """For ``await``, or ``async with``; arguments and errors as for :meth:`zktools.Group.join`.

        A join that is cancelled leaves nothing behind, or it is being deleted.
        """
        self._check_opened()
        return Membership(self, name, data, timeout)

    async def wait_for(
        self, condition: int | Callable[[dict[str, Any]], object], timeout: float | None = None
    ) -> dict[str, Any]:
        """The members, once there are as many, or ``condition(members)`` is true.

        As :meth:`zktools.Group.wait_for`; the function is called on the loop.
        """
        return await self._perform(self._waiting_for(condition, timeout))

    def __aiter__(self) -> Following[MemberChanges]:
        """All who are there as joined, and then what changed."""
        return Following(self, changes_to_tell)
