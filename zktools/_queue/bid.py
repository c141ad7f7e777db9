"""What a caller waits for: to be granted, refused, or given up, once."""

from __future__ import annotations

import enum
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any

from zktools._engine.clock import now
from zktools._engine.latch import Latch
from zktools._engine.session import Session
from zktools.exceptions import LockCancelled
from zktools.hooks import emit

if TYPE_CHECKING:
    from zktools._queue.hold import Hold
    from zktools._queue.joint_hold import JointHold
    from zktools._queue.terms import Terms
    from zktools._queue.use import Use


class Verdict(enum.Enum):
    """How a bid ended."""

    GRANTED = "granted"
    REFUSED = "refused"
    ABANDONED = "abandoned"
    CANCELLED = "cancelled"
    FAILED = "failed"


class Bid(ABC):
    """Settled once, by the engine or by the thread that gives up; `settled` opens then.

    `what` names, in words, what is bidden for.
    """

    hold: Hold | JointHold | Use | None = None
    """What was granted, once it was."""
    all_terms: list[Terms]
    """What is bidden for: one place in a queue, or several."""

    def __init__(self, session: Session, what: str) -> None:
        self.session = session
        self.settled = Latch(session.handler)
        self._what = what
        self._error: BaseException | None = None
        self._guard: Any = session.handler.lock_object()
        self._verdict: Verdict | None = None
        self._started = now()

    @abstractmethod
    def start(self) -> None:
        """Begin to wait. Any thread."""

    @abstractmethod
    def _leave(self) -> None:
        """Leave nothing behind in ZooKeeper. On the engine; again, it does no harm."""

    @property
    def is_pending(self) -> bool:
        """Whether it is not settled yet."""
        return self._verdict is None

    @property
    def is_granted(self) -> bool:
        """Whether it came to hold; it may have lost it since."""
        return self._verdict is Verdict.GRANTED

    def raise_error(self) -> None:
        """Raise what made it fail, if it did."""
        if self._verdict is Verdict.CANCELLED:
            raise LockCancelled(f"waiting for {self._what} was cancelled")
        if self._error is not None:
            raise self._error

    def abandon(self) -> bool:
        """Stop waiting. False when it was settled before: then it may be granted."""
        # Again, if it was interrupted before the post. Leaving twice does no harm.
        if not self._decide(Verdict.ABANDONED) and self._verdict is not Verdict.ABANDONED:
            return False
        self.session.engine.post(self._leave)
        return True

    def give_up(self) -> None:
        """Nobody is there to take it: stop waiting, or release what was granted."""
        if not self.abandon() and self.hold is not None:
            self.hold.release_later()

    def cancel(self) -> bool:
        """Make the waiting thread fail. Whether it was still waiting."""
        try:
            self._decide(Verdict.CANCELLED)
        finally:  # also when interrupted: who waits must hear of it
            is_cancelled = self._verdict is Verdict.CANCELLED
            if is_cancelled:
                self.session.engine.post(self._leave)
                self.settled.open()
        return is_cancelled

    def _decide(self, verdict: Verdict) -> bool:
        # The only word between the engine, which grants, and a user's thread, which gives up.
        with self._guard:
            if self._verdict is not None:
                return False
            self._verdict = verdict
        emit(self.session, "waited", self._what, now() - self._started, verdict.value)
        return True

    def _settle(self, verdict: Verdict, error: BaseException | None = None) -> None:
        """End an unsuccessful wait."""
        if self._decide(verdict):
            self._error = error
            self._leave()
            self.settled.open()
