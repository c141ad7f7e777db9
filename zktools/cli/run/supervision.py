"""A command and the lease it runs under, from its start to its end."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from zktools._engine.clock import now
from zktools._engine.session import Session
from zktools.cli.run.child import Child
from zktools.cli.run.policy import Cause, Order, Policy, Sight
from zktools.cli.run.signals import Signals
from zktools.lease import Lease, Reason

_GONE = (Reason.DESTROYED, Reason.SESSION_LOST)
_GLANCE = 0.05  # seconds between two looks where something is about to happen


@dataclass(frozen=True)
class Ending:
    """How a command ended."""

    status: int
    """Of the command itself, as a shell gives it."""
    cause: Cause | None
    """Why it was stopped; None when it ended by itself, or by a signal sent to zooky."""


class Supervision:
    """Watches over a command.

    Args:
        grace: seconds between asking the command to end and killing it.
        tell: called as ``tell(what, **facts)`` with what happens.
    """

    def __init__(
        self,
        session: Session,
        lease: Lease,
        signals: Signals,
        grace: float,
        tell: Callable[..., None],
    ) -> None:
        self._session = session
        self._lease = lease
        self._signals = signals
        self._grace = grace
        self._tell = tell
        self._stopping_since: float | None = None
        self._cause: Cause | None = None

    def run(self, child: Child) -> Ending:
        """Return once the command has ended."""
        while True:
            for number in self._signals.take():
                child.signal(number)
            status = child.poll()
            if status is not None:
                return self._ended(child, status)
            self._signals.wait(self._look(child) - now())

    def _look(self, child: Child) -> float:
        """Do what has to be done about the lease; return when to look again."""
        sight = self._sight()
        # By what is granted now: another server may have granted another timeout.
        policy = Policy(self._session.wire.session_timeout, self._grace)
        decision = policy.decide(sight)
        if decision.cause is not None and decision.cause is not self._cause:
            self._cause = decision.cause
            self._tell(decision.cause.value, order=decision.order.name.lower())
        if decision.order is Order.TERMINATE:
            self._stopping_since = sight.at
            child.terminate()
        elif decision.order is Order.REPRIEVE:
            self._stopping_since = None
            self._tell("safe")
        elif decision.order is Order.KILL:
            if self._stopping_since is None:
                self._stopping_since = sight.at
            child.kill()
        if self._stopping_since is not None or child.wants_terminal:
            return min(decision.look_again, sight.at + _GLANCE)
        return decision.look_again

    def _sight(self) -> Sight:
        # The reason is there before `on_revoke` wakes us; `lost` may follow a moment later.
        reason = self._lease.reason
        return Sight(
            at=now(),
            asked=self._lease.revoked or reason is Reason.ASKED,
            lost=self._lease.lost.is_set() or reason in _GONE,
            proven_until=self._session.vigil.life.until,
            stopping_since=self._stopping_since,
        )

    def _ended(self, child: Child, status: int) -> Ending:
        if self._cause is not None:
            child.kill()  # what it has started and left behind
        elif self._lease.lost.is_set():
            self._cause = Cause.LOST
        return Ending(status, self._cause)
