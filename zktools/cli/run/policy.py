"""When to stop a command whose lock is in danger. Pure: decisions on times, no clock.

The lease is proven until a moment (`Sight.proven_until`), at most two thirds of the session timeout
after the newest sign of life. Then zktools takes the lease for lost and gives the lock up as soon
as it can; the server gives it away after the whole timeout. So the command must have ended by then,
and is killed a margin before. It is told to stop a notice before that: the session was silent for
half its timeout then, and all being well it is never silent for more than a quarter.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass

_NOTICE = 1 / 6  # of the session timeout
_MARGIN = 1 / 40  # of the session timeout
_LEAST_MARGIN = 0.05  # seconds
_IMPATIENCE = 0.02  # seconds between two looks at a command that was killed


class Order(enum.Enum):
    """What to do with the command now."""

    LET_RUN = enum.auto()
    REPRIEVE = enum.auto()
    """It was told to stop because the lock was in danger, which is over."""
    TERMINATE = enum.auto()
    KILL = enum.auto()


class Cause(enum.Enum):
    """Why it is stopped."""

    ASKED = "asked"
    LOST = "lost"


@dataclass(frozen=True)
class Sight:
    """How things stand."""

    at: float
    asked: bool
    lost: bool
    """For good: others may hold the lock."""
    proven_until: float
    stopping_since: float | None
    """When the command was told to stop; None if it was not."""


@dataclass(frozen=True)
class Decision:
    """What to do, why, and when to look again at the latest."""

    order: Order
    cause: Cause | None
    look_again: float


@dataclass(frozen=True)
class Policy:
    """How much time a command gets. All in seconds."""

    session_timeout: float
    grace: float
    """Between asking the command to end and killing it, where the lock allows that."""

    @property
    def margin(self) -> float:
        """What killing may take."""
        return max(self.session_timeout * _MARGIN, _LEAST_MARGIN)

    @property
    def notice(self) -> float:
        """What the command gets to end by itself when the lease cannot be proven."""
        return min(self.session_timeout * _NOTICE, self.grace)

    def decide(self, sight: Sight) -> Decision:
        """What to do now."""
        kill_at = sight.proven_until - self.margin
        if sight.lost or sight.at >= kill_at:
            return Decision(Order.KILL, Cause.LOST, sight.at + _IMPATIENCE)
        danger_at = kill_at - self.notice
        if sight.asked:
            return self._obey(sight, kill_at)
        if sight.stopping_since is not None:
            if sight.at < danger_at:
                return Decision(Order.REPRIEVE, None, danger_at)
            return Decision(Order.LET_RUN, None, kill_at)
        if sight.at >= danger_at:
            return Decision(Order.TERMINATE, Cause.LOST, kill_at)
        return Decision(Order.LET_RUN, None, danger_at)

    def _obey(self, sight: Sight, kill_at: float) -> Decision:
        """The lock is asked back: the grace counts from when the command was told to stop."""
        if sight.stopping_since is None:
            return Decision(Order.TERMINATE, Cause.ASKED, kill_at)
        patience = sight.stopping_since + self.grace
        if sight.at >= patience:
            return Decision(Order.KILL, None, sight.at + _IMPATIENCE)
        return Decision(Order.LET_RUN, None, min(patience, kill_at))
