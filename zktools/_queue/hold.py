"""One hold of a lock, from when it was granted until it is released or lost.

::

    HELD ── connection lost ──► UNPROVEN ── same session, node seen again ──► HELD
      │                             │
      │ destroyed, session over, or not proven in time: `lost` is set
      │                             │
      │ release                     ▼
      └──────────────────────────► OVER ── a Removal deletes the node, if it may be there: at
                                           once, or, not proven in time, when the session may end
                                           anyway, so that who was told to stop has time to stop

Nothing here is a flag that says "held". It is worked out anew at each look, from the session's
proof of life, the connection, and the epoch under which the node was seen last.
"""

from __future__ import annotations

import logging
from functools import partial
from typing import Any

from kazoo.exceptions import NoNodeError

from zktools._engine.clock import now
from zktools._engine.process import process
from zktools._engine.session import Session, Ticket, Transition
from zktools._engine.worker import Timer
from zktools._queue.attempt import TRANSIENT, Attempt
from zktools._queue.candidacy import Answer, Candidacy
from zktools._queue.notice import Notice, Told
from zktools._queue.requests import delete_directly
from zktools._queue.terms import Reason, Terms
from zktools._queue.watches import Watches

log = logging.getLogger("zktools.locks")

#: Seconds after an uncontended grant until the watch on our own node is armed. It reports what
#: came before as well, so a short hold saves the request and misses nothing it could have acted on.
ARM_DELAY = 0.005


class Hold(Told):
    """One granted lock. Takes over the node and the watches of the claim that it was granted to."""

    def __init__(
        self, session: Session, terms: Terms, candidacy: Candidacy, watches: Watches, epoch: int
    ) -> None:
        assert candidacy.attempt is not None
        assert candidacy.attempt.name is not None
        self.session = session
        self.notice = Notice(session, terms)
        self._terms = terms
        self._candidacy = candidacy
        self._attempt: Attempt = candidacy.attempt
        self._name: str = candidacy.attempt.name
        self._watches = watches
        self._epoch = epoch  # under which our node was seen last
        self._process = process()
        self._watching: Timer | None = None
        self._released = False
        self._expired = False  # somebody saw that it was not proven in time: that is for good
        self._over = False
        self._left = False

    # -- for users' threads --------------------------------------------------------------------

    @property
    def path(self) -> str:
        """Of our node."""
        return f"{self._terms.folder}/{self._name}"

    @property
    def paths(self) -> list[str]:
        """The same, as of a hold that may have several."""
        return [self.path]

    @property
    def token(self) -> int:
        """The czxid of our node."""
        return self._attempt.czxid

    @property
    def session_id(self) -> int | None:
        """Of the session that owns our node."""
        return self._attempt.session_id

    @property
    def is_held(self) -> bool:
        """Whether the lock is held for certain: now, in this session, with the node in place."""
        return (
            not self._over
            and not self._released
            and self._epoch == self.session.epoch
            and self.session.connected
            and self.session.vigil.life.is_proven
            and not self.is_lost
        )

    @property
    def is_lost(self) -> bool:
        """Whether it was lost for good, by events or by the clock."""
        if self.lost.is_set() or self._expired or self.is_of_parent:
            return True
        if self._released or now() < self.session.vigil.life.until:
            return False
        self._expired = True
        self.session.engine.post(self._expire)
        return True

    @property
    def is_of_parent(self) -> bool:
        """Whether it was granted to a process that this one was forked from."""
        return self._process != process()

    @property
    def is_released(self) -> bool:
        """Whether it was let go before it was lost."""
        return self._released and not self.lost.is_set()

    @property
    def is_over(self) -> bool:
        """Whether it can never be valid again."""
        return self._released or self.is_lost

    def release(self, answer: Answer) -> None:
        """Let go. `answer` is called as by :class:`Removal`; with False if it was lost."""
        if self.is_of_parent:
            answer(False)
            return
        if not self._released:
            self.notice.released()
        self._released = True
        direct = self.session.sends_directly and self.session.connected  # kazoo would keep it back
        if self._over or not direct:
            self.session.engine.post(self._release, answer)
            return
        # One change of thread less here, and one at the answer. Whatever goes wrong, the engine
        # does it again; deleting twice does no harm.
        ticket = self.session.vigil.ticket()

        def deleted(result: Any) -> None:
            self.session.departures.end(self._name, is_gone=result.successful())
            self.session.wire.behind_arrivals(lambda: told(result))  # whose turn it is goes first

        def told(result: Any) -> None:
            if result.successful():
                answer(True)
            self.session.bring(self._deleted_by_release, result, ticket, answer)

        self._watches.mute(self._name)
        try:
            self.session.departures.begin(self._name)
            delete_directly(self.session, self.path, deleted)
        except BaseException:  # an interrupt: it may be on its way or not
            end = partial(self.session.departures.end, self._name, is_gone=False)
            self.session.engine.post(end)
            raise

    def release_later(self) -> None:
        """Let go without waiting, in the background."""
        self._released = True
        self.session.engine.post(self._release, lambda _: None)

    # -- the engine: beginning and end ---------------------------------------------------------

    def begin(self, *, is_asked: bool) -> None:
        """The lock is granted."""
        self.session.join(self)
        self.session.vigil.depend(self)
        self._watches.on_deleted = self._deleted
        self._watches.on_changed = self._changed
        self._watches.on_confirmed = _nothing
        if not self._watches.covers(self._name):
            self._watching = self.session.engine.later(ARM_DELAY, self._watch_own)
        if is_asked:
            self.ask()

    def _leave(self, answer: Answer | None = None) -> None:
        self._over = self._left = True
        if self._watching is not None:
            self._watching.cancel()  # or the engine's thread wakes for each hold that was short
        self.session.vigil.undepend(self)
        self._watches.forget()
        self._candidacy.withdraw(answer)
        self.session.leave(self)

    def _release(self, answer: Answer) -> None:
        if self._over:
            answer(False)
            self._leave_if_here()
        else:
            self._leave(answer)

    def _leave_if_here(self) -> None:
        if not self._left:
            self._leave()

    def _deleted_by_release(self, result: Any, ticket: Ticket, answer: Answer) -> None:
        if result.successful():
            self.session.vigil.confirm(ticket)
            self._candidacy.gone()
            self._leave_if_here()
        elif isinstance(result.exception, NoNodeError):
            # There was nothing to release: it was lost before, and the news is still on its way.
            self._released = self._released and self._over
            self._lose_node(self._why_gone())
            answer(False)
        else:
            self._release(answer)

    def _why_gone(self) -> Reason:
        same = self.session.session_id == self.session_id
        return Reason.DESTROYED if same else Reason.SESSION_LOST

    def _lose(self, reason: Reason) -> None:
        """Held no more, for good: even if the node should turn out to be there still."""
        self._over = True
        self.session.vigil.undepend(self)
        if not self._released:
            self.notice.lose(reason)

    def _lose_node(self, reason: Reason) -> None:
        """Lost, and our node is gone."""
        self._candidacy.gone()
        if not self._over:
            self._lose(reason)
        self._leave_if_here()

    def _expire(self) -> None:
        """Not proven in time. Our node may be there still; others may not hold the lock yet."""
        if not self._over:
            remaining = self.session.vigil.life.ends_at - now()
            self._lose(Reason.SESSION_LOST)
            self.session.engine.later(max(remaining, 0.0), self._leave_if_here)

    # -- our own node --------------------------------------------------------------------------

    def _watch_own(self) -> None:
        if not self._over and not self._released:  # nobody is left to tell
            self._watches.arm_own(self._name, self._attempt.czxid)

    def _deleted(self, name: str) -> None:
        if name == self._name and not self._left:
            self._lose_node(Reason.DESTROYED)

    def _changed(self, name: str) -> None:
        if name == self._name and not self._over:
            self._read()

    def _read(self) -> None:
        """See what was written to our node, or whether it is still there."""
        self._watches.read(self._name, self._was_read, self.session.epoch)

    def _look(self) -> None:
        """The same, together with all other holds of this client."""
        size = len(self._terms.layout.encode(self._terms.who))
        self._watches.look(self._name, size, self._was_read, self.session.epoch)

    def _was_read(self, result: Any, epoch: int) -> None:
        if self._over or epoch != self.session.epoch:
            return
        if result.successful():
            data, stat = result.value
            if (stat.czxid, stat.ephemeralOwner) != (self.token, self.session_id):
                self._deleted(self._name)  # and another was made under its name
                return
            self._epoch = epoch
            if self._terms.layout.is_asked(data):
                self.ask()
        elif isinstance(result.exception, NoNodeError):
            self._deleted(self._name)
        elif not isinstance(result.exception, TRANSIENT):
            log.warning("%s: cannot be read: %r", self.path, result.exception)

    def ask(self) -> None:
        """Somebody asked for the lock."""
        if not self._over:  # else nobody has it who could let go
            self.notice.ask()

    # -- the session ---------------------------------------------------------------------------

    def on_unproven(self) -> None:
        """As :class:`zktools._engine.session.Dependent`."""
        self._expire()

    def on_missing(self, path: str) -> None:
        """As :class:`zktools._engine.session.Dependent`."""
        if path == self.path:
            self._deleted(self._name)

    def on_transition(self, transition: Transition) -> None:
        """As :class:`zktools._engine.session.Member`."""
        if self._left:
            return
        if not transition.connected:
            self._watches.dropped()
        session_id = transition.session_id
        if transition.lost or (transition.connected and session_id != self.session_id):
            self._lose_node(Reason.SESSION_LOST)
        elif transition.connected and not self._over:
            # What is read behind the proof, on one connection, is no older than that. It is held
            # again when both are here.
            self.session.vigil.ensure(self.path)
            self._look()


def _nothing() -> None:
    """Nothing waits for the watches of a hold to be confirmed."""
