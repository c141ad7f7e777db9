"""Several locks held as one: lost when any of them is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from zktools._engine.flag import Flag
from zktools._engine.latch import Latch
from zktools._engine.session import Session
from zktools._queue.candidacy import Answer
from zktools._queue.hold import Hold
from zktools._queue.terms import Reason
from zktools._queue.use import Use


class JointHold:
    """As :class:`zktools._queue.hold.Hold`, over several of them that were made together."""

    def __init__(
        self, session: Session, holds: Sequence[Hold | Use], on_revoke: Callable[[Reason], None]
    ) -> None:
        self.session = session
        self.lost = Flag(session.handler)
        self.asked = Flag(session.handler)
        self.reason: Reason | None = None
        self._holds = holds
        self._on_revoke = on_revoke
        self._released = False
        self._told = False

    def begin(self) -> None:
        """All are granted. On the engine."""
        for hold in self._holds:
            self._follow(hold.lost, self._part_lost, hold)
            self._follow(hold.asked, self._part_asked)

    def _follow(self, flag: Flag, function: Callable[..., None], *args: object) -> None:
        latch = Latch(self.session.handler)
        latch.tell(partial(self.session.engine.post, function, *args))
        flag.link(latch)

    # -- for users' threads --------------------------------------------------------------------

    @property
    def paths(self) -> list[str]:
        """Of all nodes."""
        return [path for hold in self._holds for path in hold.paths]

    @property
    def path(self) -> str:
        """Of the first node."""
        return self._holds[0].path

    @property
    def token(self) -> int:
        """The czxid of all nodes: one transaction made them."""
        return self._holds[0].token

    @property
    def session_id(self) -> int | None:
        """Of the session that owns the nodes."""
        return self._holds[0].session_id

    @property
    def is_held(self) -> bool:
        """Whether all are held for certain."""
        return all(hold.is_held for hold in self._holds)

    @property
    def is_lost(self) -> bool:
        """Whether any was lost for good."""
        return self.lost.is_set() or any(hold.is_lost for hold in self._holds)

    @property
    def is_asked(self) -> bool:
        """Whether somebody asked for any of them."""
        return any(hold.is_asked for hold in self._holds)

    @property
    def is_of_parent(self) -> bool:
        """Whether it was granted to a process that this one was forked from."""
        return self._holds[0].is_of_parent

    @property
    def is_released(self) -> bool:
        """Whether it was let go before it was lost."""
        return self._released and not self.lost.is_set()

    @property
    def is_over(self) -> bool:
        """Whether it can never be valid again."""
        return self._released or self.is_lost

    def release(self, answer: Answer) -> None:
        """Let go of all. `answer` gets True when all were there, None while that is not known."""
        self._released = True
        answers: list[bool | None] = []

        def one(deleted: bool | None) -> None:
            answers.append(deleted)
            if len(answers) == len(self._holds):
                answer(None if None in answers else all(answers))

        for hold in self._holds:
            hold.release(one)

    def release_later(self) -> None:
        """Let go without waiting, in the background."""
        self._released = True
        for hold in self._holds:
            hold.release_later()

    # -- what becomes of the parts -------------------------------------------------------------

    def _part_lost(self, hold: Hold | Use) -> None:
        if not self._released and not self.lost.is_set():
            self.reason = hold.reason
            self.lost.set()
            self._tell(hold.reason or Reason.SESSION_LOST)

    def _part_asked(self) -> None:
        if not self._released and not self.lost.is_set():
            self.asked.set()
            self.reason = Reason.ASKED
            self._tell(Reason.ASKED)

    def _tell(self, reason: Reason) -> None:
        if not self._told:
            self._told = True
            self._on_revoke(reason)
