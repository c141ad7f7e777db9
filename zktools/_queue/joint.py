"""Places in several queues at once: all of them are held, or none.

All candidates are made in one transaction. The servers put transactions into one order, so of any
two who want several locks at once, the same one is ahead in each queue that both are in: no circle
of waiting can form among them, in whatever order their callers name the locks. (Recipes that take
one lock after the other rely on callers for that.)

A :class:`JointClaim` goes in rounds. In each, one ordinary claim for every queue waits for its own
turn, with candidates of that round's transaction. When one of them loses its place, or what was
granted to it already, before all are granted, the round is over: what is left of it goes, and the
next one enters all queues anew, at their ends.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from zktools._engine.latch import Latch
from zktools._engine.session import Session
from zktools._queue.bid import Bid, Verdict
from zktools._queue.claim import Claim
from zktools._queue.hold import Hold
from zktools._queue.joint_entry import Entry, Part
from zktools._queue.joint_hold import JointHold
from zktools._queue.terms import Reason, Terms
from zktools._queue.use import Use


class JointClaim(Bid):
    """A claim to places in several queues."""

    hold: JointHold | None = None

    def __init__(
        self, session: Session, terms: list[Terms], on_revoke: Callable[[Reason], None]
    ) -> None:
        super().__init__(session, " + ".join(each.folder for each in terms))
        self.all_terms = terms
        self._on_revoke = on_revoke
        self._round: _Round | None = None

    def start(self) -> None:
        """See :class:`Bid`."""
        self.session.engine.post(self._next_round)

    def _next_round(self) -> None:
        if self.is_pending:
            self._round = _Round(self.session, self.all_terms, self)
            self._round.start()

    def _leave(self) -> None:
        if self._round is not None:
            self._round.give_up()

    # -- what a round tells --------------------------------------------------------------------

    def on_granted(self, holds: list[Hold | Use]) -> None:
        """All parts are held."""
        self.hold = JointHold(self.session, holds, self._on_revoke)
        if self._decide(Verdict.GRANTED):
            self.settled.open()
            self.hold.begin()

    def on_settled(self, claim: Claim) -> None:
        """One part was refused or has failed."""
        try:
            claim.raise_error()
        except BaseException as error:  # noqa: BLE001 - whoever waits raises it
            self._settle(Verdict.FAILED, error)
        else:
            self._settle(Verdict.REFUSED)

    def on_broken(self) -> None:
        """Something was lost on the way."""
        self.session.engine.post(self._next_round)


class _Round:
    """One set of candidates that were made together. All methods run on the engine."""

    def __init__(self, session: Session, terms: list[Terms], joint: JointClaim) -> None:
        self._session = session
        self._joint = joint
        self._parts: list[Part] = []
        self._ready: set[Part] = set()
        self._is_sent = False
        self._is_over = False
        self._claims = [Claim(session, part, self._make_part) for part in terms]

    def _make_part(self, session: Session, terms: Terms, **events: Any) -> Part:
        part = Part(session, terms, **events)
        part.entering = self._enters
        self._parts.append(part)
        return part

    def start(self) -> None:
        for claim in self._claims:
            claim.settled.tell(partial(self._session.engine.post, self._settled, claim))
        for claim in self._claims:
            claim.begin()

    def give_up(self) -> None:
        """Leave nothing behind."""
        self._is_over = True
        for claim in self._claims:
            claim.give_up()

    def _enters(self, part: Part) -> None:
        """A part wants a node: the first one, with those of all others, or another, alone."""
        if self._is_sent:
            self._break()
            return
        self._ready.add(part)
        if len(self._ready) == len(self._claims):
            self._is_sent = True
            Entry(self._session, self._parts).send()

    def _settled(self, claim: Claim) -> None:
        if self._is_over:
            return
        if claim.hold is None or not claim.is_granted:
            self._is_over = True
            self._joint.on_settled(claim)
            return
        lost = Latch(self._session.handler)
        lost.tell(partial(self._session.engine.post, self._break))
        claim.hold.lost.link(lost)
        holds = [each.hold for each in self._claims if each.hold is not None and each.is_granted]
        if len(holds) == len(self._claims):
            self._is_over = True
            self._joint.on_granted(holds)

    def _break(self) -> None:
        if not self._is_over:
            self.give_up()
            self._joint.on_broken()
