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
from typing import Any

from kazoo.exceptions import NoNodeError

from zktools import _queue, _record
from zktools._attempt import TRANSIENT, Attempt
from zktools._candidacy import Answer, Candidacy
from zktools._clock import now
from zktools._pressure import Pressure
from zktools._requests import delete_directly
from zktools._session import Session, Ticket, Transition
from zktools._terms import Reason, Terms
from zktools._watches import Watches
from zktools._wire import NEVER
from zktools.exceptions import ClientUnusableError, LockCancelled
from zktools.hooks import Kind, emit

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
    GRANTED = "granted"
    REFUSED = "refused"
    ABANDONED = "abandoned"
    FAILED = "failed"


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
        self._started = now()
        self._granted = 0.0
        self._released = False
        # What follows is changed by the engine only.
        self._state = _State.ENTERING
        self._epoch = -1  # under which our node was seen last
        self._watching: list[str] = []  # the last blocker, and the one before it
        self._is_next = False  # only one blocker was left when we listed
        self._gone: set[str] = set()
        self._told = False
        self._candidacy = Candidacy(
            session,
            terms,
            on_listed=self._take_place,
            on_vanished=self._vanished,
            on_failed=lambda error: self._settle(_Verdict.FAILED, error),
        )
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
        if not self.session.wire.able:
            self.session.engine.post(self._start)
            return
        # One change of thread less. The engine gets to know the claim before any reply can come.
        send = self._candidacy.prepare()
        self.session.engine.post(self._start)
        if send is not None:
            send()

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
        attempt = self._candidacy.attempt
        name = attempt.name if attempt is not None else None
        return f"{self.terms.folder}/{name}" if name is not None else None

    @property
    def token(self) -> int:
        """The czxid of our node."""
        assert self._candidacy.attempt is not None
        return self._candidacy.attempt.czxid

    @property
    def session_id(self) -> int | None:
        """Of the session that owns our node."""
        return self._candidacy.attempt.session_id if self._candidacy.attempt is not None else None

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

    def release(self, answer: Answer) -> None:
        """Let go. `answer` is called on the engine as by :class:`Removal`; False if not held."""
        if self.is_granted and not self._released:
            self._report("held", "released")
        self._released = True
        path = self.path
        direct = self.session.wire.able and self.session.connected  # kazoo would keep it back
        if not (self._state is _State.HELD and path and direct):
            self.session.engine.post(self._release, answer)
            return
        # One change of thread less here, and one at the answer. Whatever goes wrong, the engine
        # does it again; deleting twice does no harm.
        ticket = self.session.ticket()

        def deleted(result: Any) -> None:
            if result.successful():
                answer(True)
                self.session.engine.post(self._left, ticket)
            else:
                self.session.engine.post(self._release, answer)

        delete_directly(self.session, path, deleted)

    def release_later(self) -> None:
        """Let go without waiting, in the background."""
        self._released = True
        self.session.engine.post(self._release, lambda _: None)

    # -- beginning and end ---------------------------------------------------------------------

    def _start(self) -> None:
        self.session.join(self)
        if self.session.is_closed:
            self._end(ClientUnusableError("the KazooClient was stopped"))
        elif self.session.connected:
            session_id = self.session.session_id
            if session_id is not None and not self._candidacy.is_of_session(session_id):
                self._candidacy.enter()
        elif not self.terms.wait:
            self._settle(_Verdict.REFUSED)

    def _decide(self, verdict: _Verdict) -> bool:
        # The only word between the engine, which grants, and a user's thread, which gives up.
        with self._guard:
            if self._verdict is not None:
                return False
            self._verdict = verdict
        waited = now() - self._started
        emit(self.session, "waited", self.terms.folder, waited, verdict.value)
        return True

    def _settle(self, verdict: _Verdict, error: BaseException | None = None) -> None:
        """End an unsuccessful wait."""
        if self._decide(verdict):
            self._error = error
            self._leave()
            self.settled.set()

    def _leave(self, answer: Answer | None = None) -> None:
        """Step out of the queue; whatever node there is, or may be, is removed."""
        self._state = _State.LEFT
        self.session.undepend(self)
        self._watches.forget()
        self._candidacy.withdraw(answer)
        self.session.leave(self)

    def _release(self, answer: Answer) -> None:
        if self._state is _State.HELD:
            self._leave(answer)
        else:
            answer(False)

    def _left(self, ticket: Ticket) -> None:
        """Our node was deleted by a release."""
        self.session.confirm(ticket)
        self._candidacy.gone()
        self._leave()

    # -- waiting -------------------------------------------------------------------------------

    def _take_place(self, attempt: Attempt, names: list[str], epoch: int) -> None:
        assert attempt.own is not None
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

    def _vanished(self) -> None:
        """Our node is not there although the session goes on: somebody deleted it."""
        if self._state is _State.HELD:
            self._candidacy.gone()
            self._lose(Reason.DESTROYED)
        elif self._state in _PENDING:
            log.info("%s: our candidate was deleted while waiting; queueing again", self.path)
            self._queue_again()

    def _queue_again(self) -> None:
        """With a new node, at the end."""
        self._state = _State.ENTERING
        self._watching, self._is_next, self.is_asked = [], False, False
        self._watches.forget()
        self._gone.clear()
        self._candidacy.enter()

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
        if self._candidacy.attempt is not None and name == self._candidacy.attempt.name:
            self._vanished()
            return
        self._gone.add(name)
        if self._state is _State.WAITING and name in self._watching:
            if self._is_next:
                self._grant()
            else:
                self._candidacy.look()

    def _changed(self, name: str) -> None:
        if self._candidacy.attempt is not None and name == self._candidacy.attempt.name:
            if self._state is not _State.LEFT:
                self._read_own()
        elif self._state is _State.WAITING and name in self._watching:
            # A blocker was asked to let go. Only its departure matters, whenever it changed.
            self._watches.arm([name], NEVER)

    def _blocker_destroyed(self) -> None:
        # Who does not wait for others waits for this, and looks once more.
        if not self.terms.wait and self._state is _State.WAITING:
            self._candidacy.look()

    def _grant(self) -> None:
        """Nobody blocks us any more. It is ours if the session is proven."""
        if self._epoch != self.session.epoch:
            return  # the connection broke since: _resume looks again
        if now() < self._safe_until():
            self._hold()
        else:
            attempt = self._candidacy.attempt
            self.session.prove(lambda result: self._proven(result, attempt))

    def _proven(self, result: Any, attempt: Attempt | None) -> None:
        if result.successful() and attempt is self._candidacy.attempt and self._state in _PENDING:
            self._grant()

    # -- holding -------------------------------------------------------------------------------

    def _hold(self) -> None:
        before, self._state = self._state, _State.HELD
        if not self._decide(_Verdict.GRANTED):
            self._state = before  # abandoned meanwhile; _leave is on its way
            return
        self._candidacy.close()
        self._granted = now()
        self.settled.set()
        self.session.depend(self)
        self.session.engine.later(ARM_DELAY, self._watch_own, self._candidacy.attempt)
        if self.is_asked:
            self._tell(Reason.ASKED)

    def _watch_own(self, attempt: Attempt) -> None:
        if self._state is _State.HELD:
            assert attempt.name is not None
            self._watches.arm([attempt.name], attempt.czxid)

    def _read_own(self) -> None:
        """See what was written to our node, or whether it is still there."""
        assert self._candidacy.attempt is not None
        assert self._candidacy.attempt.name is not None
        self._watches.read(
            self._candidacy.attempt.name,
            self._own_read,
            self._candidacy.attempt,
            self.session.epoch,
        )

    def _own_read(self, result: Any, attempt: Attempt, epoch: int) -> None:
        if attempt is not self._candidacy.attempt or epoch != self.session.epoch:
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
        if self._released:
            self._leave()  # that is what releasing does
            return
        self._tell(reason)
        self.lost.set()
        self._report("lost", reason.value)
        self._leave()

    def _report(self, kind: Kind, detail: str) -> None:
        emit(self.session, kind, self.terms.folder, now() - self._granted, detail)

    def _tell(self, reason: Reason) -> None:
        self.reason = reason
        if not self._told:
            self._told = True
            self._report("revoked", reason.value)
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
        self._candidacy.gone()
        if self._state is _State.HELD:
            self._lose(Reason.SESSION_LOST)
        elif error is not None:
            self._settle(_Verdict.FAILED, error)
        elif not self.terms.wait:
            self._settle(_Verdict.REFUSED)
        else:
            self._state = _State.ENTERING

    def _resume(self, session_id: int) -> None:
        """Connected again. In the same session, what we had is looked at anew."""
        if self._candidacy.is_of_session(session_id):
            self.session.prove()
            if self._state is _State.HELD:
                self._read_own()
            else:
                self._candidacy.look()
        elif self._state is _State.HELD:
            self._lose(Reason.SESSION_LOST)
        else:
            self._queue_again()
