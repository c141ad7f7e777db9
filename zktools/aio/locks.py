"""Locks for asyncio: those of :mod:`zktools.locks`, and the body of a lost one is cancelled.

They queue with those of every other face and exclude them. What differs is who holds: a lease, by
whoever has it, and no task or thread.
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
from zktools.aio._acquisition import Acquisition, OnLoss
from zktools.aio._holding import Holding
from zktools.aio.lease import Lease

__all__ = ["IMMEDIATE", "Lease", "Reason", "ZkLock", "ZkReadLock", "ZkWriteLock"]


class ZkLock(Holding):
    """An exclusive lock.

    :param connection: a started :class:`kazoo.client.KazooClient`, which stays yours; its handler
        has threads, as it has by default. See :func:`zktools.aio.client`.
    :param lock_name: one component of a path. Locks of the same name and root exclude each other.
        With the layout of others, also the full path of their lock, beginning with ``/``.
    :param lock_root: the folder of all locks; an absolute path. A full path needs none.
    :param identifier: who you are, for those who look at the queue; free text of at most 64 KiB.
    :param acl: for the candidates and the folders made for them; the client's ``default_acl``
        unless given.
    :param session_timeout: seconds that the server grants to sessions, where that is known to be
        less than the client asked for. Otherwise it is found out.
    :param layout: whose queue to join: ``"zktools"``; ``"kazoo"`` for that of kazoo's ``Lock``,
        ``ReadLock`` and ``WriteLock``; ``"curator"`` for that of Apache Curator's
        ``InterProcessMutex`` and ``InterProcessReadWriteLock``.
    :param sticky: seconds that the lock's node is kept after a release, so that the next acquire of
        this object needs no request; for programs that take the same lock again and again, and are
        mostly alone with it. Let go at once when anybody else queues. None, or 0, releases for
        real. Not for readers.

    Making one sends nothing and needs no loop; it may be used on any. Each acquire queues and holds
    for itself, be it of the same task: there is no acquiring again what one holds. Fair: first
    come, first served.
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
        super().__init__(queue)

    async def acquire(
        self, timeout: float | None = None, revoke: Revoke = False, *, grace: float | None = None
    ) -> Lease | None:
        """Acquire the lock. The lease, to be released; None when the time ran out.

        :param timeout: seconds; None waits for ever, 0 does not wait for others. It is one deadline
            for everything, and holds while the client is disconnected too.
        :param revoke: True asks those who block to let go, and waits; :data:`IMMEDIATE` destroys
            their nodes, so that they have lost the lock whether they stop or not.
        :param grace: with ``revoke=True``: seconds after which those who were asked and are still
            there are destroyed.
        :raises ValueError: ``revoke=True`` in a queue of kazoo's, where nobody listens to it.
        :raises ClientUnusableError: the client is not started, was stopped, or crossed a fork.
        :raises AccessDeniedError: an ACL refuses it.

        After None, or any exception, no candidate of this call is left in the queue, or it is being
        deleted. So it is when the call is cancelled, also in the moment of the grant.
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
        """For ``async with lock(timeout=5) as lease:``; arguments as for :meth:`acquire`.

        Entering raises :class:`LockTimeout` when the time runs out, so the body never runs without
        the lock. Leaving releases.

        When the lease is lost the body is cancelled where it awaits, and :class:`LockLost` comes
        out, raised from the ``CancelledError``. Where that is because the servers cannot be reached
        it happens before anybody else can hold the lock. It is as with ``asyncio.timeout()``: an
        exception of the body's own comes out in its place, and so does a cancellation from outside.
        A body that had ended before the loss was known ends well. Being *asked* cancels nothing;
        with ``on_loss="flag"`` nothing does.
        """
        return self._acquisition(self._queue.demand(timeout, revoke, grace), on_loss)


class ZkWriteLock(ZkLock):
    """The exclusive half of a shared lock: waits for all candidates ahead of it."""

    _kind = order.WRITE


class ZkReadLock(ZkLock):
    """The shared half of a shared lock: waits for the writers ahead of it, held by many."""

    _kind = order.READ
