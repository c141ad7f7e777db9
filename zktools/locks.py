"""Locks: revocable, fair, shared or exclusive, and honest about whether they are held.

A lock is a folder of candidates in ZooKeeper; the algorithm is the "locks" and "shared locks"
recipe of the ZooKeeper documentation, with its "revocable shared locks with freaking laser beams",
as zktools 0.2 had it, and with grants that need no listing. :mod:`zktools._queue.claim` tells how.

This is the face for threads and greenlets, each of which holds for itself and may be blocked.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import ClassVar, TypeVar

from kazoo.client import KazooClient
from kazoo.security import ACL

from zktools._engine.local import local_object
from zktools._engine.steps import run
from zktools._queue import order
from zktools._queue.demand import IMMEDIATE, Demand, Revoke, check_demand
from zktools._queue.queue import Queue
from zktools._queue.terms import Reason
from zktools.contenders import Contender, contenders
from zktools.exceptions import AlreadyHeldError, LockTimeout
from zktools.lease import Lease

__all__ = ["IMMEDIATE", "Lease", "Reason", "ZkLock", "ZkReadLock", "ZkWriteLock"]

log = logging.getLogger("zktools.locks")

OnRevoke = Callable[[Lease, Reason], object]
F = TypeVar("F", bound=OnRevoke)


class Holding:
    """What each thread holds of one queue: all that the faces for threads have in common.

    An object may be shared by threads; each queues and holds for itself. Made by its subclasses
    only.
    """

    _kind: ClassVar[str]

    def __init__(self, queue: Queue, *, reentrant: bool = False) -> None:
        self._queue = queue
        self._session = queue.session
        self._reentrant = reentrant
        self._local = local_object(self._session.handler)
        self._callbacks: list[OnRevoke] = []

    # -- acquiring and releasing ---------------------------------------------------------------

    def _take(self, demand: Demand) -> Lease | None:
        held = self.lease
        if held is not None and not held._hold.is_over:
            return self._enter_again(held)
        claim = self._queue.claim(self._kind, demand, lambda reason: self._call_back(lease, reason))
        lease = Lease(claim)
        if not run(self._queue.enter(claim, demand.timeout)):
            return None
        # Nothing is called from here to the body of a `with`: no signal can come in between.
        self._local.lease = lease
        return lease

    def _enter_again(self, lease: Lease) -> Lease:
        self._session.check_usable()
        if not self._reentrant:
            raise AlreadyHeldError(
                f"this thread already holds {self._queue.folder}; release it first, or make the "
                "lock with reentrant=True"
            )
        lease._depth += 1
        return lease

    def release(self) -> bool:
        """Let go of this thread's hold. True when it was valid until now, False otherwise.

        See :meth:`Lease.release`. A reentrant lock is let go by the last of its releases.
        """
        lease = self.lease
        if lease is None:
            return False
        lease._depth -= 1
        if lease._depth > 0:
            return lease.is_held
        return lease.release()

    def cancel(self) -> bool:
        """Make the acquires that wait on this object now, in any thread, raise LockCancelled.

        Later acquires are not affected. Whether there were any.
        """
        return self._queue.cancel()

    def __enter__(self) -> Lease:
        """Acquire without a limit; the target of ``as`` is the :class:`Lease`."""
        return Acquisition(self, check_demand(None, revoke=False, grace=None)).__enter__()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.release()

    # -- the state of this thread's hold -------------------------------------------------------

    @property
    def lease(self) -> Lease | None:
        """This thread's newest lease, even if it is over; None when there never was one."""
        lease: Lease | None = getattr(self._local, "lease", None)
        return lease

    @property
    def revoked(self) -> bool:
        """Whether this thread's hold was asked back, destroyed or lost. Reset by acquiring."""
        return self.lease is not None and self.lease.revoked

    def has_lock(self) -> bool:
        """Ask ZooKeeper whether this thread holds the lock. False when it does not answer."""
        lease = self.lease
        return lease is not None and not lease._hold.is_over and lease.exists()

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
        if not callable(callback):
            raise TypeError(f"callback must be callable, not {type(callback).__name__}")
        self._callbacks.append(callback)
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
        self._session.check_usable()
        return run(contenders(self._session, self._queue.folder, self._queue.layout))

    def revoke_all(self) -> bool:
        """Ask every candidate to let go, holding or waiting. False when there was none.

        :raises NotConnectedError: no answer within the session timeout.
        """
        return run(self._queue.revoke_all())

    def clear(self) -> None:
        """Delete all candidates: whoever holds the lock has lost it, whoever waits queues again.

        :raises NotConnectedError: no answer within the session timeout.
        """
        run(self._queue.clear())

    def __repr__(self) -> str:
        lease = self.lease
        held = "held by this thread" if lease is not None and lease.is_held else "not held here"
        return f"<{type(self).__name__} {self._queue.folder} {held}>"


class ZkLock(Holding):
    """An exclusive lock.

    :param connection: a started :class:`kazoo.client.KazooClient`, which stays yours.
    :param lock_name: one component of a path. Locks of the same name and root exclude each other.
    :param lock_root: the folder of all locks; an absolute path.
    :param identifier: who you are, for those who look at the queue; free text of at most 64 KiB.
    :param acl: for the candidates and the folders made for them; the client's ``default_acl``
        unless given.
    :param reentrant: whether a thread that holds the lock may acquire it again; it has to release
        it as often.
    :param session_timeout: seconds that the server grants to sessions, where that is known to be
        less than the client asked for. Otherwise it is found out.

    Making one sends nothing. An object may be shared by threads; each queues and holds for itself.
    Fair: first come, first served.
    """

    _kind: ClassVar[str] = order.LOCK

    def __init__(
        self,
        connection: KazooClient,
        lock_name: str,
        lock_root: str = "/ZktoolsLocks",
        *,
        identifier: str | None = None,
        acl: Sequence[ACL] | None = None,
        reentrant: bool = False,
        session_timeout: float | None = None,
    ) -> None:
        queue = Queue(
            connection,
            lock_name,
            lock_root,
            identifier=identifier,
            acl=acl,
            session_timeout=session_timeout,
        )
        super().__init__(queue, reentrant=reentrant)

    def acquire(
        self, timeout: float | None = None, revoke: Revoke = False, *, grace: float | None = None
    ) -> bool:
        """Acquire the lock for this thread. True when it did, False when the time ran out.

        :param timeout: seconds; None waits for ever, 0 does not wait for others. It is one deadline
            for everything, and holds while the client is disconnected too.
        :param revoke: True asks those who block to let go, and waits; :data:`IMMEDIATE` destroys
            their nodes, so that they have lost the lock whether they stop or not.
        :param grace: with ``revoke=True``: seconds after which those who were asked and are still
            there are destroyed.
        :raises AlreadyHeldError: this thread holds the lock, and it is not reentrant.
        :raises LockCancelled: :meth:`cancel` was called.
        :raises ClientUnusableError: the client is not started, was stopped, or crossed a fork.
        :raises AccessDeniedError: an ACL refuses it.

        After False, or any exception, no candidate of this call is left in the queue, or it is
        being deleted.
        """
        return self._take(check_demand(timeout, revoke, grace)) is not None

    def __call__(
        self, timeout: float | None = None, revoke: Revoke = False, *, grace: float | None = None
    ) -> Acquisition:
        """For ``with lock(timeout=5, revoke=True) as lease:``; arguments as for :meth:`acquire`.

        Entering raises :class:`LockTimeout` when the time runs out, so the body never runs without
        the lock. Leaving releases.
        """
        return Acquisition(self, check_demand(timeout, revoke, grace))


class ZkWriteLock(ZkLock):
    """The exclusive half of a shared lock: waits for all candidates ahead of it."""

    _kind = order.WRITE


class ZkReadLock(ZkLock):
    """The shared half of a shared lock: waits for the writers ahead of it, held by many."""

    _kind = order.READ


class Acquisition:
    """What ``lock(...)`` gives to a ``with`` statement."""

    def __init__(self, lock: Holding, demand: Demand) -> None:
        self._lock = lock
        self._demand = demand

    def __enter__(self) -> Lease:
        """Acquire.

        :raises LockTimeout: when the time ran out.
        """
        lease = self._lock._take(self._demand)
        if lease is None:
            raise LockTimeout(f"{self._lock!r} was not acquired within {self._demand.timeout} s")
        return lease

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._lock.release()
