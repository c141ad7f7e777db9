"""The bids that wait by way of one object."""

from __future__ import annotations

from zktools._engine.session import Session
from zktools._engine.steps import Steps
from zktools._queue.bid import Bid


class Waiters:
    """What waits now, so that it can be cancelled."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self._pending: set[Bid] = set()

    def enter(self, bid: Bid, timeout: float | None) -> Steps[bool]:
        """Wait for the grant, for `timeout` seconds; whether it came.

        :raises LockCancelled: :meth:`cancel` was called.

        After False, an exception, or steps that were given up, no candidate is left in the queue,
        or it is being deleted.
        """
        # Not waiting for others is not waiting for nothing: the server has to answer once.
        patience = timeout if timeout != 0 else self.session.wire.session_timeout
        try:
            self._pending.add(bid)
            bid.start()
            yield bid.settled, patience
            bid.abandon()
            bid.raise_error()
            granted = bid.is_granted
            self._pending.discard(bid)
        except BaseException:
            # KeyboardInterrupt and gevent.Timeout too: nobody would ever release it.
            self._pending.discard(bid)
            bid.give_up()
            raise
        return granted

    def cancel(self) -> bool:
        """Make all that wait in :meth:`enter` now fail. Whether there were any."""
        cancelled = [bid for bid in list(self._pending) if bid.cancel()]
        return bool(cancelled)
