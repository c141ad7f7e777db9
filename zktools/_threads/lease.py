"""What a thread has in hand, for as long as it can be proven; any other may use it."""

from __future__ import annotations

from contextlib import suppress

from zktools._engine.flag import Flag
from zktools._engine.steps import run
from zktools._queue.bid import Bid
from zktools._queue.tenure import Tenure
from zktools._threads.transaction import FencedTransaction


class Lease(Tenure):
    """One hold of a lock, from when it was granted. Made by acquiring, never directly.

    A lease that was lost stays lost, whatever happens afterwards; acquire again for a new one. It
    may be used from any thread.
    """

    def __init__(self, claim: Bid) -> None:
        super().__init__(claim)
        self._entered = [True]  # once for each acquire that is not taken back

    @property
    def _depth(self) -> int:
        return len(self._entered)

    def _enter_again(self) -> None:
        self._entered.append(True)

    def _leave(self) -> bool:
        """Take back one acquire; whether it was the last. Any thread."""
        with suppress(IndexError):
            self._entered.pop()
        return not self._entered

    @property
    def lost(self) -> Flag:
        """Set when the lock is lost for good while held; not by releasing.

        ``lease.lost.wait(seconds)`` and ``lease.lost.is_set()`` are as those of an event, under any
        of kazoo's handlers.
        """
        return self._lost

    def transaction(self) -> FencedTransaction:
        """A ZooKeeper transaction that is carried out only if the lock is still held then.

        ::

            with lease.transaction() as t:
                t.set_data("/report/cursor", b"42")

        The server decides, atomically with the changes, by whether the node of this hold exists: a
        process that was stopped for longer than its session and goes on unknowing changes nothing.
        See :class:`zktools.lease.FencedTransaction` for what is raised.
        """
        return FencedTransaction(self._hold.session, self._hold.paths, self._refuse_if_over)

    def release(self) -> bool:
        """Let go. True when the node was there and is deleted, or kept; False otherwise.

        False says that the hold was no longer valid, or that the connection is away: then the node
        is deleted in the background as soon as possible, or ends with the session. Releasing again
        does nothing and answers False.

        In a process forked from the one that acquired nothing is held, and nothing done.
        """
        return run(self._releasing())

    def exists(self) -> bool:
        """Ask ZooKeeper, and not one server alone, whether the node of this hold is there.

        False also when no answer came within the session timeout.

        :raises ClientUnusableError: in a process forked from the one that acquired.
        """
        return run(self._existing())
