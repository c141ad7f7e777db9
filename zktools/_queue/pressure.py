"""Making those who block us let go: asking, destroying, and asking with a time of grace."""

from __future__ import annotations

from collections.abc import Callable

from zktools._engine.session import Session
from zktools._queue.asking import Asking
from zktools._queue.order import Candidate
from zktools._queue.revocation import UNDONE, Wanted, destroy
from zktools._queue.terms import Revocation, Terms


class Pressure:
    """What one claim does about its blockers. Runs on the engine.

    Nothing is sent without a connection, to be carried out when it is back and nobody may want it
    any more: the listing after reconnecting goes on with what is left.

    **Grace** counts from when somebody is known to be asked, not from when we set out to.
    """

    def __init__(
        self,
        session: Session,
        terms: Terms,
        wanted: Wanted,
        *,
        on_destroyed: Callable[[], None],
    ) -> None:
        self._session = session
        self._terms = terms
        self._wanted = wanted
        self._on_destroyed = on_destroyed
        self._asking = Asking(session, terms, wanted, self._give_grace, self._take)
        self._blocking: list[str] = []
        self._due: set[str] = set()  # to be destroyed
        self._sent: set[str] = set()  # being destroyed, or not to be destroyed by us

    def apply(self, blocking: list[Candidate]) -> bool:
        """Press these, as far as they are not pressed yet. Whether any is to be destroyed now."""
        self._blocking = [candidate.name for candidate in blocking]
        self._due.intersection_update(self._blocking)
        if self._terms.revocation is Revocation.DESTROY:
            self._due.update(name for name in self._blocking if name not in self._sent)
        # Posted: this may run on kazoo's connection thread, which must not send very many.
        self._session.engine.post(self._press)
        return bool(self._due)

    def _press(self) -> None:
        if self._terms.revocation is Revocation.ASK:
            self._asking.go_on(self._blocking)
        self._destroy()

    def _give_grace(self, asked: list[str]) -> None:
        if self._terms.grace is not None:
            began = self._session.wire.last_zxid
            self._session.engine.later(self._terms.grace, self._end_grace, asked, began)

    def _end_grace(self, asked: list[str], began: int) -> None:
        self._take(asked)
        self._asking.look_at_all(began)

    def _take(self, names: list[str]) -> None:
        self._due.update(names)
        self._destroy()

    def _destroy(self) -> None:
        if not self._session.connected or not self._wanted.still():
            return
        # The last first: a waiter queues again, and is not granted what is taken the next moment.
        for name in reversed(self._blocking):
            if name in self._due:
                self._due.discard(name)
                self._sent.add(name)
                path = f"{self._terms.folder}/{name}"
                destroy(self._session, path, self._done(name), self._wanted)

    def _done(self, name: str) -> Callable[[bool | BaseException], None]:
        def done(outcome: bool | BaseException) -> None:
            if isinstance(outcome, UNDONE):
                self._sent.discard(name)
                self._due.add(name)
            elif self._terms.revocation is Revocation.DESTROY:
                self._on_destroyed()

        return done
