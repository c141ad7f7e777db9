"""What ``async with lock(...)`` does: acquires, watches over the body, and releases."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Literal, NamedTuple

from zktools.aio._scope import Scope
from zktools.aio.lease import Lease
from zktools.exceptions import LockLost

#: What becomes of the body when the lease is lost.
OnLoss = Literal["cancel", "flag"]


class _Entry(NamedTuple):
    task: asyncio.Task[object] | None
    lease: Lease
    scope: Scope | None


class Acquisition:
    """What ``lock(...)`` gives to an ``async with`` statement. Any number of tasks may enter it."""

    def __init__(self, take: Callable[[], Awaitable[Lease]], on_loss: OnLoss = "cancel") -> None:
        if on_loss not in ("cancel", "flag"):
            raise ValueError(f'on_loss must be "cancel" or "flag", not {on_loss!r}')
        self._take = take
        self._cancels = on_loss == "cancel"
        self._entries: list[_Entry] = []

    async def __aenter__(self) -> Lease:
        """Acquire.

        :raises LockTimeout: when the time ran out.
        :raises LockLost: when the loop was held up until the lease was lost again.
        """
        lease = await self._take()
        # From here to the body nothing waits, so nothing can be cancelled.
        hold = lease._hold
        if hold.is_lost:
            raise LockLost(f"{lease.path} was lost before the loop came to it")
        try:
            scope = Scope(hold.lost, hold.session.handler) if self._cancels else None
            self._entries.append(_Entry(asyncio.current_task(), lease, scope))
        except BaseException:
            hold.release_later()
            raise
        return lease

    async def __aexit__(
        self, _: type[BaseException] | None, error: BaseException | None, *__: object
    ) -> None:
        entry = self._leaving()
        if entry.scope is not None and entry.scope.leave(error):
            entry.lease._hold.release_later()  # nobody is kept waiting for what is lost
            raise LockLost(f"{entry.lease.path} was lost while the body ran") from error
        await entry.lease.release()

    def _leaving(self) -> _Entry:
        # A task leaves what it entered last. One that leaves in another's place takes the newest.
        task = asyncio.current_task()
        own = (entry for entry in reversed(self._entries) if entry.task is task)
        entry = next(own, self._entries[-1])
        self._entries.remove(entry)
        return entry
