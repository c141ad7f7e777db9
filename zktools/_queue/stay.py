"""A node that stays in the queue between uses, as long as nobody else wants the lock.

Whoever acquires and releases the same lock again and again, and is alone with that, would make and
delete a node each time. Here the node stays when its use is over, and the next use of the same lock
object is granted by a look at what is known anyway: no request, no round trip.

**That is as safe as one long hold**, for to everybody else it is one. Nothing is believed while
nobody uses the node. A use begins only while the hold is proven, by the same look as ``is_held``.

**Nobody is kept waiting.** Who queues behind cannot ask, if it is of 0.2, kazoo or Curator; so the
children of the folder are watched from the grant on. The first change lets the node go: at once if
it is not used, else when its use is over. So does a request to let go, a connection that breaks,
and a time without any use. Once that is decided nobody begins another use, so who has queued waits
for one hold at the longest.
"""

from __future__ import annotations

from typing import Any

from kazoo.protocol.states import EventType, WatchedEvent

from zktools._engine.clock import now
from zktools._engine.session import Session, Transition
from zktools._engine.wire import at_once
from zktools._engine.worker import Timer
from zktools._queue.candidacy import Answer, Candidacy
from zktools._queue.hold import Hold
from zktools._queue.notice import Nobody
from zktools._queue.occupancy import Occupancy
from zktools._queue.terms import Reason, Terms
from zktools._queue.use import Use
from zktools._queue.watches import Watches


class Keeper:
    """For how many seconds of no use one lock object keeps its node, and the newest it has."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.stay: Stay | None = None


class Stay(Hold):
    """As a hold, over several uses, one at a time; `first` is that which the node was made for."""

    def __init__(
        self,
        session: Session,
        terms: Terms,
        candidacy: Candidacy,
        watches: Watches,
        epoch: int,
        keeper: Keeper,
    ) -> None:
        super().__init__(session, terms, candidacy, watches, epoch)
        self.first = Use(self, terms)
        self.notice = self.first.notice
        self._nobody = Nobody(session, terms)
        self._occupancy = Occupancy(self.first)
        self._keeper = keeper
        self._free_since = now()
        self._idle: Timer | None = None
        # Each of these is set before it is looked who uses the node; and whoever begins or ends a
        # use looks at them after. Whichever comes last sees the other.
        self._is_wanted = False
        self._was_asked = False
        self._why = Reason.SESSION_LOST

    # -- for users' threads --------------------------------------------------------------------

    def take(self, use: Use) -> bool:
        """Begin a use, without any request. False when the node cannot be had by now."""
        if self._is_wanted or not self.is_held or not self._occupancy.take(use):
            return False
        self.notice = use.notice
        if self._over or self._was_asked:
            self.session.engine.post(self._tell_again)
        return True

    def end(self, use: Use, answer: Answer) -> None:
        """The use is over: keep the node if it may be kept, or release it."""
        if self._is_wanted or self._keeper.stay is not self or not self.is_held:
            self.release(answer)
            return
        use.notice.released()
        self.notice = self._nobody
        self._free_since = now()
        self._occupancy.leave()
        self._look_again()
        answer(True)

    def _look_again(self) -> None:
        if self._is_wanted or self._over:
            self.give_way()

    def end_later(self, use: Use) -> None:
        """The same for good, and in the background."""
        if self._occupancy.is_by(use):
            self.release_later()
        elif self._is_wanted:  # `end` was interrupted before it could look
            self.session.engine.post(self._let_go)

    def give_way(self) -> None:
        """Let go of the node, unless it is used, ahead of what this thread sends next."""
        if self._occupancy.close():
            self.release(_unheard)

    # -- the engine: beginning and end ---------------------------------------------------------

    def begin(self, *, is_asked: bool) -> None:
        """As of a hold."""
        super().begin(is_asked=is_asked)
        self._idle = self.session.engine.later(self._keeper.seconds, self._end_if_idle)
        listed = self.session.client.get_children_async(self._terms.folder, watch=self._on_children)
        self.session.link(listed, self._listed)

    def _end_if_idle(self) -> None:
        """Let go once it has been without use for long enough."""
        if self._left:
            return
        idle = 0.0 if self._occupancy.is_used else now() - self._free_since
        if idle >= self._keeper.seconds:
            self._let_go()
        else:
            self._idle = self.session.engine.later(self._keeper.seconds - idle, self._end_if_idle)

    def _let_go(self) -> None:
        if self._occupancy.close() and not self._left:
            self._released = True
            self._release(_unheard)

    def _want(self) -> None:
        """Somebody else is to have the lock next."""
        self._is_wanted = True
        self._let_go()

    def _leave(self, answer: Answer | None = None) -> None:
        if self._idle is not None:
            self._idle.cancel()
        self.session.wire.forget(self._on_children, [self._terms.folder])
        super()._leave(answer)

    # -- the engine: what becomes known --------------------------------------------------------

    @at_once
    def _on_children(self, event: WatchedEvent) -> None:
        # kazoo's thread. Nobody else was there, so whatever has changed, somebody has come.
        if event.type != EventType.NONE:
            self.session.bring(self._want)

    def _listed(self, result: Any) -> None:
        names = result.value if result.successful() else None
        if names is None or len(self._terms.layout.candidates(names)) > 1:
            self._want()

    def ask(self) -> None:
        """As of a hold."""
        self._was_asked = True
        super().ask()
        self._want()

    def _lose(self, reason: Reason) -> None:
        self._why = reason
        super()._lose(reason)

    def _tell_again(self) -> None:
        """Something became known while a use began, which may not have heard."""
        if self._over and not self._released:
            self.notice.lose(self._why)
        elif not self._over:
            self.notice.ask()

    def on_transition(self, transition: Transition) -> None:
        """As of a hold. The watch goes with the connection, and so nothing is kept beyond it."""
        if not transition.connected:
            self._is_wanted = True
            if not transition.lost:  # else there is nothing to delete
                self._let_go()
        super().on_transition(transition)


def _unheard(_answer: bool | None) -> None:
    """Nobody waits for a node that nobody uses to be gone."""
