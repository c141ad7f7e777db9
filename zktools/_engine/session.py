"""One per client: what zktools knows of its session, and the threads that it uses.

What it is made of: :mod:`.identity`, which session it is and who is told when that changes;
:mod:`.vigil`, keeping it proven, by what :mod:`.life` makes of the answers; :mod:`.asking`, how
requests and replies go to and from the engine; :mod:`.looks`, reading many nodes together.
"""

from __future__ import annotations

import os
import weakref
from collections.abc import Callable
from typing import Any

from kazoo.client import KazooClient
from kazoo.protocol.states import KeeperState

from zktools._engine.asking import Asking
from zktools._engine.delivery import Delivery
from zktools._engine.departures import Departures
from zktools._engine.identity import GAVE_UP, Identity, Member, Transition
from zktools._engine.local import local_object
from zktools._engine.looks import Looks
from zktools._engine.vigil import Dependent, Ticket, Vigil
from zktools._engine.wire import Handshake, Wire
from zktools._engine.worker import Worker
from zktools.exceptions import AccessDeniedError, ClientUnusableError

__all__ = ["Dependent", "Member", "Session", "Ticket", "Transition", "session_of"]

_ATTRIBUTE = "_zktools_session"
_LOOKS = 20
_BETWEEN_LOOKS = 0.005  # seconds
_FORKED = (
    "this KazooClient was started before a fork(): its threads do not exist in this process. Start "
    "it after the fork, or make one in each process."
)
_HIDDEN = (
    "zktools cannot see what session timeout the server grants to this KazooClient, so it cannot "
    "tell how long a lock is held: use a kazoo that zktools supports (2.11 or later)"
)


class Session(Identity, Asking):
    """What zktools knows of one client's session. Made by :func:`session_of`.

    `engine` runs the state machines: nothing on it blocks or calls a user. `delivery` has the
    places where what users gave us runs: callbacks, subscribers and observers. `vigil` keeps the
    session proven.
    """

    def __init__(self, client: KazooClient) -> None:
        self.client = client
        self.handler: Any = client.handler
        super().__init__()
        self.wire = Wire(client, self._greet)
        self.of_thread = local_object(self.handler)
        """What faces note of the thread that uses them, for each one by itself."""
        self.departures = Departures()
        self._inherited: object = None  # what ran kazoo's connection when this process was forked
        self._begin()
        _sessions.add(self)

    def _begin(self) -> None:
        """Start with nothing running, in a new process too."""
        self.engine = Worker(self.handler, _liveness(weakref.ref(self)))
        self.delivery = Delivery(self.engine)
        self.vigil = Vigil(self)
        self.looks = Looks(self)

    def _greet(self, handshake: Handshake) -> None:
        self.vigil.greet(handshake)

    def on_lost(self) -> None:
        """The session is over. On kazoo's connection thread."""
        self.vigil.lost()

    def leave_parent(self) -> None:
        """In a forked child: what was under way goes on in the parent, and not here."""
        self._inherited = self.wire.routine
        self.forget_members()
        self.forget_asked()
        self._begin()

    def check_process(self) -> None:
        """Raise :class:`ClientUnusableError` in a child forked after the client was started."""
        inherited = self._inherited is not None and self.wire.routine is self._inherited
        if inherited or not self.wire.has_thread:  # its first use by zktools is after the fork
            raise ClientUnusableError(_FORKED)

    def check_usable(self) -> None:
        """Raise where the client can never answer."""
        self.check_process()
        state = self.client.client_state
        if state == KeeperState.AUTH_FAILED:
            raise AccessDeniedError("the KazooClient's login was refused: check its auth_data")
        if state == KeeperState.CLOSED and not self.wire.is_starting:
            raise self.closed_error()
        self.wire.refuse_kazoos_threads()

    @property
    def patience(self) -> float:
        """Seconds that an answer is waited for; none where it cannot come before we return."""
        return 0.0 if self.wire.is_on_connection_thread else self.wire.session_timeout

    def closed_error(self) -> ClientUnusableError:
        """What to say of a client that is closed, and what helps."""
        if self.gave_up:
            return ClientUnusableError(GAVE_UP)
        return ClientUnusableError(
            "the KazooClient is not started, or was stopped: call client.start() first"
        )

    def check_provable(self) -> None:
        """Raise where nobody could tell for how long a lock is held."""
        for _ in range(_LOOKS):
            if self.wire.handshake is not None or not self.connected:
                return
            self.handler.sleep_func(_BETWEEN_LOOKS)  # kazoo's thread is about to say
        raise ClientUnusableError(_HIDDEN)


def session_of(client: KazooClient) -> Session:
    """The one session object of a client, made at first use.

    :raises TypeError: when it is not a :class:`kazoo.client.KazooClient`.
    """
    if not isinstance(client, KazooClient):
        raise TypeError(
            f"client must be a kazoo.client.KazooClient, not {type(client).__name__}: "
            "make one, start() it, and pass it in"
        )
    # Kept on the client itself, so that both live and die together. `setdefault` is atomic, and
    # making a Session has no effects, so a lost race costs nothing.
    found = client.__dict__.get(_ATTRIBUTE)
    if found is None:
        found = client.__dict__.setdefault(_ATTRIBUTE, Session(client))
        found.wire.attend()
    assert isinstance(found, Session)
    found.wire.amend(found.closing)
    found.engine.stand_by()
    return found


def _liveness(session: weakref.ref[Session]) -> Callable[[], bool]:
    """Whether there may be something to do for it; does not keep it alive."""

    def is_alive() -> bool:
        found = session()
        return found is not None and not found.is_closed

    return is_alive


_sessions: weakref.WeakSet[Session] = weakref.WeakSet()


def _leave_parent() -> None:
    for session in list(_sessions):
        session.leave_parent()


os.register_at_fork(after_in_child=_leave_parent)
