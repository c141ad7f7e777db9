"""One place in a lock's queue, from entering it until it is granted, refused or given up.

A state machine on the engine's thread, driven by kazoo's replies and watch events; nothing in it
blocks. Users' threads start it and wait for `settled`::

             start
               │                     same session: prove it, list, adopt by GUID or enter
               ▼   connection lost   new session: enter again
           ENTERING ◄────────────────────────────┐
             │    │ listed: somebody blocks us   │ our node vanished, or connection lost
     listed: │    ▼                              │
     nobody  │  WAITING ─────────────────────────┘
     blocks  │    │ the only blocker left, or listed: nobody blocks
             ▼    ▼
            GRANTED: a Hold takes over the node

    from anywhere: refused, abandoned, cancelled, failed ──► LEFT: a Removal deletes the node

**The grant needs no listing** when we watch all who block us, as of our last listing, and the last
of them leaves. That rests on two things. Nobody ever enters the queue ahead of a candidate:
sequence numbers only grow, and no node is made again under an old one (in a queue of Curator's they
may be: there each grant lists, see `layouts`). And the watch on our own node is known to be armed:
events being delivered in order, our own deletion would be known. So the grant waits for the reply
to the request that armed the watches, handled in its order among the events; an event alone may
come from a watch that an earlier wait left behind.

**Look-ahead.** Only the last few who can block us are watched (`order` tells whom: two, where there
is one permit). When one of them leaves, usually the one before the last, we list again, so that we
know to be next when our turn comes. Not if it held the lock by this very client, which then knows
that nobody was ahead of it any more.

**A waiter that hears nothing** for a session timeout lists again: a hang, whatever the cause, is a
delay.

**Events and replies** reach the engine by different threads of kazoo's, so an event can overtake an
older reply or be overtaken. Hence `_gone`: a name reported deleted stays gone, whatever an older
listing says; and so does one that this client has deleted itself. A vanished own node is believed
from an event or a listing, its presence only from a reply that was asked for under the present
epoch.
"""

from __future__ import annotations

import enum
import logging
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from zktools._engine.clock import now
from zktools._engine.session import Session, Transition
from zktools._engine.worker import Timer
from zktools._queue.attempt import Attempt
from zktools._queue.bid import Bid, Verdict
from zktools._queue.candidacy import Candidacy
from zktools._queue.hold import Hold
from zktools._queue.order import Candidate, Size, Standing, standing
from zktools._queue.pressure import Pressure
from zktools._queue.revocation import Wanted
from zktools._queue.size import Founding, misfit
from zktools._queue.terms import Revocation, Terms
from zktools._queue.watches import Watches

if TYPE_CHECKING:
    from zktools._queue.use import Use

log = logging.getLogger("zktools.locks")


class _State(enum.Enum):
    ENTERING = enum.auto()
    WAITING = enum.auto()
    GRANTED = enum.auto()
    LEFT = enum.auto()


#: Seconds until it is looked again at a client that is starting.
_SOON = 0.01

_PENDING = (_State.ENTERING, _State.WAITING)


class Claim(Bid):
    """One place in a lock's queue; `candidacy` makes what looks after its node."""

    hold: Hold | Use | None = None

    def __init__(
        self, session: Session, terms: Terms, candidacy: Callable[..., Candidacy] = Candidacy
    ) -> None:
        super().__init__(session, terms.folder)
        self.terms = terms
        self.all_terms = [terms]
        self._make(session, terms, candidacy)

    def _make(
        self, session: Session, terms: Terms, candidacy: Callable[..., Candidacy] = Candidacy
    ) -> None:
        # What follows is changed by the engine only.
        self._state = _State.ENTERING
        self._epoch = -1  # under which our node was seen last
        self._standing = Standing([], 0)  # as of our last listing
        self._size: Size | None = None
        self._watched: dict[str, Candidate] = {}  # of those ahead, and not known to have left
        self._watches_all = False  # nobody else was ahead when we listed
        self._gone: set[str] = set()
        self._has_crossed = False  # this attempt has met one that was about to leave
        self._is_asked = False
        self._anyway: Timer | None = None  # when we look again if nothing happens
        self._candidacy = candidacy(
            session,
            terms,
            on_listed=self._take_place,
            on_vanished=self._vanished,
            on_failed=lambda error: self._settle(Verdict.FAILED, error),
        )
        self._watches = Watches(
            session,
            terms.folder,
            on_deleted=self._deleted,
            on_changed=self._read_own,
            on_confirmed=self._advance,
        )
        self._pressure = None
        if terms.revocation is not Revocation.NONE:
            wanted = Wanted(still=lambda: self.is_pending, place=self._candidacy.path)
            self._pressure = Pressure(session, terms, wanted, on_destroyed=self._blocker_destroyed)

    # -- beginning and end ---------------------------------------------------------------------

    def start(self) -> None:
        """Enter the queue. Any thread."""
        send = self._candidacy.prepare() if self.session.sends_directly else None
        if send is None:
            self.session.engine.post(self.begin)
            return
        # Two changes of thread less. The engine gets to know the claim right before its first
        # reply, or whatever kazoo makes of a request that cannot be answered.
        self.session.engine.put_first(self.begin)
        send()

    def begin(self) -> None:
        """The same, on the engine."""
        self.session.join(self)
        if self.session.connected:
            session_id = self.session.session_id
            if session_id is not None and not self._candidacy.is_of_session(session_id):
                self._candidacy.enter()
        elif self.session.is_closed:
            self._end_unless_starting()
        elif not self.terms.wait:
            self._settle(Verdict.REFUSED)

    def _end_unless_starting(self) -> None:
        # A client that was told to start is closed until its thread has begun to connect.
        if self._state is not _State.ENTERING or not self.session.is_closed:
            return
        if not self.session.wire.is_starting:
            self._end(self.session.closed_error())
        elif not self.terms.wait:
            self._settle(Verdict.REFUSED)
        else:
            self.session.engine.later(_SOON, self._end_unless_starting)

    def _leave(self) -> None:
        """Step out of the queue; whatever node there is, or may be, is removed."""
        self._state = _State.LEFT
        self._stop_looking()
        self.session.vigil.undepend(self)
        self._watches.forget()
        self._candidacy.withdraw(None)
        self.session.leave(self)

    # -- waiting -------------------------------------------------------------------------------

    def _take_place(self, attempt: Attempt, names: list[str], epoch: int) -> None:
        assert attempt.own is not None
        size = self.terms.layout.size(names)
        if size is None and self.terms.layout.has_size:
            self._found_size()
            return
        permits = size.permits if size is not None else None
        candidates = self.terms.layout.candidates(names)
        self._gone.update(self.session.departures.gone)
        found = standing(candidates, attempt.own, self._gone, permits)
        if found is None:
            self._vanished()
            return
        is_first, is_blocked = self._size is None, bool(found.blocking)
        error = misfit(self.terms, permits, is_first=is_first, is_blocked=is_blocked)
        if error is not None:
            self._settle(Verdict.FAILED, error)
            return
        self._size = size
        self._epoch = epoch
        self._gone.intersection_update(names)
        self._standing = found
        if found.blocking:
            self._wait_for(found, attempt)
        else:
            self._grant()

    def _found_size(self) -> None:
        """The folder does not say how many permits there are: say it, and look again."""
        founding = Founding(self.session, self.terms, self._size_founded)
        founding.start()

    def _size_founded(self, error: BaseException | None) -> None:
        if self._state not in _PENDING:
            return
        if error is None:
            self._candidacy.look()
        else:
            self._settle(Verdict.FAILED, error)

    def _vanished(self) -> None:
        """Our node is not there although the session goes on: somebody deleted it."""
        if self._state in _PENDING:
            log.info("%s: our candidate was deleted; queueing again", self.terms.folder)
            self._queue_again()

    def _queue_again(self) -> None:
        """With a new node, at the end."""
        self._state = _State.ENTERING
        self._watches_all, self._is_asked, self._has_crossed = False, False, False
        self._watched.clear()
        self._watches.forget()
        self._gone.clear()
        self._candidacy.enter()

    def _wait_for(self, found: Standing, attempt: Attempt) -> None:
        self._state = _State.WAITING
        destroying = self._pressure is not None and self._pressure.apply(found.blocking)
        if not self.terms.wait and not destroying:
            self._settle(Verdict.REFUSED)
            return
        self._watched = {candidate.name: candidate for candidate in found.whom_to_watch()}
        # Only then is the departure of all whom we watch the grant.
        alone = len(self._watched) == len(found.ahead)
        self._watches_all = alone and not self.terms.layout.has_latecomers
        self._look_anyway_later()
        if self._crosses(found):
            return
        assert attempt.name is not None
        also = [self._size.name] if self._size is not None else []
        self._watches.arm(attempt.name, [*self._watched, *also], attempt.czxid)
        self._advance()

    def _crosses(self, found: Standing) -> bool:
        """Whether the only one ahead is letting go by this client: that is worth waiting for.

        Watches would be answered later, behind it on the same connection. Once only: if nobody ever
        tells, the look after a session timeout goes on as ever.
        """
        if self._has_crossed or not self._watches_all or len(found.ahead) > 1:
            return False
        self._has_crossed = True
        (name,) = self._watched
        end = partial(self.session.bring, self._crossed, name)
        return self.session.departures.await_end(name, end)

    def _crossed(self, name: str) -> None:
        if self._state is not _State.WAITING or name not in self._watched:
            return
        if name in self.session.departures.gone:
            self._deleted(name)
        elif self.session.connected:
            self._candidacy.look()  # it could not let go

    def _deleted(self, name: str) -> None:
        if self._candidacy.attempt is not None and name == self._candidacy.attempt.name:
            self._vanished()
            return
        if self._size is not None and name == self._size.name:
            self._candidacy.look()  # there is another number of permits now
            return
        self._gone.add(name)
        if self._state is _State.WAITING and name in self._watched:
            self._look_or_advance(self._watched.pop(name))

    def _look_or_advance(self, left: Candidate) -> None:
        """One whom we watched has left."""
        if left.name in self.session.departures.held and not self.terms.layout.has_latecomers:
            self._standing = self._standing.behind(left)
            names = {candidate.name for candidate in self._standing.ahead}
            self._watches_all = names <= {*self._watched, *self._gone}
        if self._watches_all:
            self._advance()
        else:  # whose turn it is goes first
            self.session.bring_last(self._candidacy.look)

    def _advance(self) -> None:
        """Watching all who are left, or having armed our watches: has our turn come?"""
        if self._state is not _State.WAITING or not self._watches_all:
            return
        left = self._watched.values()
        if self._standing.is_free(left):
            if self._watches.are_confirmed:
                self._grant()
        elif self._standing.is_next(left):
            self.session.vigil.depend(self)  # let the proof be fresh when the turn comes

    def _look_anyway_later(self) -> None:
        """List again after a session timeout in which nothing made us."""
        # A server keeps back the event of a node that an ACL hides from us.
        self._stop_looking()
        patience = self.session.wire.session_timeout
        self._anyway = self.session.engine.later(patience, self._look_anyway)

    def _stop_looking(self) -> None:
        if self._anyway is not None:
            self._anyway.cancel()

    def _look_anyway(self) -> None:
        if self._state is _State.WAITING and self.session.connected:
            self._candidacy.look()

    def _blocker_destroyed(self) -> None:
        # Who does not wait for others waits for this, and looks once more.
        if not self.terms.wait and self._state is _State.WAITING:
            self._candidacy.look()

    def _grant(self) -> None:
        """Nobody blocks us any more. It is ours if the session is proven."""
        if self._epoch != self.session.epoch:
            return  # the connection broke since: _resume looks again
        life = self.session.vigil.life
        if life.is_proven and now() < life.until:
            self._hold()
        else:
            attempt = self._candidacy.attempt
            self.session.vigil.prove(self.path, self._proven, attempt)

    def _proven(self, result: Any, attempt: Attempt | None) -> None:
        if result.successful() and attempt is self._candidacy.attempt and self._state in _PENDING:
            self._grant()

    def _hold(self) -> None:
        """Granted, unless it was given up meanwhile: then _leave is on its way."""
        hold = self._make_hold()
        if not self._decide(Verdict.GRANTED):
            return
        own = self._candidacy.attempt.own if self._candidacy.attempt is not None else None
        if own is not None and own.excludes_all:
            self.session.departures.held.append(own.name)
        self._state = _State.GRANTED
        self._stop_looking()
        self._candidacy.close()
        self.settled.open()
        hold.begin(is_asked=self._is_asked)
        self.session.vigil.undepend(self)
        self.session.leave(self)

    def _make_hold(self) -> Hold:
        """What takes over the node; what the caller has of it is `hold` from here on."""
        hold = Hold(self.session, self.terms, self._candidacy, self._watches, self._epoch)
        self.hold = hold
        return hold

    # -- our own node --------------------------------------------------------------------------

    def _read_own(self, name: str) -> None:
        """Somebody wrote to our node while we wait: perhaps to ask."""
        if self._candidacy.attempt is None or name != self._candidacy.attempt.name:
            return
        self._watches.read(name, self._own_read, self._candidacy.attempt)

    def _own_read(self, result: Any, attempt: Attempt) -> None:
        if attempt is not self._candidacy.attempt or not result.successful():
            return  # what becomes of the node, its watch or the next listing tells
        data, stat = result.value
        if stat.czxid != attempt.czxid:
            self._vanished()  # and another was made under its name
        elif self.terms.layout.is_asked(data):
            self._is_asked = True
            if self.hold is not None and self._state is _State.GRANTED:
                self.hold.ask()

    @property
    def path(self) -> str | None:
        """Of our node, once known."""
        attempt = self._candidacy.attempt
        name = attempt.name if attempt is not None else None
        return None if name is None else f"{self.terms.folder}/{name}"

    def on_unproven(self) -> None:
        """As :class:`zktools._engine.vigil.Dependent`: a grant waits for a newer proof."""

    def on_missing(self, path: str) -> None:
        """As :class:`zktools._engine.vigil.Dependent`."""
        if path == self.path:
            self._vanished()

    # -- the connection ------------------------------------------------------------------------

    def on_transition(self, transition: Transition) -> None:
        """As :class:`zktools._engine.identity.Member`."""
        if self._state not in _PENDING:
            return
        if not transition.connected:
            self._watches.dropped()
        if transition.closed:
            self._end(self.session.closed_error())
        elif transition.lost:
            self._end(None)
        elif transition.session_id is not None:
            self._resume(transition.session_id)
        elif not self.terms.wait:
            self._settle(Verdict.REFUSED)

    def _end(self, error: BaseException | None) -> None:
        """The session is over, and our node with it."""
        self._candidacy.gone()
        if error is not None:
            self._settle(Verdict.FAILED, error)
        elif not self.terms.wait:
            self._settle(Verdict.REFUSED)
        else:
            self._state = _State.ENTERING

    def _resume(self, session_id: int) -> None:
        """Connected again. In the same session, our node is looked for anew."""
        if self._candidacy.is_of_session(session_id):
            self.session.vigil.ensure()
            self._candidacy.look()
        else:
            self._queue_again()
