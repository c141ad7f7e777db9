"""Asking a candidate to let go, and destroying it. Runs on the engine, never blocks."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from kazoo.exceptions import BadVersionError, NoNodeError

from zktools._engine.multi import refusal
from zktools._engine.session import Session
from zktools._queue.attempt import TRANSIENT
from zktools._queue.layouts import Layout

log = logging.getLogger("zktools.locks")

Done = Callable[[bool | BaseException], None]


class NotWantedError(Exception):
    """Nothing was done: who wanted it is not in the queue, or not connected."""


#: With these it is not known to be done, and may have to be done yet.
UNDONE = (*TRANSIENT, NotWantedError)


class Wanted(NamedTuple):
    """For whom it is done: it is not carried out once that one has left the queue.

    What is sent may be carried out much later. So the server checks, in the same transaction, that
    the node of who wants it is there still.
    """

    still: Callable[[], bool]
    """Whether it is wanted, as far as known here."""
    place: Callable[[], str]
    """The path of the node of who wants it."""


class Request:
    """Asks one candidate to let go, inside its own record.

    Conditional on the version that was read, so a record is never overwritten by an older one; read
    again when somebody else was faster. `done` gets True when the candidate is asked now, whoever
    asked; False when it has left; an exception when it could not be asked.
    """

    def __init__(
        self,
        session: Session,
        layout: Layout,
        path: str,
        by: Mapping[str, Any],
        done: Done,
        wanted: Wanted | None = None,
    ) -> None:
        self._session = session
        self._layout = layout
        self._path = path
        self._by = by
        self._done = done
        self._wanted = wanted
        self.asked_at = 0
        """The zxid of the newest change to one whom somebody else had asked before; else 0."""

    def start(self) -> None:
        """Send it."""
        self._session.link(self._session.client.get_async(self._path), self._read)

    def _read(self, result: Any) -> None:
        if not result.successful():
            self._failed(result.exception)
            return
        data, stat = result.value
        if self._layout.is_asked(data):
            self.asked_at = stat.mzxid
            self._done(True)
            return
        change = _Change(self._session, self._wanted)
        change.set_data(self._path, self._layout.with_request(data, self._by), stat.version)
        change.send(self._written)

    def _written(self, outcome: bool | BaseException) -> None:
        if isinstance(outcome, BadVersionError):
            self.start()
        elif isinstance(outcome, BaseException):
            self._failed(outcome)
        else:
            self._done(outcome)

    def _failed(self, error: BaseException) -> None:
        if isinstance(error, NoNodeError):
            self._done(False)
            return
        if not isinstance(error, NotWantedError):
            log.warning("%s: cannot be asked to let go: %r", self._path, error)
        self._done(error)


def destroy(session: Session, path: str, done: Done, wanted: Wanted) -> None:
    """Delete a candidate's node. `done` as for :class:`Request`."""

    def deleted(outcome: bool | BaseException) -> None:
        if isinstance(outcome, BaseException) and not isinstance(outcome, NotWantedError):
            log.warning("%s: cannot be destroyed: %r", path, outcome)
        done(outcome)

    change = _Change(session, wanted)
    change.delete(path)
    change.send(deleted)


class _Change:
    """One change to another's node, on behalf of somebody in the queue."""

    def __init__(self, session: Session, wanted: Wanted | None) -> None:
        self._session = session
        self._wanted = wanted
        self._request: Any = session.client.transaction()
        if wanted is not None:
            self._request.check(wanted.place(), -1)
        self.set_data = self._request.set_data
        self.delete = self._request.delete

    def send(self, done: Done) -> None:
        """Have it carried out, unless it is not wanted any more."""
        if self._wanted is None or (self._session.connected and self._wanted.still()):
            self._session.link(self._request.commit_async(), self._committed, done)
        else:
            done(NotWantedError())

    def _committed(self, result: Any, done: Done) -> None:
        if not result.successful():
            done(result.exception)
            return
        refused = refusal(result.value)
        if refused is None:
            done(True)
        elif not isinstance(refused[1], NoNodeError):
            done(refused[1])
        elif self._wanted is not None and refused[0] == 0:
            done(NotWantedError())
        else:
            done(False)
