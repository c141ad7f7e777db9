"""Several locks at once, for asyncio: those of :mod:`zktools.multilock`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from zktools._queue import order
from zktools._queue.demand import Revoke
from zktools._queue.joint_queue import JointQueue, shares
from zktools.aio._acquisition import Acquisition, OnLoss
from zktools.aio._holding import Holding
from zktools.aio.lease import Lease
from zktools.aio.locks import ZkLock
from zktools.aio.semaphore import ZkSemaphore

__all__ = ["ZkMultiLock"]


class ZkMultiLock(Holding):
    """Holds several locks of this face as one; arguments as for :class:`zktools.ZkMultiLock`."""

    _kind: ClassVar[str] = order.LOCK

    def __init__(self, locks: Sequence[ZkLock | ZkSemaphore | tuple[ZkSemaphore, int]]) -> None:
        super().__init__(JointQueue(shares(locks, Holding)))

    async def acquire(
        self, timeout: float | None = None, revoke: Revoke = False, *, grace: float | None = None
    ) -> Lease | None:
        """Acquire all locks. The lease, to be released; None when the time ran out.

        Everything as for :meth:`zktools.aio.ZkLock.acquire`.
        """
        return await self._take(self._queue.demand(timeout, revoke, grace))

    def __call__(
        self,
        timeout: float | None = None,
        revoke: Revoke = False,
        *,
        grace: float | None = None,
        on_loss: OnLoss = "cancel",
    ) -> Acquisition:
        """For ``async with both(timeout=5) as lease:``; as for locks of this face."""
        return self._acquisition(self._queue.demand(timeout, revoke, grace), on_loss)
