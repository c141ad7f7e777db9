"""One place in a lock's queue, from entering it to leaving it for certain.

A state machine on the engine's thread, driven by kazoo's async results and watch events; nothing in
it blocks. Users' threads start it, wait for `settled`, and ask it to leave::

             start
               │                     same session: sync, list, adopt by GUID or enter again
               ▼   connection lost   new session: enter again
    ┌───── ENTERING ◄────────────────────────────┐
    │        │    │ listed: somebody blocks us   │ our node vanished, or connection lost
    │ listed:│    ▼                              │
    │ nobody │  WAITING ─────────────────────────┘
    │ blocks │    │ the only blocker left, or listed: nobody blocks
    │        ▼    ▼
    │        HELD ───── connection lost: unproven until verified in the same session
    │        │    │ destroyed, session over, or not proven in time: `lost` is set
    │ settled│    ▼
    │ other- │  release
    │ wise   ▼
    └─────► LEFT ───── a Removal deletes the node, however long that takes

**Entering takes one round trip.** The create and the listing go out together; a session is FIFO, so
the listing was made after the create.

**The grant needs no listing** when at our last listing there was one blocker, and it left. That
rests on two things: nobody ever enters the queue ahead of a candidate (sequence numbers only grow,
and no node is made again under an old one); and the watch on our own node was armed no later than
the one on the blocker, so that, events being delivered in order, our own deletion would be known.

**Look-ahead.** The blocker before the last one is watched too. When it leaves we list again, while
the last one still holds, so that we know to be next when our turn comes.

**Events and replies** reach the engine by different threads of kazoo's, so an event can overtake an
older reply or be overtaken. Hence `_gone`: a name reported deleted stays gone, whatever an older
listing says. A vanished own node is believed from an event or a listing, its presence only from a
reply that was sent for under the present epoch.
"""

from __future__ import annotations

import enum
import logging
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from kazoo.exceptions import (
    ConnectionLoss,
    NoNodeError,
    OperationTimeoutError,
    SessionExpiredError,
)
from kazoo.protocol.states import EventType, WatchedEvent

from zktools import _queue, _record
from zktools._clock import now
from zktools._removal import Removal
from zktools._requests import create_candidate, list_children
from zktools._revocation import Request, destroy
from zktools._session import Session, Ticket, Transition
from zktools._wire import NEVER
from zktools.exceptions import (
    ClientUnusableError,
    LockCancelled,
    MissingNodeError,
    translate,
)

log = logging.getLogger("zktools.locks")

# After these a request may or may not have been carried out, or will not be for now; reconnecting,
# or asking again, tells.
_TRANSIENT = (ConnectionLoss, OperationTimeoutError, SessionExpiredError)


#: Seconds after an uncontended grant until the watch on our own node is armed. It reports what
#: came before as well, so a short hold saves the request and misses nothing it could have acted on.
ARM_DELAY = 0.005


class Reason(enum.Enum):
    """Why a hold was revoked."""

    ASKED = "asked"
    """Somebody asked for the lock; it is still held."""
    DESTROYED = "destroyed"
    """The candidate's node was deleted; others may hold the lock."""
    SESSION_LOST = "session lost"
    """The session ended, or can no longer be proven not to have ended."""


class Revocation(enum.Enum):
    """What to do about those who block us."""

    NONE = enum.auto()
    ASK = enum.auto()
    DESTROY = enum.auto()


class _State(enum.Enum):
    ENTERING = enum.auto()
    WAITING = enum.auto()
    HELD = enum.auto()
    LEFT = enum.auto()


class _Verdict(enum.Enum):
    GRANTED = enum.auto()
    REFUSED = enum.auto()
    ABANDONED = enum.auto()
    FAILED = enum.auto()


@dataclass(frozen=True)
class Terms:
    """What is claimed, and how. The same for every attempt to enter the queue."""

    folder: str
    kind: str
    who: dict[str, Any]
    acl: list[Any] | None
    session_timeout: float | None
    wait: bool
    """Whether to wait for others; otherwise the claim is refused as soon as it is blocked."""
    revocation: Revocation
    grace: float | None
    """Seconds between asking a blocker and destroying it; None for never."""
    on_revoke: Callable[[Reason], None]
    """Called once on the delivery thread, when the hold is revoked first."""


class _Fate(enum.Enum):
    """What is known of an attempt's create."""

    SENT = enum.auto()
    MADE = enum.auto()
    REFUSED = enum.auto()
    UNKNOWN = enum.auto()
    """The reply was lost: a listing after a sync tells."""


@dataclass
class _Attempt:
    """One node, made or to be made, under one GUID."""

    guid: str
    session_id: int | None
    fate: _Fate = _Fate.SENT
    own: _queue.Candidate | None = None
    czxid: int = 0
    listing: tuple[list[str], int] | None = None
    """Names and epoch of a listing that came before the create's outcome."""

    @property
    def name(self) -> str | None:
        """Of the node, once known."""
        return self.own.name if self.own is not None else None


class Claim:
    """One place in a lock's queue."""

    def __init__(self, session: Session, terms: Terms) -> None:
        self.session = session
        self.terms = terms
        self.settled: Any = session.handler.event_object()
        self.lost: Any = session.handler.event_object()
        self.error: BaseException | None = None
        self.is_asked = False
        self.reason: Reason | None = None
        self._guard: Any = session.handler.lock_object()
        self._verdict: _Verdict | None = None
        self._released = False
        # What follows belongs to the engine.
        self._state = _State.ENTERING
        self._attempt: _Attempt | None = None
        self._epoch = -1  # under which our node was last seen, or made
        self._listing_epoch = -1  # of the listing under way
        self._watching: list[str] = []
        self._armed: set[str] = set()
        self._gone: set[str] = set()
        self._is_next = False
        self._pressed: set[str] = set()  # blockers asked, or destroyed
        self._told = False

    # -- for users' threads --------------------------------------------------------------------

    def start(self) -> None:
        """Enter the queue."""
        self.session.engine.post(self._start)

    @property
    def is_granted(self) -> bool:
        """Whether the claim came to hold the lock; it may have lost it since."""
        return self._verdict is _Verdict.GRANTED

    @property
    def is_held(self) -> bool:
        """Whether the lock is held for certain: now, in this session, with the node in place."""
        return (
            self._state is _State.HELD
            and not self._released
            and self._epoch == self.session.epoch
            and self.session.connected
            and now() < self._safe_until()
        )

    @property
    def is_lost(self) -> bool:
        """Whether a granted lock was lost for good, by events or by the clock."""
        if self.lost.is_set():
            return True
        return self.is_granted and not self._released and now() >= self._safe_until()

    @property
    def is_released(self) -> bool:
        """Whether it was let go before it was lost."""
        return self._released and not self.lost.is_set()

    @property
    def is_over(self) -> bool:
        """Whether the hold can never be valid again."""
        return self._released or self.is_lost

    @property
    def path(self) -> str | None:
        """Of our node; None while there is none."""
        attempt = self._attempt
        name = attempt.name if attempt is not None else None
        return f"{self.terms.folder}/{name}" if name is not None else None

    @property
    def token(self) -> int:
        """The czxid of our node."""
        assert self._attempt is not None
        return self._attempt.czxid

    @property
    def session_id(self) -> int | None:
        """Of the session that owns our node."""
        return self._attempt.session_id if self._attempt is not None else None

    def abandon(self) -> bool:
        """Stop waiting. False when the claim was settled before: then it may be granted."""
        if not self._decide(_Verdict.ABANDONED):
            return False
        self.session.engine.post(self._leave)
        return True

    def cancel(self) -> bool:
        """Make the waiting thread fail. Whether it was still waiting."""
        if not self._decide(_Verdict.FAILED):
            return False
        self.error = LockCancelled(f"waiting for {self.terms.folder} was cancelled")
        self.settled.set()
        self.session.engine.post(self._leave)
        return True

    def release(self, answer: Callable[[bool | None], None]) -> None:
        """Let go. `answer` is called on the engine as by :class:`Removal`; False if not held."""
        self._released = True
        self.session.engine.post(self._release, answer)

    # -- beginning and end ---------------------------------------------------------------------

    def _start(self) -> None:
        self.session.join(self)
        session_id = self.session.session_id
        if self.session.is_closed:
            self._end(ClientUnusableError("the KazooClient was stopped"))
        elif session_id is not None:
            self._enter(session_id)
        elif not self.terms.wait:
            self._refuse()

    def _decide(self, verdict: _Verdict) -> bool:
        # The only word between the engine, which grants, and a user's thread, which gives up.
        with self._guard:
            if self._verdict is not None:
                return False
            self._verdict = verdict
            return True

    def _refuse(self) -> None:
        if self._decide(_Verdict.REFUSED):
            self._leave()
            self.settled.set()

    def _fail(self, error: BaseException) -> None:
        self.error = error
        if self._decide(_Verdict.FAILED):
            self._leave()
            self.settled.set()

    def _leave(self, answer: Callable[[bool | None], None] | None = None) -> None:
        """Step out of the queue; whatever node there is, or may be, is removed."""
        self._state = _State.LEFT
        self.session.undepend(self)
        self._forget()
        attempt = self._attempt
        # While the create is under way its outcome is what the removal starts from: _created.
        if attempt is not None and attempt.fate in (_Fate.MADE, _Fate.UNKNOWN):
            self._remove(attempt, answer)
        elif answer is not None:
            answer(False)
        self.session.leave(self)

    def _remove(
        self, attempt: _Attempt, answer: Callable[[bool | None], None] | None = None
    ) -> None:
        Removal(self.session, self.terms.folder, attempt.guid, attempt.name, answer).start()

    def _forget(self) -> None:
        armed = [f"{self.terms.folder}/{name}" for name in self._armed]
        self.session.wire.forget(self._on_watch, armed)
        self._armed.clear()

    # -- entering ------------------------------------------------------------------------------

    def _enter(self, session_id: int) -> None:
        """Join the end of the queue with a new node."""
        self._state = _State.ENTERING
        self._watching, self._is_next = [], False
        self._forget()
        self._gone.clear()
        attempt = self._attempt = _Attempt(uuid.uuid4().hex, session_id)
        prefix = _queue.prefix(self.terms.kind, attempt.guid)
        ticket = self.session.ticket()
        create_candidate(
            self.session,
            f"{self.terms.folder}/{prefix}",
            _record.encode(self.terms.who),
            self.terms.acl,
            self._created,
            attempt,
            ticket,
        )
        self._listing_epoch = -1
        self._list()

    def _created(self, result: Any, attempt: _Attempt, ticket: Ticket) -> None:
        error = None if result.successful() else result.exception
        if error is None:
            path, stat = result.value
            self.session.confirm(ticket)
            attempt.fate = _Fate.MADE
            attempt.own = _queue.parse(path.rpartition("/")[2])
            attempt.czxid = stat.czxid
            attempt.session_id = stat.ephemeralOwner
        else:
            attempt.fate = _Fate.UNKNOWN if isinstance(error, _TRANSIENT) else _Fate.REFUSED
        if attempt is not self._attempt or self._state is not _State.ENTERING:
            if attempt.fate is not _Fate.REFUSED:
                self._remove(attempt)  # nobody wants it any more
        elif attempt.fate is not _Fate.REFUSED:
            self._consider(attempt)
        elif isinstance(error, NoNodeError):
            self._make_folder()
        else:
            assert error is not None
            self._fail(translate(error, f"entering the queue of {self.terms.folder}"))

    def _make_folder(self) -> None:
        made = self.session.client.ensure_path_async(self.terms.folder, acl=self.terms.acl)
        self.session.link(made, self._folder_made, self._attempt)

    def _folder_made(self, result: Any, attempt: _Attempt) -> None:
        if attempt is not self._attempt or self._state is not _State.ENTERING:
            return
        if result.successful() or isinstance(result.exception, _TRANSIENT):
            self._enter_again()
        elif isinstance(result.exception, NoNodeError):
            root = self.session.client.chroot
            self._fail(MissingNodeError(f"the client's chroot {root} does not exist: create it"))
        else:
            self._fail(translate(result.exception, f"creating {self.terms.folder}"))

    def _enter_again(self) -> None:
        session_id = self.session.session_id
        if session_id is not None:
            self._enter(session_id)
        else:  # _resume will, once connected
            self._state, self._attempt = _State.ENTERING, None

    # -- looking at the queue ------------------------------------------------------------------

    def _list(self) -> None:
        epoch = self.session.epoch
        attempt = self._attempt
        if attempt is None or self._listing_epoch == epoch:
            return
        self._listing_epoch = epoch
        if attempt.fate is _Fate.UNKNOWN:
            # This server may lag behind the one that took the create.
            self.session.client.sync_async(self.terms.folder)
        list_children(self.session, self.terms.folder, self._listed, attempt, epoch)

    def _listed(self, result: Any, attempt: _Attempt, epoch: int) -> None:
        if attempt is not self._attempt or epoch != self.session.epoch:
            return
        self._listing_epoch = -1
        if result.successful():
            attempt.listing = (result.value, epoch)
            self._consider(attempt)
        elif isinstance(result.exception, NoNodeError):
            # No folder. If it was there before, our node was deleted with it; if not, the create
            # was refused for the same reason.
            if attempt.fate in (_Fate.MADE, _Fate.UNKNOWN):
                self._vanished()
        elif isinstance(result.exception, _TRANSIENT):
            self.session.engine.later(0.1, self._list_anew, attempt)
        elif not self.is_granted:
            self._fail(translate(result.exception, f"listing {self.terms.folder}"))

    def _list_anew(self, attempt: _Attempt) -> None:
        # Cut off, _resume does it; this is for a server that refused without a break.
        if attempt is self._attempt and self.session.connected and not self.is_granted:
            self._list()

    def _consider(self, attempt: _Attempt) -> None:
        """Go on once both the create's outcome and a listing of this epoch are here."""
        if attempt.fate is _Fate.SENT or self._state not in (_State.ENTERING, _State.WAITING):
            return
        if attempt.listing is None or attempt.listing[1] != self.session.epoch:
            if self.session.connected:
                self._list()
            return
        (names, epoch), attempt.listing = attempt.listing, None
        if attempt.own is None:
            self._adopt(attempt, names)
            return
        blocking = _queue.blockers(names, attempt.own, self._gone)
        if blocking is None:
            self._vanished()
            return
        self._epoch = epoch
        self._gone.intersection_update(names)
        if blocking:
            self._wait_for(blocking, attempt)
        else:
            self._grant()

    def _adopt(self, attempt: _Attempt, names: list[str]) -> None:
        """The create's reply was lost: is one of these ours?

        The listing was made after a sync, so a create that was carried out shows.
        """
        own = [c for c in _queue.in_order(names) if c.guid == attempt.guid]
        if not own:
            self._enter_again()
            return
        attempt.own = own[0]
        found = self.session.client.exists_async(f"{self.terms.folder}/{own[0].name}")
        self.session.link(found, self._adopted, attempt)

    def _adopted(self, result: Any, attempt: _Attempt) -> None:
        if attempt is not self._attempt or self._state is not _State.ENTERING:
            return
        stat = result.value if result.successful() else None
        if stat is not None:
            attempt.fate = _Fate.MADE
            attempt.czxid = stat.czxid
            attempt.session_id = stat.ephemeralOwner
            self._list()
        elif result.successful():
            self._vanished()
        else:  # cut off again: look for it anew once connected
            attempt.own = None

    def _vanished(self) -> None:
        """Our node is not there although the session goes on: somebody deleted it."""
        if self._state is _State.HELD:
            self._lose(Reason.DESTROYED)
        elif self._state is not _State.LEFT:
            log.info("%s: our candidate was deleted while waiting; queueing again", self.path)
            self._enter_again()

    # -- waiting -------------------------------------------------------------------------------

    def _wait_for(self, blocking: list[_queue.Candidate], attempt: _Attempt) -> None:
        self._state = _State.WAITING
        pressed = self._press(blocking)
        if not self.terms.wait and not pressed:
            self._refuse()
            return
        self._watching = _queue.whom_to_watch(blocking)
        self._is_next = len(blocking) == 1
        assert attempt.own is not None
        missing = [n for n in (attempt.own.name, *self._watching) if n not in self._armed]
        self._arm(missing, attempt.czxid)
        if self._is_next:
            self.session.depend(self)

    def _departed(self, name: str) -> None:
        self._gone.add(name)
        if self._state is not _State.WAITING or name not in self._watching:
            return
        if self._is_next:
            self._grant()
        else:
            self._list()

    def _grant(self) -> None:
        """Nobody blocks us any more. It is ours if the session is proven."""
        if self._epoch != self.session.epoch:
            return  # the connection broke since: _resume looks again
        if now() < self._safe_until():
            self._hold()
        else:
            attempt = self._attempt
            self.session.prove(lambda result: self._proven(result, attempt))

    def _proven(self, result: Any, attempt: _Attempt | None) -> None:
        pending = self._state in (_State.ENTERING, _State.WAITING)
        if result.successful() and pending and attempt is self._attempt:
            self._grant()

    def _hold(self) -> None:
        before, self._state = self._state, _State.HELD
        if not self._decide(_Verdict.GRANTED):
            self._state = before  # abandoned meanwhile; _leave is on its way
            return
        self.settled.set()
        self.session.depend(self)
        attempt = self._attempt
        assert attempt is not None
        assert attempt.own is not None
        if attempt.own.name not in self._armed:
            self.session.engine.later(ARM_DELAY, self._arm_own, attempt)
        if self.is_asked:
            self._tell(Reason.ASKED)

    def _arm_own(self, attempt: _Attempt) -> None:
        if attempt is self._attempt and self._state is _State.HELD:
            assert attempt.own is not None
            if attempt.own.name not in self._armed:
                self._arm([attempt.own.name], attempt.czxid)

    # -- watches -------------------------------------------------------------------------------

    def _arm(self, names: list[str], since: int) -> None:
        """Watch these nodes: a change after the zxid `since`, or an absence, fires at once."""
        if not names:
            return
        self._armed.update(names)
        paths = [f"{self.terms.folder}/{name}" for name in names]
        if self.session.wire.able:
            self.session.wire.set_watches(since, self._on_watch, data=paths)
            return
        # In this order: our own node first.
        for path in paths:
            looked = self.session.client.get_async(path, watch=self._on_watch)
            self.session.link(looked, self._looked, path, since)

    def _looked(self, result: Any, path: str, since: int) -> None:
        if result.successful():
            if result.value[1].mzxid > since:
                self._watched(EventType.CHANGED, path)
        elif isinstance(result.exception, NoNodeError):
            self._watched(EventType.DELETED, path)

    def _on_watch(self, event: WatchedEvent) -> None:
        # kazoo's callback thread. NONE only says that the connection went, which we hear ourselves.
        if event.type != EventType.NONE:
            self.session.engine.post(self._watched, event.type, event.path)

    def _watched(self, what: str, path: str) -> None:
        name = path.rpartition("/")[2]
        self._armed.discard(name)
        if path == self.path:
            if what == EventType.DELETED:
                self._vanished()
            elif self._state is not _State.LEFT:
                self._read_own()
        elif what == EventType.DELETED:
            self._departed(name)
        elif name in self._watching and self._state is _State.WAITING:
            # A blocker was asked to let go. Only its departure matters, whenever it changed.
            self._arm([name], NEVER)

    def _read_own(self) -> None:
        """See what was written to our node, or whether it is still there."""
        assert self._attempt is not None
        assert self._attempt.own is not None
        self._armed.add(self._attempt.own.name)
        read = self.session.client.get_async(self.path, watch=self._on_watch)
        self.session.link(read, self._own_read, self._attempt, self.session.epoch)

    def _own_read(self, result: Any, attempt: _Attempt, epoch: int) -> None:
        if attempt is not self._attempt or epoch != self.session.epoch:
            return
        if result.successful():
            if self._state is _State.HELD:
                self._epoch = epoch
            if _record.is_asked(result.value[0]):
                self.is_asked = True
                if self._state is _State.HELD:
                    self._tell(Reason.ASKED)
        elif isinstance(result.exception, NoNodeError):
            self._vanished()
        elif not isinstance(result.exception, _TRANSIENT):
            log.warning("%s: cannot be read: %r", self.path, result.exception)

    # -- those who block us --------------------------------------------------------------------

    def _press(self, blocking: list[_queue.Candidate]) -> bool:
        """Ask or destroy those not yet pressed. Whether destroying is under way."""
        if self.terms.revocation is Revocation.NONE:
            return False
        fresh = [c.name for c in blocking if c.name not in self._pressed]
        self._pressed.update(fresh)
        if self.terms.revocation is Revocation.DESTROY:
            for name in fresh:
                self._destroy(name)
            return bool(fresh)
        for name in fresh:
            self._ask(name)
        if fresh and self.terms.grace is not None:
            self.session.engine.later(self.terms.grace, self._destroy_all, fresh)
        return False

    def _ask(self, name: str) -> None:
        path = f"{self.terms.folder}/{name}"
        Request(
            self.session, path, self.terms.who, lambda o: self._pressing_done(name, o)
        ).start()

    def _destroy(self, name: str) -> None:
        path = f"{self.terms.folder}/{name}"
        destroy(self.session, path, lambda o: self._pressing_done(name, o))

    def _destroy_all(self, names: list[str]) -> None:
        """The time of grace is over for these."""
        if self._state in (_State.ENTERING, _State.WAITING):
            for name in names:
                if name not in self._gone:
                    self._destroy(name)

    def _pressing_done(self, name: str, outcome: bool | BaseException) -> None:  # noqa: FBT001
        if isinstance(outcome, _TRANSIENT):
            self._pressed.discard(name)  # the next listing, after reconnecting, shows it again
        elif not self.terms.wait and self._state is _State.WAITING:
            # Not waiting for others, but for what was destroyed: look once more.
            if self.terms.revocation is Revocation.DESTROY:
                self._list()

    # -- holding -------------------------------------------------------------------------------

    def _safe_until(self) -> float:
        return self.session.safe_until(self.terms.session_timeout)

    def on_proof_due(self, at: float) -> float:
        """As :class:`zktools._session.Dependent`."""
        until = self._safe_until()
        if self._state is _State.HELD and at >= until:
            self._lose(Reason.SESSION_LOST)
        return until if until > at else float("inf")

    def _lose(self, reason: Reason) -> None:
        """Held no more, for good: even if the node should turn out to be there still."""
        self._tell(reason)
        self.lost.set()
        self._leave()

    def _tell(self, reason: Reason) -> None:
        self.reason = reason
        if not self._told:
            self._told = True
            self.session.delivery.post(self.terms.on_revoke, reason)

    def _release(self, answer: Callable[[bool | None], None]) -> None:
        if self._state is _State.HELD:
            self._leave(answer)
        else:
            answer(False)

    # -- the connection ------------------------------------------------------------------------

    def on_transition(self, transition: Transition) -> None:
        """As :class:`zktools._session.Member`."""
        if self._state is _State.LEFT:
            return
        if not transition.connected:
            self._armed.clear()  # kazoo drops all watches
        if transition.closed:
            self._end(ClientUnusableError("the KazooClient was stopped"))
        elif transition.lost:
            self._end(None)
        elif not transition.connected:
            if not self.terms.wait and not self.is_granted:
                self._refuse()
        elif transition.session_id is not None:
            self._resume(transition.session_id)

    def _end(self, error: BaseException | None) -> None:
        """The session is over, and our node with it."""
        if self._state is _State.HELD:
            self._lose(Reason.SESSION_LOST)
        elif error is not None:
            self._fail(error)
        elif not self.terms.wait:
            self._refuse()
        else:
            self._state, self._attempt = _State.ENTERING, None

    def _resume(self, session_id: int) -> None:
        """Connected again. In the same session, what we had is looked at anew."""
        attempt = self._attempt
        if attempt is not None and attempt.session_id == session_id:
            self.session.prove()
            if self._state is _State.HELD:
                self._read_own()
            else:
                self._list()
        elif self._state is _State.HELD:
            self._lose(Reason.SESSION_LOST)
        else:
            self._enter(session_id)
