"""What a holder has in hand, whatever face it acquired by."""

from __future__ import annotations

from zktools._engine.flag import Flag
from zktools._engine.outcome import Outcome
from zktools._engine.steps import Steps
from zktools._queue.bid import Bid
from zktools._queue.hold import Hold
from zktools._queue.joint_hold import JointHold
from zktools._queue.terms import Reason
from zktools._queue.use import Use
from zktools.exceptions import LockLost, NotConnectedError


class Tenure:
    """One hold: how it stands, seen without asking; and, as steps, what has to be asked."""

    def __init__(self, claim: Bid) -> None:
        self._claim = claim

    @property
    def _hold(self) -> Hold | JointHold | Use:
        assert self._claim.hold is not None
        return self._claim.hold

    @property
    def path(self) -> str:
        """The node that stands for this hold; the first of several that do together."""
        return self._hold.path

    @property
    def token(self) -> int:
        """The fencing token: an int that is higher for each later holder of the same lock.

        It is the czxid of the node, the number of the transaction that made it: 64 bits, counted by
        the whole ensemble, never reset, not even when the lock's folder is deleted. Pass it along
        with each write to a resource outside ZooKeeper that refuses lower tokens than it has seen
        (M. Kleppmann, "How to do distributed locking", 2016). With ``sticky=``, several uses of one
        lock object have the same node, and so the same token.
        """
        return self._hold.token

    @property
    def session_id(self) -> int | None:
        """The ZooKeeper session that owns the node."""
        return self._hold.session_id

    @property
    def is_held(self) -> bool:
        """Whether the lock is held for certain at this moment.

        False as soon as that cannot be proven: the connection is interrupted, the session was not
        heard of for two thirds of its timeout, the node was destroyed, it was released. It comes
        back after a short interruption if the session and the node survived it. Costs no request.
        """
        return self._hold.is_held

    @property
    def revoked(self) -> bool:
        """Whether to stop: it was asked back, destroyed, or lost. Never goes back to False."""
        return self._hold.is_asked or self._hold.is_lost

    @property
    def reason(self) -> Reason | None:
        """The newest reason for `revoked`, once it was reported."""
        return self._hold.reason

    @property
    def _lost(self) -> Flag:
        return self._hold.lost

    @property
    def _asked(self) -> Flag:
        return self._hold.asked

    def check(self) -> None:
        """Do nothing while the lock is held for certain.

        :raises LockLost: when it is not, even if it may come back.
        """
        if not self.is_held:
            raise LockLost(f"{self.path} is not held: {self._why_not()}")

    # -- what has to be asked ------------------------------------------------------------------

    def _releasing(self) -> Steps[bool]:
        session = self._hold.session
        deleted = Outcome(session.handler)
        try:
            self._hold.release(deleted.set)
            yield deleted, session.patience
        except BaseException:
            self._hold.release_later()  # KeyboardInterrupt and the like: it may not be on its way
            raise
        return bool(deleted.get())

    def _existing(self) -> Steps[bool]:
        session = self._hold.session
        session.check_process()
        # What is read behind a quorum's word is no older than that.
        session.engine.post(session.vigil.prove)
        looked = [session.ask(session.client.exists_async, path) for path in self._hold.paths]
        try:
            for found in looked:
                stat = yield from session.answer(found, f"looking for {self.path}")
                if stat is None or stat.czxid != self.token:
                    return False
        except NotConnectedError:
            return False
        return not self._hold.is_released  # its node may be kept for the next

    # -- in words ------------------------------------------------------------------------------

    def _refuse_if_over(self) -> None:
        if self._hold.is_over:
            raise LockLost(f"{self.path} is not held: {self._why_not()}")

    def _why_not(self) -> str:
        if self._hold.is_released:
            return "it was released"
        if self._hold.is_of_parent:
            return "it was granted to the process that this one was forked from"
        if self._hold.is_lost:
            lost = f"lost ({(self.reason or Reason.SESSION_LOST).value})"
            session = self._hold.session
            return f"{lost}; {session.closed_error()}" if session.is_closed else lost
        return "the connection is interrupted; it may come back"

    def __repr__(self) -> str:
        state = "held" if self.is_held else f"not held: {self._why_not()}"
        asked = ", asked to let go" if self._hold.is_asked else ""
        return f"<{type(self).__name__} {self.path} token={self.token} {state}{asked}>"
