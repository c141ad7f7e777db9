"""The face for event loops: what locks and every other recipe on a queue have in common there.

Nothing of a queue is decided here, and nothing is kept of who holds: the lease is.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TypeVar

from zktools._queue.contenders import Contender
from zktools._queue.demand import Demand, check_demand
from zktools._queue.joint_queue import JointQueue, Recipe
from zktools._queue.queue import Queue
from zktools._queue.terms import Reason
from zktools.aio._acquisition import Acquisition, OnLoss
from zktools.aio._bridge import bridge, check_handler, perform
from zktools.aio._callbacks import Callbacks
from zktools.aio.lease import Lease
from zktools.exceptions import LockTimeout

F = TypeVar("F", bound=Callable[[Lease, Reason], object])


class Holding(Recipe):
    """What is held of one queue. Made by its subclasses only."""

    def __init__(self, queue: Queue | JointQueue) -> None:
        check_handler(queue.session.handler)
        self._queue = queue
        self._callbacks = Callbacks(queue.folder)
        self._unlimited = self._acquisition(check_demand(None, revoke=False, grace=None))

    async def _take(self, demand: Demand) -> Lease | None:
        """What each recipe's ``acquire`` does with its arguments."""
        way = bridge()

        def on_revoke(reason: Reason) -> None:
            way.call(partial(self._callbacks.call, lease, reason))

        claim = self._queue.claim(self._kind, demand, on_revoke)
        lease = Lease(claim)
        return lease if await perform(self._queue.enter(claim, demand.timeout)) else None

    def _acquisition(self, demand: Demand, on_loss: OnLoss = "cancel") -> Acquisition:
        """What each recipe's ``__call__`` does with them."""

        async def take() -> Lease:
            lease = await self._take(demand)
            if lease is None:
                raise LockTimeout(f"{self!r} was not acquired within {demand.timeout} s")
            return lease

        return Acquisition(take, on_loss)

    async def __aenter__(self) -> Lease:
        """Acquire without a limit; the target of ``as`` is the :class:`Lease`."""
        return await self._unlimited.__aenter__()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, *_: object
    ) -> None:
        await self._unlimited.__aexit__(kind, error)

    @property
    def connected(self) -> bool:
        """Whether the client is connected to ZooKeeper."""
        return self._queue.session.connected

    def on_revoke(self, callback: F) -> F:
        """Call ``callback(lease, reason)`` when a hold of this object is revoked. A decorator too.

        Once per hold, at the first reason, in a task of its own on the loop that acquired;
        `callback` may be plain or async. What it raises is logged.
        """
        self._callbacks.add(callback)
        return callback

    # -- the whole queue -----------------------------------------------------------------------

    async def contenders(self) -> list[Contender]:
        """All candidates in the order of the queue, holders first.

        :raises NotConnectedError: no answer within the session timeout.
        """
        return await perform(self._queue.contenders())

    async def revoke_all(self) -> bool:
        """Ask every candidate to let go, holding or waiting. False when there was none.

        :raises NotConnectedError: no answer within the session timeout.
        """
        return await perform(self._queue.revoke_all())

    async def clear(self) -> None:
        """Delete all candidates: whoever holds the lock has lost it, whoever waits queues again.

        By their names, which those of zktools 0.2 and of kazoo may bear again, if the folder was
        deleted and made anew meanwhile; ``zooky clear`` makes sure that it was not.

        :raises NotConnectedError: no answer within the session timeout.
        """
        await perform(self._queue.clear())

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._queue.folder}>"
