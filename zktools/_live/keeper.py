"""Keeping an ephemeral node: when its session is over, it is made again in the next one."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from kazoo.exceptions import NodeExistsError

from zktools._engine.session import Session
from zktools._live.entry import Entry

log = logging.getLogger("zktools.live")


class Keeper:
    """Makes the node again when it went with its session. Runs on the engine.

    That session is ours, or that of a predecessor: a program that was restarted finds the node of
    the process before it, which the server removes when that one's session ends; then it makes its
    own. When somebody has deleted a node of our own session, it stays deleted.
    """

    def __init__(self, session: Session, create: Callable[[bytes], Any], path: str) -> None:
        self._session = session
        self._create = create
        self._path = path
        self._written: bytes | None = None  # by us; None until it is to be kept
        self._seen: bytes | None = None  # in a node of our own, whoever wrote it
        self._is_there = False
        self._owner: int | None = None  # of the newest node
        self._own: int | None = None  # our session that made a node last
        self._tried: int | None = None

    def keep(self, data: bytes) -> None:
        """From now on it is to be there; with `data`, unless a node of our own has something."""
        self._written = data
        self._make()

    def on_state(self, entry: Entry | None) -> None:
        """This is the state of the node now."""
        self._is_there = entry is not None
        if entry is not None and not entry.is_forbidden:
            self._owner = entry.owner
            if entry.owner in (self._session.session_id, self._own):
                self._own, self._seen = entry.owner, entry.data
            else:
                self._seen = None
        self._make()

    def _make(self) -> None:
        session = self._session.session_id
        if self._is_there or self._written is None or session is None:
            return
        if session in (self._owner, self._tried):
            return
        self._tried = session
        data = self._written if self._seen is None else self._seen
        self._session.link(self._create(data), self._created)

    def _created(self, result: Any) -> None:
        if result.successful() or isinstance(result.exception, NodeExistsError):
            return
        self._tried = None  # a new connection is a new try
        log.warning("could not make %s again: %r", self._path, result.exception)
