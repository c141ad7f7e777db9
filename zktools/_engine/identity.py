"""Which session a client has now, and who is told when that changes.

`epoch` counts the breaks of the connection. What was true under one epoch has to be established
again under the next: watches are gone, and the session may be another one.
"""

from __future__ import annotations

import logging
from typing import Any, NamedTuple, Protocol

from kazoo.client import KazooClient
from kazoo.protocol.states import KazooState, KeeperState

from zktools._engine.wire import Wire
from zktools._engine.worker import Worker

log = logging.getLogger("zktools.session")

GAVE_UP = (
    "the KazooClient has given up by itself, and kazoo's log says why: client.start() revives it, "
    "with a new session"
)
_DEAD = (KeeperState.CLOSED, KeeperState.AUTH_FAILED)


class Transition(NamedTuple):
    """A change of the connection, as it is told to members."""

    connected: bool
    """To a server that takes changes."""
    readable: bool
    """The same, or to one that answers reads only: what it tells may be out of date."""
    lost: bool
    """The session is over; what it owned on the server is gone or going."""
    closed: bool
    """The client was stopped, or its login refused: no session will follow by itself."""
    session_id: int | None
    """Of the session now connected."""


class Member(Protocol):
    """Something that must know of changes of the connection."""

    def on_transition(self, transition: Transition) -> None:
        """The connection changed. Runs on the engine's thread."""


class Identity:
    """The part of a :class:`zktools._engine.session.Session` that knows which session it is."""

    client: KazooClient
    wire: Wire
    engine: Worker

    def __init__(self) -> None:
        super().__init__()
        self.epoch = 0
        self._was_stopped = False  # as far as members were told
        self._guard: Any = self.client.handler.lock_object()
        self._members: set[Member] = set()

    @property
    def session_id(self) -> int | None:
        """The id of the session now connected, or None."""
        client_id = self.client.client_id if self.connected else None
        return client_id[0] if client_id is not None else None

    @property
    def is_closed(self) -> bool:
        """Whether the client was stopped, or its login refused."""
        return self.client.client_state in _DEAD

    @property
    def connected(self) -> bool:
        """Whether kazoo holds a connection to a server that takes changes.

        It may be broken without kazoo knowing yet.
        """
        return self.readable and self.client.client_state != KeeperState.CONNECTED_RO

    @property
    def readable(self) -> bool:
        """The same, or to a server that has lost its quorum and takes reads only."""
        return bool(self.client.connected)

    def join(self, member: Member) -> None:
        """Tell `member` of every change from now on. Read the present state after joining."""
        with self._guard:
            if not self._members:
                self._was_stopped = False
                self.client.add_listener(self._on_state)
            self._members.add(member)

    def leave(self, member: Member) -> None:
        """Tell `member` no more. Harmless when it had not joined."""
        with self._guard:
            self._members.discard(member)
            if not self._members:
                self.client.remove_listener(self._on_state)

    @property
    def gave_up(self) -> bool:
        """Of a client that is closed: whether it ended by itself, without anybody stopping it."""
        # Between the two halves of a restart() there is nothing that runs the connection.
        is_stopped = self._was_stopped or self.wire.was_stopped
        return not is_stopped and self.wire.routine is not None

    def forget_members(self) -> None:
        """In a forked child: they live in the parent."""
        self.client.remove_listener(self._on_state)
        self.epoch += 1
        self._guard = self.client.handler.lock_object()
        self._members = set()

    def on_lost(self) -> None:
        """The session is over. On kazoo's connection thread."""

    def _on_state(self, state: str) -> None:
        # kazoo's connection thread: only note and post.
        if state == KazooState.CONNECTED:
            self._report(Transition(self.connected, True, False, self.is_closed, self.session_id))
        else:
            self._report(Transition(False, False, state == KazooState.LOST, self.is_closed, None))

    def closing(self) -> None:
        """The session is about to be ended: the server has not been asked yet.

        On kazoo's connection thread, which may have to wait long for the answer.
        """
        self._report(Transition(False, False, True, True, None))

    def _report(self, transition: Transition) -> None:
        if not transition.connected:
            self.epoch += 1
        if transition.lost:
            self.on_lost()
        was_stopped = transition.closed and self.wire.was_stopped
        if transition.closed and not was_stopped:
            log.error(GAVE_UP)
        self.engine.post(self._announce, transition, was_stopped)

    def _announce(self, transition: Transition, was_stopped: bool) -> None:
        log.debug("%r", transition)
        self._was_stopped = was_stopped  # a restart() may have gone on meanwhile
        for member in list(self._members):
            try:
                member.on_transition(transition)
            except Exception:
                log.exception("%r could not follow %r", member, transition)
