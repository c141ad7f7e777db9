"""One use of a node that is kept between uses: what its holder has, from the grant to the release.

What becomes of the node is the affair of :mod:`zktools._queue.stay`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from zktools._queue.notice import Notice, Told
from zktools._queue.terms import Terms

if TYPE_CHECKING:
    from zktools._queue.candidacy import Answer
    from zktools._queue.stay import Stay


class Use(Told):
    """As :class:`zktools._queue.hold.Hold`: lost with the node, and over when it is released.

    Once over it stays so, whoever uses the node next.
    """

    def __init__(self, stay: Stay, terms: Terms) -> None:
        self.session = stay.session
        self.notice = Notice(stay.session, terms)
        self._stay = stay
        self._unreleased = [True]  # who takes it out releases: of several threads, one
        self._expired = False

    # -- how it stands -------------------------------------------------------------------------

    @property
    def path(self) -> str:
        """Of the node."""
        return self._stay.path

    @property
    def paths(self) -> list[str]:
        """The same, as of a hold that may have several."""
        return self._stay.paths

    @property
    def token(self) -> int:
        """The czxid of the node, the same for each of its uses."""
        return self._stay.token

    @property
    def session_id(self) -> int | None:
        """Of the session that owns the node."""
        return self._stay.session_id

    @property
    def _released(self) -> bool:
        return not self._unreleased

    @property
    def is_held(self) -> bool:
        """Whether the lock is held for certain, and by this use."""
        return not self._released and not self.is_lost and self._stay.is_held

    @property
    def is_lost(self) -> bool:
        """Whether it was lost for good, by events or by the clock."""
        if self.lost.is_set() or self._expired or self.is_of_parent:
            return True
        if not self._released and self._stay.is_lost:
            self._expired = True
        return self._expired

    @property
    def is_of_parent(self) -> bool:
        """Whether it was granted to a process that this one was forked from."""
        return self._stay.is_of_parent

    @property
    def is_released(self) -> bool:
        """Whether it was let go before it was lost."""
        return self._released and not self.lost.is_set()

    @property
    def is_over(self) -> bool:
        """Whether it can never be valid again."""
        return self._released or self.is_lost

    # -- its end -------------------------------------------------------------------------------

    def ask(self) -> None:
        """Somebody asked for the lock. On the engine."""
        self._stay.ask()

    def release(self, answer: Answer) -> None:
        """Let go. `answer` gets True when it was held until now."""
        if self.is_of_parent:
            answer(False)
            return
        try:
            self._unreleased.pop()
        except IndexError:
            answer(False)  # it was released before
            return
        self._stay.end(self, answer)

    def release_later(self) -> None:
        """Let go without waiting, and for good: whoever wants the lock next has to queue."""
        self._unreleased.clear()
        self._stay.end_later(self)
