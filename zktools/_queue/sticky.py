"""Acquiring a lock whose node may have been kept since its last use."""

from __future__ import annotations

from typing import Any

from zktools._engine.arguments import check_seconds
from zktools._engine.session import Session
from zktools._queue import order
from zktools._queue.bid import Verdict
from zktools._queue.claim import Claim
from zktools._queue.hold import Hold
from zktools._queue.stay import Keeper, Stay
from zktools._queue.terms import Terms
from zktools._queue.use import Use


def check_sticky(sticky: object, kind: str) -> Keeper | None:
    """What keeps the nodes of a lock object that is made with this; None where nothing does."""
    seconds = check_seconds(sticky, "sticky")
    if sticky is None or seconds == 0:
        return None
    if seconds is None:
        raise ValueError("sticky must be a number of seconds: kept for ever, nobody would notice")
    if kind == order.READ:
        raise ValueError(
            "sticky is for locks that exclude all others: each reader that comes would make all "
            "others let go"
        )
    return Keeper(seconds)


class StickyClaim(Claim):
    """As a claim; but granted at once, on the caller's thread, by a node that was kept."""

    def __init__(self, session: Session, terms: Terms, keeper: Keeper) -> None:
        self._keeper = keeper
        self._again: Use | None = None
        self._is_made = False
        super().__init__(session, terms)

    def _make(self, *_: Any) -> None:
        """Not until it is needed, which costs more than to take what was kept."""

    def start(self) -> None:
        """Take the node that is kept, or enter the queue. Any thread."""
        stay = self._keeper.stay
        if stay is not None and self._take(stay):
            return
        super()._make(self.session, self.terms)
        self._is_made = True
        if self.is_pending:  # who gives up from here on finds it made, and makes it leave
            super().start()

    def _take(self, stay: Stay) -> bool:
        use = self._again = self.hold = Use(stay, self.terms)
        if not stay.take(use):
            self._again = self.hold = None
            stay.give_way()
            return False
        if self._decide(Verdict.GRANTED):
            self.settled.open()
        else:
            use.release_later()  # cancelled meanwhile
        return True

    def _leave(self) -> None:
        if self._again is not None:
            self._again.release_later()
        if self._is_made:
            super()._leave()

    def _make_hold(self) -> Hold:
        stay = Stay(
            self.session, self.terms, self._candidacy, self._watches, self._epoch, self._keeper
        )
        self.hold = stay.first
        self._keeper.stay = stay
        return stay
