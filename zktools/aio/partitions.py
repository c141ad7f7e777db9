"""Partitions for asyncio: those of :mod:`zktools.partitions`."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Self, TypeVar

from zktools._engine.arguments import check_callable
from zktools._partitions.owner import Owner
from zktools._partitions.partitions import AnyPartitions
from zktools._partitions.place import Face
from zktools.aio._bridge import check_handler, perform
from zktools.aio._items import Assigned, Revoked, Teller
from zktools.aio.lease import Lease

__all__ = ["Assigned", "Owner", "Partitions", "Revoked"]

F = TypeVar("F", bound=Callable[[str, Lease], object])


class Partitions(AnyPartitions[Lease]):
    """One member's part in sharing out items: :class:`zktools.Partitions` for asyncio.

    ::

        async with Partitions(zk, "/shop/tenants", ["acme", "globex"], name="web-1") as mine:
            async for change in mine:
                match change:
                    case Assigned(item, lease): start(item, lease)
                    case Revoked(item, lease): await finish(item)   # then it is let go

    Arguments as for :class:`zktools.Partitions`. Making one sends nothing and needs no loop;
    entering, or :meth:`start`, begins, on the loop where that is.
    """

    def _make_face(self) -> Face:
        check_handler(self._session.handler)
        self._teller = Teller(self.path)
        return self._teller

    def on_assigned(self, callback: F) -> F:
        """Call ``callback(item, lease)``, plain or async, when an item has become this one's.

        As :meth:`zktools.Partitions.on_assigned`, in a task of its own on the loop.
        """
        self._teller.assigned_to.append(check_callable(callback, "callback"))
        return callback

    def on_revoked(self, callback: F) -> F:
        """Call ``callback(item, lease)``, plain or async, when an item is asked for, or lost.

        As :meth:`zktools.Partitions.on_revoked`: the item is let go when it has ended.
        """
        self._teller.revoked_from.append(check_callable(callback, "callback"))
        return callback

    def __aiter__(self) -> AsyncIterator[Assigned | Revoked]:
        """What is held, as assigned, and then each change. It ends after :meth:`stop`.

        What is told as revoked is let go when the next change is asked for, or the loop is left.
        So one thing is done at a time; for several at once take the callbacks, or tasks. A client
        that is stopped does not end it, as it may be started again: stop this before the client.
        """
        return self._teller.follow()

    async def start(self, timeout: float | None = 60.0) -> None:
        """Become one of those who share. As :meth:`zktools.Partitions.start`."""
        self._session.check_usable()
        self._teller.begin()
        await perform(self._starting(timeout))

    async def stop(self, timeout: float | None = None) -> bool:
        """Share no more. As :meth:`zktools.Partitions.stop`; so it is when cancelled."""
        try:
            return await perform(self._stopping(timeout))
        finally:
            self._teller.end()

    async def owners(self) -> dict[str, Owner | None]:
        """Who has each item, asked of the server. As :meth:`zktools.Partitions.owners`."""
        return await perform(self._owners())

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()
