"""Locks: revocable, fair, shared or exclusive, and honest about whether they are held.

A lock is a folder of candidates in ZooKeeper; the algorithm is the "locks" and "shared locks"
recipe of the ZooKeeper documentation, with its "revocable shared locks with freaking laser beams",
as zktools 0.2 had it, and with grants that need no listing. :mod:`zktools._queue.claim` tells how.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from kazoo.client import KazooClient
from kazoo.security import ACL

from zktools._queue import order
from zktools._queue.demand import IMMEDIATE, Revoke
from zktools._queue.layouts import LayoutName
from zktools._queue.queue import Queue
from zktools._queue.sticky import check_sticky
from zktools._queue.terms import Reason
from zktools._threads.acquisition import Acquisition, given
from zktools._threads.holding import Holding
from zktools._threads.lease import Lease

__all__ = ["IMMEDIATE", "Lease", "Reason", "ZkLock", "ZkReadLock", "ZkWriteLock"]


class ZkLock(Holding):
    """An exclusive lock.

    :param connection: a started :class:`kazoo.client.KazooClient`, which stays yours.
    :param lock_name: one component of a path. Locks of the same name and root exclude each other.
        With the layout of others, also the full path of their lock, beginning with ``/``.
    :param lock_root: the folder of all locks; an absolute path. A full path needs none.
    :param identifier: who you are, for those who look at the queue; free text of at most 64 KiB.
    :param acl: for the candidates and the folders made for them; the client's ``default_acl``
        unless given.
    :param reentrant: whether a thread that holds the lock may acquire it again; it has to release
        it as often.
    :param session_timeout: seconds that the server grants to sessions, where that is known to be
        less than the client asked for. Otherwise it is found out.
    :param layout: whose queue to join: ``"zktools"``; ``"kazoo"`` for that of kazoo's ``Lock``,
        ``ReadLock`` and ``WriteLock``; ``"curator"`` for that of Apache Curator's
        ``InterProcessMutex`` and ``InterProcessReadWriteLock``.
    :param sticky: seconds that the lock's node is kept after a release, so that the next acquire of
        this object needs no request; for programs that take the same lock again and again, and are
        mostly alone with it. Let go at once when anybody else queues. None, or 0, releases for
        real. Not for readers.

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
        layout: LayoutName = "zktools",
        sticky: float | None = None,
    ) -> None:
        queue = Queue(
            connection,
            lock_name,
            lock_root,
            identifier=identifier,
            acl=acl,
            session_timeout=session_timeout,
            layout=layout,
            keeper=check_sticky(sticky, self._kind),
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
        :raises AlreadyHeldError: this thread holds the lock, and it is not reentrant; or it holds
            it by another object of this client, and would wait for itself.
        :raises LockCancelled: :meth:`cancel` was called.
        :raises ValueError: ``revoke=True`` in a queue of kazoo's, where nobody listens to it.
        :raises ClientUnusableError: the client is not started, was stopped, or crossed a fork; or
            this is a callback of kazoo's that must not wait.
        :raises AccessDeniedError: an ACL refuses it.

        After False, or any exception, no candidate of this call is left in the queue, or it is
        being deleted.
        """
        return self._take(self._queue.demand(timeout, revoke, grace))

    def __call__(
        self, timeout: float | None = None, revoke: Revoke = False, *, grace: float | None = None
    ) -> Acquisition:
        """For ``with lock(timeout=5, revoke=True) as lease:``; arguments as for :meth:`acquire`.

        Entering raises :class:`LockTimeout` when the time runs out, so the body never runs without
        the lock. Leaving releases what was entered, on whichever thread it is left.
        """
        self._queue.demand(timeout, revoke, grace)
        return Acquisition(self, given(timeout=timeout, revoke=revoke or None, grace=grace))


class ZkWriteLock(ZkLock):
    """The exclusive half of a shared lock: waits for all candidates ahead of it."""

    _kind = order.WRITE


class ZkReadLock(ZkLock):
    """The shared half of a shared lock: waits for the writers ahead of it, held by many."""

    _kind = order.READ
