"""One item as one member has it, from when it is wanted until it is let go or lost.

::

    QUEUEING ── granted ──► HELD ── asked, or lost ──► ENDING ── on_revoked has ended ──► OVER
       │ withdrawn, refused, asked while it queued                                         ▲
       └───────────────────────────────────────────────────────────────────────────────────┘

It is a claim as any lock's, and then a hold as any lock's: what makes one safe is there. Everything
here runs on the engine.
"""

from __future__ import annotations

import enum
from collections.abc import Callable
from functools import partial
from typing import Any, Protocol

from zktools._engine.session import Session
from zktools._queue.claim import Claim
from zktools._queue.tenure import Tenure
from zktools._queue.terms import Reason, Terms


class State(enum.Enum):
    """See above."""

    QUEUEING = enum.auto()
    HELD = enum.auto()
    ENDING = enum.auto()
    OVER = enum.auto()


class Face(Protocol):
    """What makes leases, and has users' functions called; on whatever thread or loop they run."""

    def lease(self, claim: Claim) -> Tenure:
        """What a user is given of this claim."""

    def assigned(self, item: str, lease: Any) -> None:
        """Have it told, some time."""

    def revoked(self, item: str, lease: Any, done: Callable[[], None]) -> None:
        """Have it told after all that was told of this item before; then call `done`."""


class Place:
    """One item. ``changed(place, before)`` is called at each new state."""

    def __init__(
        self,
        session: Session,
        item: str,
        make_terms: Callable[[str, Callable[[Reason], None]], Terms],
        face: Face,
        changed: Callable[[Place, State], None],
        *,
        is_free: bool,
    ) -> None:
        self.item = item
        self.is_free = is_free
        """Whether nobody had it when it was claimed."""
        self.state = State.QUEUEING
        self.error: BaseException | None = None
        """Why it could not be had."""
        self.lease: Tenure | None = None
        self._session = session
        self._face = face
        self._changed = changed
        self._claim = Claim(session, make_terms(item, self._revoked))

    def start(self) -> None:
        """Queue for it, and ask who has it to let go."""
        self._claim.settled.tell(partial(self._session.engine.post, self._settled))
        self._claim.begin()

    def give_back(self) -> None:
        """Withdraw; or have what is held let go, as if somebody had asked."""
        if self.state is State.QUEUEING and self._claim.abandon():
            self._become(State.OVER)
        elif self._claim.hold is not None:
            self._claim.hold.ask()

    def sweep(self) -> None:
        """See whether its user has released the lease."""
        hold = self._claim.hold
        if self.state is State.HELD and hold is not None and hold.is_released:
            self._become(State.OVER)

    def _become(self, state: State) -> None:
        before = self.state
        if before is not State.OVER:
            self.state = state
            self._changed(self, before)

    def _settled(self) -> None:
        if self.state is not State.QUEUEING:
            return
        hold = self._claim.hold
        if not self._claim.is_granted or hold is None:
            self.error = self._error()
            self._become(State.OVER)
        elif hold.is_asked or hold.is_over:
            # The next one waits already, or it is lost already: nobody has to hear of it.
            self._let_go()
        else:
            self.lease = self._face.lease(self._claim)
            self._become(State.HELD)
            self._face.assigned(self.item, self.lease)

    def _error(self) -> BaseException | None:
        try:
            self._claim.raise_error()
        except Exception as error:  # noqa: BLE001 - for who wants to know
            return error
        return None

    def _revoked(self, _reason: Reason) -> None:
        """The hold was asked back or lost, for the first time."""
        if self.state is State.HELD:
            self._become(State.ENDING)
            done = partial(self._session.engine.post, self._let_go)
            self._face.revoked(self.item, self.lease, done)

    def _let_go(self) -> None:
        hold = self._claim.hold
        assert hold is not None
        hold.release(lambda _: self._session.engine.post(self._become, State.OVER))
