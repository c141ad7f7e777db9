"""A semaphore: so many permits for a whole fleet, strictly first come, first served.

Each candidate says in its name how many permits it wants, and is granted when those wanted before
it and its own are no more than there are. So one listing decides, as for locks, and nobody is
overtaken: a heavy candidate that waits is not starved by light ones behind it.
:mod:`zktools._queue.order` tells who has to be watched, and why that is enough.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from kazoo.client import KazooClient
from kazoo.security import ACL

from zktools._engine.arguments import check_count
from zktools._engine.steps import run
from zktools._queue import order
from zktools._queue.demand import Revoke
from zktools._queue.permits import PermitQueue
from zktools._threads.acquisition import Acquisition, given
from zktools._threads.holding import Holding

__all__ = ["ZkSemaphore"]


class ZkSemaphore(Holding):
    """So many permits, of which each hold takes one or more.

    :param connection: a started :class:`kazoo.client.KazooClient`, which stays yours.
    :param name: one component of a path. Semaphores of the same name and root share their permits.
    :param permits: how many there are. Whoever is first writes it down beside the queue; for all
        others it has to be the same number. None takes what is written there.
    :param root: the folder of all semaphores; an absolute path.
    :param identifier: who you are, for those who look at the queue; free text of at most 64 KiB.
    :param acl: for the candidates and the folders made for them; the client's ``default_acl``
        unless given.
    :param session_timeout: seconds that the server grants to sessions, where that is known to be
        less than the client asked for. Otherwise it is found out.

    Making one sends nothing. An object may be shared by threads; each queues and holds for itself.
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

    def acquire(
        self,
        timeout: float | None = None,
        revoke: Revoke = False,
        *,
        weight: int = 1,
        grace: float | None = None,
    ) -> bool:
        """Acquire permits for this thread. True when it did, False when the time ran out.

        :param weight: how many permits.
        :raises SemaphoreSizeError: the semaphore has another number of permits than this object was
            made with, or fewer than `weight`.
        :raises MissingNodeError: nobody has said yet how many permits there are.
        :raises AlreadyHeldError: this thread holds some already; ask for more of them at once.

        Everything else as for :meth:`ZkLock.acquire`: the other arguments, what is raised, and that
        nothing is left behind.
        """
        return self._take(self._queue.demand(timeout, revoke, grace, weight))

    def __call__(
        self,
        timeout: float | None = None,
        revoke: Revoke = False,
        *,
        weight: int = 1,
        grace: float | None = None,
    ) -> Acquisition:
        """For ``with semaphore(weight=2, timeout=5) as lease:``; arguments as for :meth:`acquire`.

        Entering raises :class:`LockTimeout` when the time runs out. Leaving releases.
        """
        self._queue.demand(timeout, revoke, grace, weight)
        arguments = given(timeout=timeout, revoke=revoke or None, weight=weight, grace=grace)
        return Acquisition(self, arguments)

    def permits(self) -> int | None:
        """How many permits there are, by what ZooKeeper says; None when nobody has said so.

        :raises NotConnectedError: no answer within the session timeout.
        """
        return run(self._queue.size())

    def resize(self, permits: int) -> None:
        """Change the number of permits for all. Those who wait hear of it; nobody loses a hold.

        With fewer permits than are held, nobody is granted any until enough were let go. Programs
        that say another number get :class:`SemaphoreSizeError` at their next acquire.

        :raises NotConnectedError: no answer within the session timeout.
        """
        run(self._queue.resize(check_count(permits, "permits")))
