"""The face for threads and greenlets, each of which holds for itself and may be blocked.

What locks and semaphores have in common there. Nothing of a queue is decided here.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TypeVar

from zktools._engine.arguments import check_callable
from zktools._engine.steps import run
from zktools._queue.contenders import Contender
from zktools._queue.demand import Demand, check_demand
from zktools._queue.joint_queue import JointQueue, Recipe
from zktools._queue.queue import Queue
from zktools._queue.terms import Reason
from zktools._threads.acquisition import Acquisition, Entries
from zktools._threads.holders import Holders
from zktools._threads.lease import Lease
from zktools.exceptions import AlreadyHeldError

log = logging.getLogger("zktools.locks")

OnRevoke = Callable[[Lease, Reason], object]
F = TypeVar("F", bound=OnRevoke)


class Holding(Recipe):
    """What each thread holds of one queue: all that the faces for threads have in common.

    An object may be shared by threads; each queues and holds for itself. Made by its subclasses
    only.
    """

    def __init__(self, queue: Queue | JointQueue, *, reentrant: bool = False) -> None:
        self._queue = queue
        self._session = queue.session
        self._reentrant = reentrant
        self._holders = Holders(self._session, queue.folder)
        self._entries = Entries()
        self._callbacks: list[OnRevoke] = []

    # -- acquiring and releasing ---------------------------------------------------------------

    def acquire(self) -> bool:
        """Acquire for this thread; each recipe has arguments of its own."""
        return self._take(check_demand(None, revoke=False, grace=None))

    def _take(self, demand: Demand) -> bool:
        held = self._holders.current
        if held is not None:
            return self._enter_again(held)
        claim = self._queue.claim(self._kind, demand, lambda reason: self._call_back(lease, reason))
        self._holders.begin(claim.all_terms)
        lease = Lease(claim)
        try:
            granted = run(self._queue.enter(claim, demand.timeout))
            if granted:
                self._holders.add(lease)
        except BaseException:
            claim.give_up()
            raise
        # Nothing is called from here to the caller: no signal can come in between.
        return granted

    def _enter_again(self, lease: Lease) -> bool:
        self._session.check_usable()
        if not self._reentrant:
            raise AlreadyHeldError(
                f"this thread already holds {self._queue.folder}; release it first, or make the "
                "lock with reentrant=True"
            )
        lease._enter_again()
        return True

    def release(self) -> bool:
        """Let go of this thread's hold. True when it was valid until now, False otherwise.

        See :meth:`Lease.release`. A reentrant lock is let go by the last of its releases.
        Where a thread acquires and another is to release, keep the lease and release that.
        """
        return self._holders.release()

    def cancel(self) -> bool:
        """Make the acquires that wait on this object now, in any thread, raise LockCancelled.

        Later acquires are not affected. Whether there were any.
        """
        return self._queue.cancel()

    def __enter__(self) -> Lease:
        """Acquire without a limit; the target of ``as`` is the :class:`Lease`."""
        return Acquisition(self, {}, self._entries).__enter__()

    def __exit__(self, *_: object) -> None:
        Acquisition(self, {}, self._entries).__exit__()

    # -- the state of this thread's hold -------------------------------------------------------

    @property
    def lease(self) -> Lease | None:
        """This thread's newest lease, even if it is over; None when there never was one."""
        return self._holders.lease

    @property
    def revoked(self) -> bool:
        """Whether this thread's hold was asked back, destroyed or lost. Reset by acquiring."""
        return self.lease is not None and self.lease.revoked

    def has_lock(self) -> bool:
        """Ask ZooKeeper whether this thread holds the lock. False when it does not answer."""
        lease = self._holders.current
        return lease is not None and lease.exists()

    @property
    def connected(self) -> bool:
        """Whether the client is connected to ZooKeeper."""
        return self._session.connected

    def on_revoke(self, callback: F) -> F:
        """Call ``callback(lease, reason)`` when a hold of this object is revoked. A decorator too.

        Once per hold, at the first reason, on a thread of zktools' own: it may take its time, use
        ZooKeeper, take locks, or release the lease. It may run for several holds at the same time,
        and delays no other hold. What it raises is logged; ``sys.exit()`` ends nothing.
        """
        self._callbacks.append(check_callable(callback, "callback"))
        self._session.delivery.revocations.stand_by()
        return callback

    def _call_back(self, lease: Lease, reason: Reason) -> None:
        if self._callbacks:
            self._session.delivery.revocations.run(self._run_callbacks, lease, reason)

    def _run_callbacks(self, lease: Lease, reason: Reason) -> None:
        for callback in list(self._callbacks):
            try:
                callback(lease, reason)
            except BaseException:
                name = getattr(callback, "__qualname__", repr(callback))
                log.exception("%s: the on_revoke callback %s failed", self._queue.folder, name)

    # -- the whole queue -----------------------------------------------------------------------

    def contenders(self) -> list[Contender]:
        """All candidates in the order of the queue, holders first.

        :raises NotConnectedError: no answer within the session timeout.
        """
        return run(self._queue.contenders())

    def revoke_all(self) -> bool:
        """Ask every candidate to let go, holding or waiting. False when there was none.

        :raises NotConnectedError: no answer within the session timeout.
        """
        return run(self._queue.revoke_all())

    def clear(self) -> None:
        """Delete all candidates: whoever holds the lock has lost it, whoever waits queues again.

        By their names, which those of zktools 0.2 and of kazoo may bear again, if the folder was
        deleted and made anew meanwhile; ``zooky clear`` makes sure that it was not.

        :raises NotConnectedError: no answer within the session timeout.
        """
        run(self._queue.clear())

    def __repr__(self) -> str:
        lease = self.lease
        held = "held by this thread" if lease is not None and lease.is_held else "not held here"
        return f"<{type(self).__name__} {self._queue.folder} {held}>"
