"""Making the candidates of several queues in one transaction."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from typing import Any

from kazoo.exceptions import NoNodeError

from zktools._engine.arguments import acl_size
from zktools._engine.multi import Result, refusal
from zktools._engine.session import Session, Ticket
from zktools._queue.attempt import TRANSIENT, Attempt, Fate
from zktools._queue.candidacy import Candidacy
from zktools._queue.requests import list_children
from zktools._queue.terms import Terms


def entry_size(session: Session, terms: Terms) -> int:
    """Bytes that one part takes in the transaction, or some more."""
    name = terms.layout.prefix(terms.kind, uuid.uuid4().hex, terms.weight)
    path = session.wire.absolute(f"{terms.folder}/{name}")
    acl = acl_size(terms.acl or session.client.default_acl or ())
    return len(path.encode()) + len(terms.layout.encode(terms.who)) + acl + 64


class Part(Candidacy):
    """The node of one part: ``entering(part)`` is called where others would make theirs at once."""

    entering: Callable[[Part], None]

    def enter(self) -> None:
        """See :class:`Candidacy`."""
        if self._session.session_id is not None:
            self.entering(self)

    def join(self, request: Any) -> Attempt:
        """Have this transaction make the node."""
        self.prepare()
        attempt = self.attempt
        assert attempt is not None
        terms = self._terms
        prefix = terms.layout.prefix(terms.kind, attempt.guid, terms.weight)
        data = terms.layout.encode(terms.who)
        path = f"{terms.folder}/{prefix}"
        request.create(path, data, acl=terms.acl, ephemeral=True, sequence=True)
        return attempt

    def list(self, attempt: Attempt) -> None:
        """List the queue, behind that transaction."""
        list_children(self._session, self._terms.folder, self._listed, attempt, attempt.epoch)

    def hidden(self, attempt: Attempt, error: BaseException) -> None:
        """The node was made, and the server does not tell what is to be known of it."""
        attempt.fate = Fate.UNKNOWN
        if self._is_current(attempt):
            self._fail(error, f"looking for our node in {self._terms.folder}")
        else:
            self._remove(attempt)

    def made(self, result: Any, attempt: Attempt, ticket: Ticket) -> None:
        """What became of the node: as of a create of its own."""
        self._created(result, attempt, ticket)


class Entry:
    """The transaction that makes the nodes of all parts. On the engine.

    The listings follow right behind it, so that entering takes one round trip, and one more to
    learn the number of the transaction, which kazoo does not tell.
    """

    def __init__(self, session: Session, parts: Sequence[Part]) -> None:
        self._session = session
        self._parts = parts
        self._ticket = session.vigil.ticket()
        self._attempts: list[Attempt] = []

    def send(self) -> None:
        """Send it."""
        request = self._session.client.transaction()
        self._attempts = [part.join(request) for part in self._parts]
        self._session.link(request.commit_async(), self._answered)
        for part, attempt in zip(self._parts, self._attempts, strict=True):
            part.list(attempt)

    def _answered(self, result: Any) -> None:
        refused = refusal(result.value) if result.successful() else None
        if not result.successful():
            self._tell_all(Result(None, result.exception))
        elif refused is not None:
            # None was made. If it is for a missing folder, that is made now, and all enter again.
            number, error = refused
            self._tell(number, Result(None, error))
        else:
            self._look(result.value, 0)

    def _look(self, paths: list[str], number: int) -> None:
        """One transaction made them all: what is to be known of one is true of each."""
        looked = self._session.client.exists_async(paths[number])
        self._session.link(looked, self._looked, paths, number)

    def _looked(self, result: Any, paths: list[str], number: int) -> None:
        if isinstance(result.exception, TRANSIENT):
            self._tell_all(Result(None, result.exception), number)
        elif not result.successful():
            # Since ZooKeeper 3.8.4 and 3.9.2 this needs the permission to read.
            for other in range(number, len(paths)):
                self._parts[other].hidden(self._attempts[other], result.exception)
        elif result.value is not None:
            for other in range(number, len(paths)):
                path = self._session.wire.absolute(paths[other])
                self._tell(other, Result((path, result.value), None))
        else:
            # It was destroyed this moment. The others are there, and may have to go.
            self._tell(number, Result(None, NoNodeError()))
            if number + 1 < len(paths):
                self._look(paths, number + 1)

    def _tell_all(self, result: Result, first: int = 0) -> None:
        for number in range(first, len(self._parts)):
            self._tell(number, result)

    def _tell(self, number: int, result: Result) -> None:
        self._parts[number].made(result, self._attempts[number], self._ticket)
