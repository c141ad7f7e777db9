"""An election as every face has it: entering it, and seeing who leads.

Candidates queue as for a lock, and the first one leads; each says in its own node who it is and
what it publishes. So there is no record of the leader beside the queue that could be out of date:
who leads is who is first, as of one moment of the server, for candidates and for those who watch.
"""

from __future__ import annotations

import enum
from collections.abc import Sequence

from kazoo.client import KazooClient
from kazoo.security import ACL

from zktools._election.leader import Leader, check_data, leader_of, with_data
from zktools._election.term import AnyTerm
from zktools._engine.steps import Steps
from zktools._live.folder import Folder
from zktools._queue import order
from zktools._queue.claim import Claim
from zktools._queue.demand import Demand
from zktools._queue.hold import Hold
from zktools._queue.queue import Queue
from zktools._queue.terms import Reason
from zktools.exceptions import LockCancelled
from zktools.values import Raw


class End(enum.Enum):
    """How a term of ``run()`` came to its end."""

    RETURNED = "returned"
    """The function returned, undisturbed."""
    ASKED = "asked"
    """Somebody asked the leader to let go, or it resigned; then the function ended."""
    LOST = "lost"
    """The term was lost: the session ended, could not be proven, or the node was deleted."""


class Stopped(LockCancelled):
    """Waiting to lead was given up, since the election was stopped."""


class Sight(Folder):
    """All candidates, kept current."""

    def __init__(self, queue: Queue) -> None:
        super().__init__(queue.session.client, queue.folder, acl=queue.acl, codec=Raw())
        self._begin()

    @property
    def leader(self) -> Leader | None:
        """Who leads at this moment."""
        return leader_of(self._state)


class AnyElection:
    """What is made of an election's arguments."""

    def __init__(
        self,
        client: KazooClient,
        name: str,
        root: str = "/ZktoolsElections",
        *,
        identifier: str | None = None,
        acl: Sequence[ACL] | None = None,
        session_timeout: float | None = None,
    ) -> None:
        self._queue = Queue(
            client,
            name,
            root,
            words=("name", "root"),
            identifier=identifier,
            acl=acl,
            session_timeout=session_timeout,
        )
        self._terms: set[AnyTerm] = set()
        self._is_stopping = False

    def resign(self) -> bool:
        """Ask the terms that this object holds to end, as an operator would. Whether there are any.

        ``revoked`` of the term is True from then on: whoever leads is to end its work.
        """
        terms = [term for term in self._terms if not term._hold.is_over]
        for term in terms:
            assert isinstance(term._hold, Hold)
            self._queue.session.engine.post(term._hold.ask)
        return bool(terms)

    def stop(self) -> None:
        """Have ``run()`` come to its end: give up waiting, and :meth:`resign`. For good."""
        self._is_stopping = True
        self._queue.cancel()
        self.resign()

    def _claim(self, data: object, demand: Demand) -> Claim:
        claim = self._queue.claim(order.LOCK, demand, _nobody)
        claim.terms.who.update(with_data({}, check_data(data)))
        return claim

    def _entering(self, claim: Claim, timeout: float | None) -> Steps[bool]:
        """As :meth:`Queue.enter`, but that :meth:`stop` is heard whenever it is called."""
        steps = self._queue.enter(claim, timeout)
        try:
            first = next(steps)  # from here on the queue would cancel it
            if self._is_stopping:
                self._queue.cancel()
            yield first
            return (yield from steps)
        except LockCancelled as error:
            raise Stopped(f"{self!r} was stopped") from error
        except BaseException:
            steps.close()
            raise

    def _end_of(self, term: AnyTerm) -> End:
        if term._hold.is_lost:
            return End.LOST
        return End.ASKED if term._hold.is_asked else End.RETURNED

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._queue.folder}>"


def _nobody(_reason: Reason) -> None:
    """A term says itself whether it is revoked."""
