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

    When somebody deleted it within its session, it stays deleted. When somebody else has made one
    in the meantime, that is the node.
    """

    def __init__(self, session: Session, create: Callable[[bytes], Any], path: str) -> None:
        self._session = session
        self._create = create
        self._path = path
        self._owner: int | None = None
        self._tried: int | None = None
        self.data: bytes | None = None
        """What to make it with; None while it is not ours to make."""

    def on_state(self, entry: Entry | None) -> None:
        """This is the state of the node now."""
        if entry is not None:
            self._owner = entry.owner
            return
        session = self._session.session_id
        if self.data is None or session is None or session in (self._owner, self._tried):
            return
        self._tried = session
        self._session.link(self._create(self.data), self._created)

    def _created(self, result: Any) -> None:
        if result.successful() or isinstance(result.exception, NodeExistsError):
            return
        self._tried = None  # a new connection is a new try
        log.warning("could not make %s again: %r", self._path, result.exception)
