"""One per client: its session's identity, how long it is proven, and the threads zktools uses.

**Proof of life.** kazoo reports a lost session only when it reaches a server again, and a broken
connection only after two thirds of the session timeout, or never while requests keep being sent
into a black hole. A lease must not depend on that. So the session remembers when it sent the
newest *leader-ordered* request (create, delete, set, multi, sync) that was answered: the server
counts the session timeout from when it hears from the client, which is never before the client
sent. Until :data:`SAFE` of the timeout after that moment the server cannot have ended the session;
after it, everybody who depends on it must have stopped believing.

Why leader-ordered: a follower cut off from its leader goes on answering reads while the leader,
which alone ends sessions, hears nothing of the client. Why two thirds: what the follower heard last
may not have reached the leader; then the leader counts from the activity before, at most a third of
the timeout earlier (kazoo pings at a third).

**Identity.** `epoch` counts the breaks of the connection. What was true under one epoch has to be
established again under the next: watches are gone, and the session may be another one.
"""

from __future__ import annotations

import logging
import os
import weakref
from collections import deque
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple, Protocol

from kazoo.client import KazooClient
from kazoo.exceptions import NotReadOnlyCallError
from kazoo.protocol.states import KazooState, KeeperState

from zktools._engine.clock import now
from zktools._engine.delivery import Delivery
from zktools._engine.local import local_object
from zktools._engine.outcome import Outcome
from zktools._engine.steps import Steps, run
from zktools._engine.wire import Wire
from zktools._engine.worker import Timer, Worker
from zktools.exceptions import (
    AccessDeniedError,
    ClientUnusableError,
    NotConnectedError,
    OutcomeUnknownError,
    translate,
)

log = logging.getLogger("zktools.session")

#: The part of the session timeout, after a proof of life, in which the session cannot end.
SAFE = 2 / 3
#: The part of the session timeout after which a proof of life is renewed.
RENEW = 1 / 6
#: Seconds between looks at whether there is room for more requests.
_PAUSE = 0.02

_ATTRIBUTE = "_zktools_session"
_FORKED = (
    "this KazooClient was started before a fork(): its threads do not exist in this process. Make "
    "and start a client of its own in each process."
)
_GAVE_UP = (
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


class Ticket(NamedTuple):
    """When, and under which epoch, a request was sent."""

    epoch: int
    sent: float


class Member(Protocol):
    """Something that must know of changes of the connection."""

    def on_transition(self, transition: Transition) -> None:
        """The connection changed. Runs on the engine's thread."""


class Dependent(Protocol):
    """Something that is lost when the session cannot be proven in time."""

    def on_proof_due(self, at: float) -> float:
        """It is `at` now; answer when you would be lost without a newer proof. On the engine."""


class Session:
    """What zktools knows of one client's session. Made by :func:`session_of`.

    `engine` runs the state machines: nothing on it blocks or calls a user. `delivery` has the
    places where what users gave us runs: callbacks, subscribers and observers.
    """

    def __init__(self, client: KazooClient) -> None:
        self.client = client
        self.handler: Any = client.handler
        self.wire = Wire(client)
        self.engine = Worker(self.handler, _liveness(weakref.ref(self)))
        self.delivery = Delivery(self.engine)
        self.of_thread = local_object(self.handler)
        """What faces note of the thread that uses them, for each one by itself."""
        self.epoch = 0
        self._pid = os.getpid()
        self._guard: Any = self.handler.lock_object()
        self._members: set[Member] = set()
        self._dependents: set[Dependent] = set()
        self._renewal: Timer | None = None
        self._renewal_at = float("inf")
        self._asked: deque[tuple[Any, ...]] = deque()
        self._asks_later = False
        self._unanswered = -1  # the epoch of a renewal that the server has not answered
        self.last_proof = float("-inf")
        """When the newest answered leader-ordered request of this session was sent."""

    # -- what callers of public methods need ---------------------------------------------------

    def check_process(self) -> None:
        """Raise :class:`ClientUnusableError` in a forked child."""
        if os.getpid() != self._pid:
            raise ClientUnusableError(_FORKED)

    def check_usable(self) -> None:
        """Raise where the client can never answer."""
        self.check_process()
        state = self.client.client_state
        if state == KeeperState.AUTH_FAILED:
            raise AccessDeniedError("the KazooClient's login was refused: check its auth_data")
        if state == KeeperState.CLOSED:
            raise self.closed_error()
        if not self.wire.has_thread:  # its first use by zktools is after the fork
            raise ClientUnusableError(_FORKED)
        self.wire.refuse_kazoos_threads()

    @property
    def patience(self) -> float:
        """Seconds that an answer is waited for; none where it cannot come before we return."""
        return 0.0 if self.wire.is_on_connection_thread else self.wire.session_timeout

    def closed_error(self) -> ClientUnusableError:
        """What to say of a client that is closed, and what helps."""
        if self.wire.was_stopped:
            return ClientUnusableError(
                "the KazooClient is not started, or was stopped: call client.start() first"
            )
        return ClientUnusableError(_GAVE_UP)

    def wait(
        self, result: Any, doing: str, timeout: float | None = None, *, changes: bool = False
    ) -> Any:
        """Wait on this thread for what :meth:`answer` gives."""
        return run(self.answer(result, doing, timeout, changes=changes))

    def answer(
        self, result: Any, doing: str, timeout: float | None = None, *, changes: bool = False
    ) -> Steps[Any]:
        """The value of an async result; our own error when it fails or does not come in time.

        Without a `timeout` (seconds), one session timeout: by then kazoo has noticed a dead server.
        `changes` says that the request changes something, so that no answer means
        :class:`OutcomeUnknownError`: kazoo may still send it, or its reply was lost.
        """
        yield result, self.wire.session_timeout if timeout is None else timeout
        missing = OutcomeUnknownError if changes else NotConnectedError
        if not result.ready():
            raise missing(f"{doing}: ZooKeeper did not answer in time")
        if result.successful():
            return result.get()
        error: BaseException = result.exception
        translated = translate(error, doing)
        refused = isinstance(error, NotReadOnlyCallError)
        if changes and type(translated) is NotConnectedError and not refused:
            translated = OutcomeUnknownError(*translated.args)
        raise translated from (error if translated is not error else None)

    def ask(self, request: Callable[..., Any], *args: Any) -> Outcome:
        """Have the engine send one of kazoo's requests; its outcome, for the thread that asks.

        Sent and waited for on a user's thread, an interrupt there could be swallowed by kazoo, keep
        its queue one request behind, or leave its result's lock taken.
        """
        outcome = Outcome(self.handler)
        self.engine.post(self._send_in_turn, (outcome, request, *args))
        return outcome

    def _send_in_turn(self, *asked: tuple[Any, ...]) -> None:
        # Where sending might block, what users ask for waits here until there is room.
        self._asked.extend(asked)
        while self._asked and self.wire.has_room:
            self.send(*self._asked.popleft())
        if self._asked and not self._asks_later:
            self._asks_later = True
            self.engine.later(_PAUSE, self._ask_again)

    def _ask_again(self) -> None:
        self._asks_later = False
        self._send_in_turn()

    def send(self, outcome: Outcome, request: Callable[..., Any], *args: Any) -> Any:
        """Send it, for `outcome`; kazoo's own result, None if there is none. On the engine."""

        def answered(result: Any) -> None:
            if result.successful():
                outcome.set(result.get())
            else:
                outcome.set_exception(result.exception)

        try:
            result = request(*args)
        except Exception as error:  # noqa: BLE001 - it is the caller's
            outcome.set_exception(error)
            return None
        result.rawlink(answered)
        return result

    # -- identity ------------------------------------------------------------------------------

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
                self.client.add_listener(self._on_state)
            self._members.add(member)

    def leave(self, member: Member) -> None:
        """Tell `member` no more. Harmless when it had not joined."""
        with self._guard:
            self._members.discard(member)
            if not self._members:
                self.client.remove_listener(self._on_state)

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
            self.last_proof = float("-inf")
        if transition.closed and not self.wire.was_stopped:
            log.error(_GAVE_UP)
        self.engine.post(self._announce, transition)

    def _announce(self, transition: Transition) -> None:
        log.debug("%r", transition)
        for member in list(self._members):
            try:
                member.on_transition(transition)
            except Exception:
                log.exception("%r could not follow %r", member, transition)

    # -- proof of life -------------------------------------------------------------------------

    def ticket(self) -> Ticket:
        """Take one right before sending a leader-ordered request."""
        return Ticket(self.epoch, now())

    def confirm(self, ticket: Ticket) -> None:
        """The request that `ticket` was taken for was answered: the session lived when it was sent.

        A ticket of an earlier epoch proves nothing: the session may be another one.
        """
        if ticket.epoch == self.epoch and ticket.sent > self.last_proof:
            at = now()
            if at >= self._renewal_at:  # which is before anybody's end
                for dependent in list(self._dependents):
                    dependent.on_proof_due(at)  # for some this comes too late
            self.last_proof = ticket.sent

    def safe_until(self, session_timeout: float | None) -> float:
        """Until when this session cannot have ended, by its newest proof of life.

        `session_timeout`: what the user knows the server to grant, in seconds, or None.
        """
        return self.last_proof + SAFE * self._timeout(session_timeout)

    def may_end_at(self, session_timeout: float | None) -> float:
        """When the server may end this session if it hears nothing; as :meth:`safe_until`."""
        return self.last_proof + self._timeout(session_timeout)

    def _timeout(self, session_timeout: float | None) -> float:
        granted = self.wire.session_timeout
        return min(granted, session_timeout or granted)

    def depend(self, dependent: Dependent) -> None:
        """Keep the session proven for `dependent`, and tell it when it is not. Engine only."""
        self._dependents.add(dependent)
        at = now()
        if self._renewal is None or self._due(at, dependent.on_proof_due(at)) < self._renewal_at:
            self._renew()

    def undepend(self, dependent: Dependent) -> None:
        """No longer. Harmless when it did not depend. Engine only."""
        self._dependents.discard(dependent)

    def _renew(self) -> None:
        if self._renewal is not None:
            self._renewal.cancel()
            self._renewal = None
        at = now()
        ends = [dependent.on_proof_due(at) for dependent in list(self._dependents)]
        if not self._dependents:
            return
        end = min(ends)
        # One at a time: what is sent into a network that swallows everything keeps kazoo from the
        # ping whose missing answer tells it to look for another server.
        wanted = self.connected and self._unanswered != self.epoch
        if wanted and at - self.last_proof >= self._period(end) / 2:
            self._unanswered = self.epoch
            self.prove(partial(self._renewed, self.epoch))
        self._renewal_at = self._due(at, end)
        self._renewal = self.engine.later(max(self._renewal_at - at, 0.001), self._renew)

    def _renewed(self, epoch: int, _result: Any) -> None:
        if self._unanswered == epoch:
            self._unanswered = -1
            self._renew()  # on a slow link the next is due already

    def _due(self, at: float, end: float) -> float:
        """When to look again at who would be lost at `end`."""
        return min(at + self._period(end), end)

    def _period(self, end: float) -> float:
        """How often to renew a proof that is good until `end`: by whose timeout that is."""
        if end == float("inf"):
            return RENEW * self.wire.session_timeout
        return (end - self.last_proof) * (RENEW / SAFE)

    def prove(self, then: Callable[[Any], None] | None = None) -> None:
        """Ask the leader for a sign of life; call ``then(result)`` on the engine afterwards."""
        ticket = self.ticket()

        def answered(result: Any) -> None:
            if result.successful():
                self.confirm(ticket)
            if then is not None:
                then(result)

        self.link(self.client.sync_async("/"), answered)

    @property
    def sends_directly(self) -> bool:
        """Whether a caller may send a few requests itself without being held up by that."""
        return self.wire.able and self.wire.has_room

    def bring(self, function: Callable[..., None], *args: Any) -> None:
        """Run a step of a lock on the engine; from kazoo's connection thread, there if idle.

        A step sends a few requests at most. Each is a byte into a socket pair that this thread
        itself empties, and that holds a few hundred: with others waiting to be sent, not here.
        """
        if self.wire.has_room:
            self.engine.bring(function, *args)
        else:
            self.engine.post(function, *args)

    def behind_events(self, function: Callable[..., None], *args: Any) -> None:
        """As :meth:`bring`, but after all events that the server sent until now."""
        self._queue_behind_events(self.bring, function, args)

    def link(self, result: Any, function: Callable[..., None], *args: Any) -> None:
        """Run ``function(result, *args)`` on the engine once an async result of kazoo's is set."""
        result.rawlink(lambda done: self.engine.post(function, done, *args))

    def link_in_order(self, result: Any, function: Callable[..., None], *args: Any) -> None:
        """Like :meth:`link`, but after all events that the server sent ahead of the reply."""
        post = self.engine.post
        result.rawlink(lambda done: self._queue_behind_events(post, function, (done, *args)))

    def _queue_behind_events(
        self, run: Callable[..., None], function: Callable[..., None], args: tuple[Any, ...]
    ) -> None:
        self.wire.behind_events(run, function, *args)


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
