"""Asking all who are ahead to let go, waiting ones too, such that each is asked by few.

A waiter that was asked lets go as soon as it is granted, so nobody has to be asked again at each
departure. But where many wait and each asks all ahead of it, everybody is asked as often as there
are others behind: the square of the queue. So

- the first is asked by all, since it holds: nobody waits longer than for one round trip;
- the others from the last one forwards, in rounds of 2, 4, 8 ..., until a round finds one that was
  asked before. Who asked it stands behind it, and asks those ahead of it as well.

In a queue that grows, each reads three and writes to one. Should the one that asked die in the
middle of it, or have meant one candidate only, as an operator does, then those ahead of that one
are asked when they have become the first: at the next listing of anybody behind.

With a time of grace, nobody is destroyed who is not known to have been asked for so long. Those
whom others were to ask are looked at when the time is over, if they still block: who was asked
before it began has had it.
"""

from __future__ import annotations

from collections.abc import Callable

from zktools._engine.session import Session
from zktools._queue.revocation import UNDONE, Request, Wanted
from zktools._queue.terms import Terms

#: How many are read in the first round, and at most at a time.
_FIRST, _MOST = 2, 64


class Asking:
    """Whom one claim has asked, and whom it asks next. Runs on the engine.

    `on_asked` gets, at the end of each round, the names that are known to be asked now; `on_due`
    those found asked before the time of grace that :meth:`look_at_all` is told of.
    """

    def __init__(
        self,
        session: Session,
        terms: Terms,
        wanted: Wanted,
        on_asked: Callable[[list[str]], None],
        on_due: Callable[[list[str]], None],
    ) -> None:
        self._session = session
        self._terms = terms
        # Who does not wait for others asks all the same, and has left by then.
        self._wanted = wanted if terms.wait else None
        self._on_asked = on_asked
        self._on_due = on_due
        self._blocking: list[str] = []
        self._answered: set[str] = set()  # asked, or not to be asked by us
        self._reached = False  # one who was asked before: those ahead of it are asked as well
        self._size = _FIRST
        self._began = 0  # the zxid at which a grace that is over began
        # The round under way: who has not answered, who is asked, whether the connection broke.
        self._open: set[str] = set()
        self._asked: list[str] = []
        self._due: list[str] = []
        self._broken = False

    def go_on(self, blocking: list[str]) -> None:
        """These block now, first in the queue first."""
        if blocking[-1] not in self._blocking:  # we have a new place, farther behind
            self._reached, self._size, self._began = False, _FIRST, 0
            self._answered.clear()
        self._blocking = blocking
        self._answered.intersection_update(blocking)
        self._next_round()

    def look_at_all(self, began: int) -> None:
        """A time of grace is over that began at this zxid: see to those whom others were to ask."""
        self._began = max(began, self._began)
        self._next_round()

    def _next_round(self) -> None:
        is_wanted = self._wanted is None or self._wanted.still()
        if self._open or not self._session.connected or not is_wanted:
            return
        names = self._whom()
        self._open.update(names)
        for name in names:
            self._ask(name)

    def _whom(self) -> list[str]:
        left = [name for name in self._blocking if name not in self._answered]
        if self._began:
            return left[-_MOST:]
        first = left[:1] if left[:1] == self._blocking[:1] else []
        last = [] if self._reached else left[-self._size :]
        return list(dict.fromkeys([*first, *last]))

    def _ask(self, name: str) -> None:
        def done(outcome: bool | BaseException) -> None:
            self._note(name, outcome, request.asked_at)

        path = f"{self._terms.folder}/{name}"
        who = self._terms.who
        request = Request(self._session, self._terms.layout, path, who, done, self._wanted)
        request.start()

    def _note(self, name: str, outcome: bool | BaseException, asked_at: int) -> None:
        self._open.discard(name)
        if isinstance(outcome, UNDONE):
            self._broken = True  # the listing after reconnecting shows it again
        else:
            self._answered.add(name)
        if outcome is True:
            is_due = 0 < asked_at <= self._began
            (self._due if is_due else self._asked).append(name)
            self._reached |= asked_at > 0 and name != self._blocking[0]
        if not self._open:
            self._end_round()

    def _end_round(self) -> None:
        asked, self._asked = self._asked, []
        due, self._due = self._due, []
        broken, self._broken = self._broken, False
        self._size = min(2 * self._size, _MOST)
        if asked:
            self._on_asked(asked)
        if due:
            self._on_due(due)
        if not broken:
            self._next_round()
