"""Several locks at once: all of them, or none.

The candidates of all are made in one transaction, so of any two who want several locks the same one
is ahead in each: no circle of waiting can form, in whatever order they are named.
:mod:`zktools._queue.joint` tells how.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from zktools._queue import order
from zktools._queue.demand import Revoke
from zktools._queue.joint_queue import JointQueue, shares
from zktools._threads.acquisition import Acquisition, given
from zktools._threads.holding import Holding
from zktools.locks import ZkLock
from zktools.semaphore import ZkSemaphore

__all__ = ["ZkMultiLock"]


class ZkMultiLock(Holding):
    """Holds several locks as one: one deadline, one lease, one token, lost when any of them is.

    :param locks: of one client and no two of the same queue: :class:`ZkLock`, :class:`ZkReadLock`,
        :class:`ZkWriteLock`, :class:`ZkSemaphore`, or ``(semaphore, weight)``. Only what they are
        for is taken from them: what they hold themselves does not matter.

    :raises ValueError: there is none, one is named twice, or they are of several clients.

    Making one sends nothing. An object may be shared by threads; each queues and holds for itself.
    """

    _kind: ClassVar[str] = order.LOCK

    def __init__(self, locks: Sequence[ZkLock | ZkSemaphore | tuple[ZkSemaphore, int]]) -> None:
        super().__init__(JointQueue(shares(locks, Holding)))

    def acquire(
        self, timeout: float | None = None, revoke: Revoke = False, *, grace: float | None = None
    ) -> bool:
        """Acquire all locks for this thread. True when it did, False when the time ran out.

        Arguments, what is raised, and that nothing is left behind: as for :meth:`ZkLock.acquire`.
        While others are waited for, those whose turn has come are held already, and whoever wants
        one of these waits for this acquire.
        """
        return self._take(self._queue.demand(timeout, revoke, grace))

    def __call__(
        self, timeout: float | None = None, revoke: Revoke = False, *, grace: float | None = None
    ) -> Acquisition:
        """For ``with ZkMultiLock([a, b])(timeout=5) as lease:``; arguments as for :meth:`acquire`.

        Entering raises :class:`LockTimeout` when the time runs out. Leaving releases.
        """
        self._queue.demand(timeout, revoke, grace)
        return Acquisition(self, given(timeout=timeout, revoke=revoke or None, grace=grace))
