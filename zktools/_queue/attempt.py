"""One attempt to enter a queue: one create, under one GUID, and what is known of it."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import Any

from kazoo.exceptions import (
    ConnectionLoss,
    NotReadOnlyCallError,
    OperationTimeoutError,
    SessionExpiredError,
)

from zktools._queue.layouts import Layout
from zktools._queue.order import Candidate

#: After these a request may or may not have been carried out, or will not be for now; reconnecting,
#: or asking again, tells.
TRANSIENT = (
    ConnectionLoss,
    OperationTimeoutError,
    SessionExpiredError,
    NotReadOnlyCallError,  # the server has lost its quorum
    RuntimeError,  # kazoo's, for a reply out of turn: its thread ends, and the client is closed
)


class Fate(enum.Enum):
    """What is known of an attempt's create."""

    SENT = enum.auto()
    MADE = enum.auto()
    REFUSED = enum.auto()
    UNKNOWN = enum.auto()
    """The reply was lost: a listing behind a proof of life tells."""


@dataclass
class Attempt:
    """One node, made or to be made.

    A GUID is used for one create only, so there is never more than one node of it; and only in the
    session that sent it, so a new session never takes an old one's node for its own.
    """

    layout: Layout
    folder: str
    guid: str
    session_id: int | None
    epoch: int
    """Of the connection when the create was sent."""
    fate: Fate = Fate.SENT
    own: Candidate | None = None
    name: str | None = None
    """Of the node, once known."""
    czxid: int = 0
    listing: tuple[list[str], int] | None = None
    """Names and epoch of the newest listing not yet considered."""

    @property
    def may_exist(self) -> bool:
        """Whether there is, or may be, a node to be removed."""
        return self.fate in (Fate.MADE, Fate.UNKNOWN)

    def learn(self, result: Any) -> None:
        """Take in the outcome of the create; that of somebody else's tells nothing of ours."""
        if result.successful():
            path, stat = result.value
            folder, _, name = path.rpartition("/")
            own = self.layout.parse(name)
            if own is not None and own.guid == self.guid and folder.endswith(self.folder):
                self.identify(own, stat)
            else:
                self.fate = Fate.UNKNOWN
        elif isinstance(result.exception, TRANSIENT):
            self.fate = Fate.UNKNOWN
        else:
            self.fate = Fate.REFUSED

    def identify(self, own: Candidate, stat: Any) -> None:
        """The node is this one."""
        self.fate = Fate.MADE
        self.own = own
        self.name = own.name
        self.czxid = stat.czxid
        self.session_id = stat.ephemeralOwner

    def is_one_of(self, names: list[str]) -> Candidate | None:
        """The candidate among these that carries our GUID."""
        return next((c for c in self.layout.queue(names) if c.guid == self.guid), None)
