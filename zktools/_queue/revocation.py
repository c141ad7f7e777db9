"""Asking a candidate to let go, and destroying it. Runs on the engine, never blocks."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Any

from kazoo.exceptions import BadVersionError, NoNodeError

from zktools._engine.session import Session
from zktools._queue.layouts import Layout

log = logging.getLogger("zktools.locks")


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
        done: Callable[[bool | BaseException], None],
    ) -> None:
        self._session = session
        self._layout = layout
        self._path = path
        self._by = by
        self._done = done

    def start(self) -> None:
        """Send it."""
        self._session.link(self._session.client.get_async(self._path), self._read)

    def _read(self, result: Any) -> None:
        if not result.successful():
            self._failed(result.exception)
            return
        data, stat = result.value
        if self._layout.is_asked(data):
            self._done(True)
            return
        asked = self._layout.with_request(data, self._by)
        written = self._session.client.set_async(self._path, asked, version=stat.version)
        self._session.link(written, self._written)

    def _written(self, result: Any) -> None:
        if result.successful():
            self._done(True)
        elif isinstance(result.exception, BadVersionError):
            self.start()
        else:
            self._failed(result.exception)

    def _failed(self, error: BaseException) -> None:
        if isinstance(error, NoNodeError):
            self._done(False)
            return
        log.warning("%s: cannot be asked to let go: %r", self._path, error)
        self._done(error)


def destroy(session: Session, path: str, done: Callable[[bool | BaseException], None]) -> None:
    """Delete a candidate's node. `done` as for :class:`Request`."""

    def deleted(result: Any) -> None:
        if result.successful():
            done(True)
        elif isinstance(result.exception, NoNodeError):
            done(False)
        else:
            log.warning("%s: cannot be destroyed: %r", path, result.exception)
            done(result.exception)

    session.link(session.client.delete_async(path), deleted)
