"""The lease: what is held, for as long as it can be proven, and by whoever has it."""

from __future__ import annotations

from typing import Any, Self

from zktools._queue.tenure import Tenure
from zktools._queue.terms import Reason
from zktools._queue.transaction import Fenced
from zktools.aio._bridge import perform
from zktools.aio._event import Event

__all__ = ["FencedTransaction", "Lease", "Reason"]


class Lease(Tenure):
    """One hold of a lock, from when it was granted. Made by acquiring, never directly.

    It belongs to no task: whoever has it may use it, on any loop, and may let go. A lease that was
    lost stays lost, whatever happens afterwards; acquire again for a new one.
    """

    @property
    def lost(self) -> Event:
        """Set when the lock is lost for good while held; not by releasing.

        ``await lease.lost.wait()``, ``lease.lost.is_set()``.
        """
        return Event(self._lost)

    @property
    def asked(self) -> Event:
        """Set when somebody asked for the lock, which is still held."""
        return Event(self._asked)

    def transaction(self) -> FencedTransaction:
        """A ZooKeeper transaction that is carried out only if the lock is still held then.

        ::

            async with lease.transaction() as t:
                t.set_data("/report/cursor", b"42")

        The server decides, atomically with the changes, by whether the node of this hold exists: a
        process that was stopped for longer than its session and goes on unknowing changes nothing.
        See :class:`zktools.aio.FencedTransaction` for what is raised.
        """
        return FencedTransaction(self._hold.session, self._hold.paths, self._refuse_if_over)

    async def release(self) -> bool:
        """Let go. True when the node was there and is deleted, or kept; False otherwise.

        False says that the hold was no longer valid, or that the connection is away: then the node
        is deleted in the background as soon as possible, or ends with the session. So it is when
        the release is cancelled. Releasing again does nothing and answers False.

        :raises ClientUnusableError: in a process forked from the one that acquired.
        """
        return await perform(self._releasing())

    async def exists(self) -> bool:
        """Ask ZooKeeper, through its leader, whether the node of this hold is there.

        False also when no answer came within the session timeout.

        :raises ClientUnusableError: in a process forked from the one that acquired.
        """
        return await perform(self._existing())


class FencedTransaction(Fenced):
    """Changes that are made all together, if the lock is still held, or not at all.

    An async context manager that commits when the body ends without an exception; or await
    :meth:`commit`. Its first operation checks that the node of the hold exists.

    :raises LockLost: the lock is not held any more; nothing was changed.
    :raises ZkToolsError: an operation failed, translated as anywhere else; nothing was changed.
    :raises OutcomeUnknownError: no answer came; if the changes are made, it is while the lock is
        held. The same is true when the commit is cancelled.
    """

    async def commit(self) -> list[Any]:
        """Send it, and answer one result an operation: a path, a stat, or True."""
        return await perform(self._committing())

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None:
            await self.commit()
