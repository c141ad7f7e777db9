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
from typing import Any

from kazoo.exceptions import NoNodeError

from zktools import _queue, _record
from zktools._attempt import TRANSIENT, Attempt, Fate
from zktools._clock import now
from zktools._pressure import Pressure
from zktools._removal import Removal
from zktools._requests import create_candidate, list_children
from zktools._session import Session, Ticket, Transition
from zktools._terms import Reason, Terms
from zktools._watches import Watches
from zktools._wire import NEVER
from zktools.exceptions import (
    ClientUnusableError,
    LockCancelled,
    MissingNodeError,
    translate,
)

log = logging.getLogger("zktools.locks")

#: Seconds after an uncontended grant until the watch on our own node is armed. It reports what
#: came before as well, so a short hold saves the request and misses nothing it could have acted on.
ARM_DELAY = 0.005


class _State(enum.Enum):
    ENTERING = enum.auto()
    WAITING = enum.auto()
    HELD = enum.auto()
    LEFT = enum.auto()


_PENDING = (_State.ENTERING, _State.WAITING)


class _Verdict(enum.Enum):
    GRANTED = enum.auto()
    REFUSED = enum.auto()
    ABANDONED = enum.auto()
    FAILED = enum.auto()


class Claim:
    """One place in a lock's queue."""

    def __init__(self, session: Session, terms: Terms) -> None:
        self.session = session
        self.terms = terms
        self.settled: Any = session.handler.event_object()
        self.lost: Any = session.handler.event_object()
        self._error: BaseException | None = None
        self.is_asked = False
        self.reason: Reason | None = None
        self._guard: Any = session.handler.lock_object()
        self._verdict: _Verdict | None = None
        self._released = False
        # What follows is changed by the engine only.
        self._state = _State.ENTERING
        self._attempt: Attempt | None = None
        self._epoch = -1  # under which our node was seen last
        self._listing_epoch = -1  # of the listing under way
        self._watching: list[str] = []  # the last blocker, and the one before it
        self._is_next = False  # only one blocker was left when we listed
        self._gone: set[str] = set()
        self._told = False
        self._watches = Watches(session, terms.folder, self._deleted, self._changed)
        self._pressure = Pressure(
            session,
            terms,
            still_waiting=lambda: self._state in _PENDING,
            on_destroyed=self._blocker_destroyed,
        )

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

    def raise_error(self) -> None:
        """Raise what made the claim fail, if it did."""
        if self._error is not None:
            raise self._error

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
        self._error = LockCancelled(f"waiting for {self.terms.folder} was cancelled")
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
            self._settle(_Verdict.REFUSED)

    def _decide(self, verdict: _Verdict) -> bool:
        # The only word between the engine, which grants, and a user's thread, which gives up.
        with self._guard:
            if self._verdict is not None:
                return False
            self._verdict = verdict
            return True

    def _settle(self, verdict: _Verdict, error: BaseException | None = None) -> None:
        """End an unsuccessful wait."""
        if self._decide(verdict):
            self._error = error
            self._leave()
            self.settled.set()

    def _leave(self, answer: Callable[[bool | None], None] | None = None) -> None:
        """Step out of the queue; whatever node there is, or may be, is removed."""
        self._state = _State.LEFT
        self.session.undepend(self)
        self._watches.forget()
        # While the create is under way, its outcome is what the removal starts from: _created.
        if self._attempt is not None and self._attempt.may_exist:
            self._remove(self._attempt, answer)
        elif answer is not None:
            answer(False)
        self.session.leave(self)

    def _remove(
        self, attempt: Attempt, answer: Callable[[bool | None], None] | None = None
    ) -> None:
        Removal(self.session, self.terms.folder, attempt.guid, attempt.name, answer).start()

    def _release(self, answer: Callable[[bool | None], None]) -> None:
        if self._state is _State.HELD:
            self._leave(answer)
        else:
            answer(False)

    # -- entering ------------------------------------------------------------------------------

    def _enter(self, session_id: int) -> None:
        """Join the end of the queue with a new node."""
        self._state = _State.ENTERING
        self._watching, self._is_next = [], False
        self._watches.forget()
        self._gone.clear()
        attempt = self._attempt = Attempt(uuid.uuid4().hex, session_id)
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

    def _enter_again(self) -> None:
        session_id = self.session.session_id
        if session_id is not None:
            self._enter(session_id)
        else:  # _resume will, once connected
            self._state, self._attempt = _State.ENTERING, None

    def _created(self, result: Any, attempt: Attempt, ticket: Ticket) -> None:
        attempt.learn(result)
        if attempt.fate is Fate.MADE:
            self.session.confirm(ticket)
        if attempt is not self._attempt or self._state is not _State.ENTERING:
            if attempt.may_exist:
                self._remove(attempt)  # nobody wants it any more
        elif attempt.may_exist:
            self._consider(attempt)
        elif isinstance(result.exception, NoNodeError):
            made = self.session.client.ensure_path_async(self.terms.folder, acl=self.terms.acl)
            self.session.link(made, self._folder_made, attempt)
        else:
            self._fail(result.exception, f"entering the queue of {self.terms.folder}")

    def _folder_made(self, result: Any, attempt: Attempt) -> None:
        if attempt is not self._attempt or self._state is not _State.ENTERING:
            return
        if result.successful() or isinstance(result.exception, TRANSIENT):
            self._enter_again()
        elif isinstance(result.exception, NoNodeError):
            root = self.session.client.chroot
            error = MissingNodeError(f"the client's chroot {root} does not exist: create it first")
            self._settle(_Verdict.FAILED, error)
        else:
            self._fail(result.exception, f"creating {self.terms.folder}")

    def _fail(self, error: BaseException, doing: str) -> None:
        self._settle(_Verdict.FAILED, translate(error, doing))

    # -- looking at the queue ------------------------------------------------------------------

    def _list(self) -> None:
        epoch = self.session.epoch
        attempt = self._attempt
        if attempt is None or self._listing_epoch == epoch:
            return
        self._listing_epoch = epoch
        if attempt.fate is Fate.UNKNOWN:
            # This server may lag behind the one that took the create.
            self.session.client.sync_async(self.terms.folder)
        list_children(self.session, self.terms.folder, self._listed, attempt, epoch)

    def _listed(self, result: Any, attempt: Attempt, epoch: int) -> None:
        if attempt is not self._attempt or epoch != self.session.epoch:
            return
        self._listing_epoch = -1
        if result.successful():
            attempt.listing = (result.value, epoch)
            self._consider(attempt)
        elif isinstance(result.exception, NoNodeError):
            # No folder. If it was there before, our node was deleted with it; if not, the create
            # was refused for the same reason.
            if attempt.may_exist:
                self._vanished()
        elif isinstance(result.exception, TRANSIENT):
            self.session.engine.later(0.1, self._list_anew, attempt)
        elif self._state in _PENDING:
            self._fail(result.exception, f"listing {self.terms.folder}")

    def _list_anew(self, attempt: Attempt) -> None:
        # Cut off, _resume does it; this is for a server that refused without a break.
        if attempt is self._attempt and self._state in _PENDING and self.session.connected:
            self._list()

    def _consider(self, attempt: Attempt) -> None:
        """Go on once both the create's outcome and a listing of this epoch are here."""
        if attempt.fate is Fate.SENT or self._state not in _PENDING:
            return
        listing, attempt.listing = attempt.listing, None
        if listing is None or listing[1] != self.session.epoch:
            if self.session.connected:
                self._list()
        elif attempt.own is None:
            self._adopt(attempt, listing[0])
        else:
            self._take_place(attempt, attempt.own, *listing)

    def _take_place(
        self, attempt: Attempt, own: _queue.Candidate, names: list[str], epoch: int
    ) -> None:
        blocking = _queue.blockers(names, own, self._gone)
        if blocking is None:
            self._vanished()
            return
        self._epoch = epoch
        self._gone.intersection_update(names)
        if blocking:
            self._wait_for(blocking, attempt)
        else:
            self._grant()

    def _adopt(self, attempt: Attempt, names: list[str]) -> None:
        """The create's reply was lost: is one of these ours?

        The listing was made after a sync, so a create that was carried out shows.
        """
        own = attempt.is_one_of(names)
        if own is None:
            self._enter_again()
        else:
            found = self.session.client.exists_async(f"{self.terms.folder}/{own.name}")
            self.session.link(found, self._adopted, attempt, own)

    def _adopted(self, result: Any, attempt: Attempt, own: _queue.Candidate) -> None:
        if attempt is not self._attempt or self._state is not _State.ENTERING:
            return
        if not result.successful():
            return  # cut off again: _resume looks for it anew
        if result.value is None:
            self._vanished()
        else:
            attempt.identify(own, result.value)
            self._list()

    def _vanished(self) -> None:
        """Our node is not there although the session goes on: somebody deleted it."""
        if self._state is _State.HELD:
            self._lose(Reason.DESTROYED)
        elif self._state in _PENDING:
            log.info("%s: our candidate was deleted while waiting; queueing again", self.path)
            self._enter_again()

    # -- waiting -------------------------------------------------------------------------------

    def _wait_for(self, blocking: list[_queue.Candidate], attempt: Attempt) -> None:
        self._state = _State.WAITING
        destroying = self._pressure.apply(blocking)
        if not self.terms.wait and not destroying:
            self._settle(_Verdict.REFUSED)
            return
        self._watching = _queue.whom_to_watch(blocking)
        self._is_next = len(blocking) == 1
        assert attempt.name is not None
        self._watches.arm([attempt.name, *self._watching], attempt.czxid)
        if self._is_next:
            self.session.depend(self)

    def _deleted(self, name: str) -> None:
        if self._attempt is not None and name == self._attempt.name:
            self._vanished()
            return
        self._gone.add(name)
        if self._state is _State.WAITING and name in self._watching:
            if self._is_next:
                self._grant()
            else:
                self._list()

    def _changed(self, name: str) -> None:
        if self._attempt is not None and name == self._attempt.name:
            if self._state is not _State.LEFT:
                self._read_own()
        elif self._state is _State.WAITING and name in self._watching:
            # A blocker was asked to let go. Only its departure matters, whenever it changed.
            self._watches.arm([name], NEVER)

    def _blocker_destroyed(self) -> None:
        # Who does not wait for others waits for this, and looks once more.
        if not self.terms.wait and self._state is _State.WAITING:
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

    def _proven(self, result: Any, attempt: Attempt | None) -> None:
        if result.successful() and attempt is self._attempt and self._state in _PENDING:
            self._grant()

    # -- holding -------------------------------------------------------------------------------

    def _hold(self) -> None:
        before, self._state = self._state, _State.HELD
        if not self._decide(_Verdict.GRANTED):
            self._state = before  # abandoned meanwhile; _leave is on its way
            return
        self.settled.set()
        self.session.depend(self)
        self.session.engine.later(ARM_DELAY, self._watch_own, self._attempt)
        if self.is_asked:
            self._tell(Reason.ASKED)

    def _watch_own(self, attempt: Attempt) -> None:
        if self._state is _State.HELD:
            assert attempt.name is not None
            self._watches.arm([attempt.name], attempt.czxid)

    def _read_own(self) -> None:
        """See what was written to our node, or whether it is still there."""
        assert self._attempt is not None
        assert self._attempt.name is not None
        self._watches.read(self._attempt.name, self._own_read, self._attempt, self.session.epoch)

    def _own_read(self, result: Any, attempt: Attempt, epoch: int) -> None:
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
        elif not isinstance(result.exception, TRANSIENT):
            log.warning("%s: cannot be read: %r", self.path, result.exception)

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

    # -- the connection ------------------------------------------------------------------------

    def on_transition(self, transition: Transition) -> None:
        """As :class:`zktools._session.Member`."""
        if not transition.connected:
            self._watches.dropped()
        if self._state is _State.LEFT:
            return
        if transition.closed:
            self._end(ClientUnusableError("the KazooClient was stopped"))
        elif transition.lost:
            self._end(None)
        elif transition.session_id is not None:
            self._resume(transition.session_id)
        elif self._state in _PENDING and not self.terms.wait:
            self._settle(_Verdict.REFUSED)

    def _end(self, error: BaseException | None) -> None:
        """The session is over, and our node with it."""
        if self._state is _State.HELD:
            self._lose(Reason.SESSION_LOST)
        elif error is not None:
            self._settle(_Verdict.FAILED, error)
        elif not self.terms.wait:
            self._settle(_Verdict.REFUSED)
        else:
            self._state, self._attempt = _State.ENTERING, None

    def _resume(self, session_id: int) -> None:
        """Connected again. In the same session, what we had is looked at anew."""
        if self._attempt is not None and self._attempt.session_id == session_id:
            self.session.prove()
            if self._state is _State.HELD:
                self._read_own()
            else:
                self._list()
        elif self._state is _State.HELD:
            self._lose(Reason.SESSION_LOST)
        else:
            self._enter(session_id)
