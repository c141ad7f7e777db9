"""The janitor: a candidate that nobody wants any more is deleted, whatever it takes."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from kazoo.exceptions import NoNodeError

from zktools._engine.session import Session, Transition
from zktools._queue.requests import delete
from zktools._queue.terms import Terms

log = logging.getLogger("zktools.locks")

_FIRST_DELAY = 0.05
_LONGEST_DELAY = 30.0


class Removal:
    """Deletes what one attempt to enter a queue has left, until it is certainly gone.

    A lost reply, a broken connection or a server that is busy with itself only make it try again:
    once connected, or after a growing delay. It ends when the server said that the node is gone,
    or the session that owned it is over. Where the reply to the create was lost, it looks for the
    attempt's GUID first, after a word from a quorum: a server that lags behind, or a leader that
    was deposed and does not know, may not show the node.

    All methods run on the engine. `answer` is called once, as soon as something can be said: True,
    we deleted it; False, it was gone already; None, not yet known, going on in the background.
    """

    def __init__(
        self,
        session: Session,
        terms: Terms,
        guid: str,
        name: str | None,
        answer: Callable[[bool | None], None] | None = None,
    ) -> None:
        self._session = session
        self._folder = terms.folder
        self._layout = terms.layout
        self._guid = guid
        self._names = [name] if name is not None else []
        self._answer = answer
        self._round = 0
        self._delay = _FIRST_DELAY

    def start(self) -> None:
        """Begin."""
        self._session.join(self)
        self._try()

    def on_transition(self, transition: Transition) -> None:
        """Go on when connected; stop when the session has taken the node along."""
        if transition.closed or (transition.lost and self._names):
            self._finish(deleted=False)
        elif transition.connected:
            self._try()
        else:
            self._say(None)

    def _try(self) -> None:
        self._round += 1
        if self._session.is_closed:
            self._finish(deleted=False)
        elif not self._session.connected:
            self._say(None)
        elif self._names:
            self._delete()
        else:
            self._search()

    def _search(self) -> None:
        self._session.vigil.prove()
        listed = self._session.client.get_children_async(self._folder)
        self._session.link(listed, self._found, self._round)

    def _found(self, result: Any, of_round: int) -> None:
        if of_round != self._round:
            return
        if not result.successful():
            self._failed(result.exception)
            return
        candidates = self._layout.candidates(result.value)
        self._names = [c.name for c in candidates if c.guid == self._guid]
        if self._names:
            self._delete()
        else:
            self._finish(deleted=False)

    def _delete(self) -> None:
        ticket = self._session.vigil.ticket()
        path = f"{self._folder}/{self._names[0]}"
        delete(self._session, path, self._deleted, self._round, ticket)

    def _deleted(self, result: Any, of_round: int, ticket: Any) -> None:
        if of_round != self._round:
            return
        if result.successful():
            self._session.vigil.confirm(ticket)
            self._finish(deleted=True)
        else:
            self._failed(result.exception)

    def _failed(self, error: BaseException) -> None:
        if isinstance(error, NoNodeError):
            self._finish(deleted=False)
            return
        self._say(None)
        if self._session.connected:
            # Refused, not cut off: an ACL, a server in trouble. The node still blocks others.
            log.warning("%s/*%s*: cannot be deleted: %r", self._folder, self._guid, error)
            self._session.engine.later(self._delay, self._again, self._round)
            self._delay = min(self._delay * 2, _LONGEST_DELAY)

    def _again(self, of_round: int) -> None:
        if of_round == self._round:
            self._try()

    def _finish(self, *, deleted: bool) -> None:
        self._round += 1
        self._session.leave(self)
        self._say(deleted)

    def _say(self, deleted: bool | None) -> None:
        answer, self._answer = self._answer, None
        if answer is not None:
            answer(deleted)
