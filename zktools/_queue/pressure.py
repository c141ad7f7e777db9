"""Making those who block us let go: asking, destroying, and asking with a time of grace."""

from __future__ import annotations

from collections.abc import Callable

from zktools._engine.session import Session
from zktools._queue.attempt import TRANSIENT
from zktools._queue.order import Candidate
from zktools._queue.revocation import Request, destroy
from zktools._queue.terms import Revocation, Terms


class Pressure:
    """What one claim does about its blockers. Each is pressed once; runs on the engine.

    All of them, waiting ones too: a waiter that was asked lets go as soon as it is granted, so
    nobody has to be asked again at each departure.
    """

    def __init__(
        self,
        session: Session,
        terms: Terms,
        *,
        still_waiting: Callable[[], bool],
        on_destroyed: Callable[[], None],
    ) -> None:
        self._session = session
        self._terms = terms
        self._still_waiting = still_waiting
        self._on_destroyed = on_destroyed
        self._pressed: set[str] = set()

    def apply(self, blocking: list[Candidate]) -> bool:
        """Press those who are not pressed yet. Whether any is being destroyed now."""
        if self._terms.revocation is Revocation.NONE:
            return False
        fresh = [c.name for c in blocking if c.name not in self._pressed]
        self._pressed.update(fresh)
        if not fresh:
            return False
        # Posted: this may run on kazoo's connection thread, which must not send very many.
        if self._terms.revocation is Revocation.DESTROY:
            self._session.engine.post(self._destroy_all, fresh)
            return True
        self._session.engine.post(self._ask_all, fresh)
        if self._terms.grace is not None:
            self._session.engine.later(self._terms.grace, self._end_grace, fresh)
        return False

    def _ask_all(self, names: list[str]) -> None:
        for name in names:
            path = f"{self._terms.folder}/{name}"
            done = self._done(name)
            Request(self._session, self._terms.layout, path, self._terms.who, done).start()

    def _end_grace(self, names: list[str]) -> None:
        # A name that has left meanwhile answers that it is not there: names are never used again.
        if self._still_waiting():
            self._destroy_all(names)

    def _destroy_all(self, names: list[str]) -> None:
        # The last first: a waiter queues again, and is not granted what is taken the next moment.
        for name in reversed(names):
            destroy(self._session, f"{self._terms.folder}/{name}", self._done(name))

    def _done(self, name: str) -> Callable[[bool | BaseException], None]:
        def done(outcome: bool | BaseException) -> None:
            if isinstance(outcome, TRANSIENT):
                self._pressed.discard(name)  # the listing after reconnecting shows it again
            elif self._terms.revocation is Revocation.DESTROY:
                self._on_destroyed()

        return done
