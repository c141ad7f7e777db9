"""Keeping the session of one client proven, for those who are lost without.

kazoo reports a lost session only when it reaches a server again, and a broken connection only after
two thirds of the session timeout, or never while requests keep being sent into a black hole. A
lease must not depend on that.

What is sent is a transaction of one operation: to check that the node exists on which somebody's
hold rests. It changes nothing, but takes a place in the order of all changes, which needs a quorum:
so its answer proves node, session and leader in one. A *sync* does not: a leader answers it alone,
also one that was deposed and does not know yet. What an answer proves is told by
:mod:`zktools._engine.life`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from kazoo.exceptions import NoAuthError, NoNodeError

from zktools._engine.clock import now
from zktools._engine.life import Life

if TYPE_CHECKING:
    from zktools._engine.session import Session
    from zktools._engine.wire import Handshake
    from zktools._engine.worker import Timer

#: The part of the session timeout after which a proof of life is renewed.
RENEW = 1 / 6
#: The same, of the time for which the proof is good, where that is shorter.
_HASTE = 1 / 4

_NOTHING_SHOWN = Life(None, 0.0, float("-inf"))


class Ticket(NamedTuple):
    """When, and on which connection, a request was sent."""

    life: Life
    sent: float


class Dependent(Protocol):
    """Something that rests on a node, and is lost when the session cannot be proven in time."""

    @property
    def path(self) -> str | None:
        """Of its node, where it has one now."""

    def on_unproven(self) -> None:
        """The newest proof is not good any more, and none has come. On the engine."""

    def on_missing(self, path: str) -> None:
        """This node is not there, a quorum says. On the engine."""


class Vigil:
    """Asks for signs of life as long as somebody depends on them. All on the engine but `life`.

    `told`: seconds that the server grants at most, as far as users have said.
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        self._dependents: set[Dependent] = set()
        self._timer: Timer | None = None
        self._asked: Life | None = None  # the connection on which a proof is under way
        self._told = float("inf")
        self._life = _NOTHING_SHOWN
        self.greet(session.wire.handshake)

    @property
    def life(self) -> Life:
        """What the present connection, or the one before, has shown."""
        if self._life is _NOTHING_SHOWN and self._session.connected:
            self.greet(self._session.wire.handshake)
        return self._life

    def greet(self, handshake: Handshake | None) -> None:
        """There is a new connection; nothing was sent on it yet. On kazoo's connection thread."""
        if handshake is None:
            return
        timeout = min(handshake.timeout, self._told)
        self._life = Life(handshake.session_id, timeout, handshake.opened, self._life)
        if self._dependents:
            self._session.engine.post(self._renew)  # it may be granted less

    def lost(self) -> None:
        """The session is over."""
        self._life = _NOTHING_SHOWN

    def limit(self, timeout: float | None) -> None:
        """The server grants no more than so many seconds, says a user. Any thread."""
        if timeout is not None and timeout < self._told:
            self._told = timeout
            if self._life is not _NOTHING_SHOWN:
                self._life.limit(timeout)

    # -- tickets -------------------------------------------------------------------------------

    def ticket(self) -> Ticket:
        """Take one right before sending a request that needs a quorum. Any thread."""
        return Ticket(self.life, now())

    def confirm(self, ticket: Ticket) -> None:
        """The request that `ticket` was taken for was answered: the session lived when it was sent.

        A ticket of an earlier connection proves nothing: the session may be another one.
        """
        if ticket.life is self._life and self._life is not _NOTHING_SHOWN:
            if now() >= self._life.until:
                self._give_up()  # for some this comes too late
            self._life.confirm(ticket.sent)

    # -- who depends on it ---------------------------------------------------------------------

    def depend(self, dependent: Dependent) -> None:
        """Keep the session proven for `dependent`, and tell it when it is not."""
        self._dependents.add(dependent)
        if self._timer is None:
            self._renew()

    def undepend(self, dependent: Dependent) -> None:
        """No longer. Harmless when it did not depend."""
        self._dependents.discard(dependent)

    def _give_up(self) -> None:
        for dependent in list(self._dependents):
            dependent.on_unproven()

    def _renew(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        at = now()
        life = self.life
        if at >= life.until:
            self._give_up()
        if not self._dependents:
            return
        period = self._period(life)
        # One at a time: what is sent into a network that swallows everything keeps kazoo from the
        # ping whose missing answer tells it to look for another server.
        if not life.is_proven or at - life.newest >= period / 2:
            self.ensure()
        until = life.until if life.until > at else float("inf")
        wait = max(min(period, until - at), 0.001)
        self._timer = self._session.engine.later(wait, self._renew)

    def _period(self, life: Life) -> float:
        timeout = life.timeout or self._session.wire.session_timeout
        good = life.until - life.newest
        return min(RENEW * timeout, _HASTE * good) if good > 0 else RENEW * timeout

    # -- asking --------------------------------------------------------------------------------

    def ensure(self, path: str | None = None) -> None:
        """Ask, unless connected no more, or the answer is under way.

        By the node at `path`; by that of somebody who depends on the session unless given.
        """
        if self._session.connected and self._asked is not self.life:
            self._asked = self.life
            paths = (dependent.path for dependent in self._dependents)
            self.prove(path or next(filter(None, paths), None), self._answered, self._asked)

    def _answered(self, _result: Any, life: Life) -> None:
        if self._asked is life:
            self._asked = None
            self._renew()  # on a slow link the next is due already

    def prove(
        self, path: str | None = None, then: Callable[..., None] | None = None, *args: Any
    ) -> None:
        """Ask a quorum for a sign of life; then ``then(result, *args)`` on the engine.

        It says, too, whether the node at `path` exists.
        """
        request: Any = self._session.client.transaction()
        if path is not None:
            request.check(path, -1)
        self._session.link(request.commit_async(), self._proved, self.ticket(), path, then, args)

    def _proved(
        self,
        result: Any,
        ticket: Ticket,
        path: str | None,
        then: Callable[..., None] | None,
        args: tuple[Any, ...],
    ) -> None:
        refused = next((r for r in result.value or () if isinstance(r, Exception)), None)
        if isinstance(refused, NoAuthError):
            # Who may not read its own node: without it, an answer proves session and leader only.
            self.prove(None, then, *args)
            return
        if isinstance(refused, NoNodeError) and path is not None:
            for dependent in list(self._dependents):
                dependent.on_missing(path)
        elif result.successful() and refused is None:
            self.confirm(ticket)
        if then is not None:
            then(result, *args)
