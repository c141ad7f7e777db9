"""Semaphores for asyncio: those of :mod:`zktools.semaphore`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from kazoo.client import KazooClient
from kazoo.security import ACL

from zktools._engine.arguments import check_count
from zktools._queue import order
from zktools._queue.demand import Revoke
from zktools._queue.permits import PermitQueue
from zktools.aio._acquisition import Acquisition, OnLoss
from zktools.aio._bridge import perform
from zktools.aio._holding import Holding
from zktools.aio.lease import Lease

__all__ = ["ZkSemaphore"]


class ZkSemaphore(Holding):
    """So many permits, of which each hold takes one or more.

    Arguments as for :class:`zktools.ZkSemaphore`. Making one sends nothing and needs no loop; each
    acquire queues and holds for itself.
    """

    _kind: ClassVar[str] = order.PERMIT
    _queue: PermitQueue

    def __init__(
        self,
        connection: KazooClient,
        name: str,
        permits: int | None = None,
        root: str = "/ZktoolsSemaphores",
        *,
        identifier: str | None = None,
        acl: Sequence[ACL] | None = None,
        session_timeout: float | None = None,
    ) -> None:
        queue = PermitQueue(
            connection,
            name,
            root,
            permits,
            identifier=identifier,
            acl=acl,
            session_timeout=session_timeout,
        )
        super().__init__(queue)

    async def acquire(
        self,
        timeout: float | None = None,
        revoke: Revoke = False,
        *,
        weight: int = 1,
        grace: float | None = None,
    ) -> Lease | None:
        """Acquire permits. The lease, to be released; None when the time ran out.

        :param weight: how many permits.
        :raises SemaphoreSizeError: the semaphore has another number of permits than this object was
            made with, or fewer than `weight`.
        :raises MissingNodeError: nobody has said yet how many permits there are.

        Everything else as for :meth:`zktools.aio.ZkLock.acquire`.
        """
        return await self._take(self._queue.demand(timeout, revoke, grace, weight))

    def __call__(
        self,
        timeout: float | None = None,
        revoke: Revoke = False,
        *,
        weight: int = 1,
        grace: float | None = None,
        on_loss: OnLoss = "cancel",
    ) -> Acquisition:
        """For ``async with semaphore(weight=2) as lease:``; as for locks of this face."""
        return self._acquisition(self._queue.demand(timeout, revoke, grace, weight), on_loss)

    async def permits(self) -> int | None:
        """How many permits there are, by what ZooKeeper says; None when nobody has said so.

        :raises NotConnectedError: no answer within the session timeout.
        """
        return await perform(self._queue.size())

    async def resize(self, permits: int) -> None:
        """Change the number of permits for all. As :meth:`zktools.ZkSemaphore.resize`."""
        await perform(self._queue.resize(check_count(permits, "permits")))
