"""Elections: one of many leads, and everybody knows who.

Candidates queue as for a :class:`~zktools.ZkLock`; the "leader election" recipe of the ZooKeeper
documentation. A term is a lease: it is held only while that can be proven, has a fencing token, and
writes under it are fenced. The node of a term is deleted only after the leader's work has ended.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any, Self, TypeVar

from zktools._election.election import AnyElection, End, Sight, Stopped
from zktools._election.leader import Leader, check_data, leader_to_tell
from zktools._election.term import AnyTerm
from zktools._engine.steps import run
from zktools._live.blocking import Blocking
from zktools._live.folder import State
from zktools._queue.contenders import Contender, contenders
from zktools._queue.demand import Demand, check_demand
from zktools._threads.lease import Lease
from zktools._threads.own import leases_here, refuse_waiting_for_oneself
from zktools.exceptions import LockLost, LockTimeout

__all__ = ["Election", "End", "Leader", "Leading", "Term"]

F = TypeVar("F", bound=Callable[..., object])


class Term(AnyTerm, Lease):
    """A lease (:class:`zktools.Lease`) that speaks to those who watch."""

    def publish(self, data: object) -> None:
        """Have all who watch see `data`, which JSON can hold, as ``leader.data``.

        :raises LockLost: the term is over; nothing was published.
        :raises TypeError, ValueTooLargeError: JSON cannot hold it, or it takes over 128 KiB.
        """
        run(self._publishing(data))

    def hand_over(self, candidate: str) -> bool:
        """Have `candidate` lead next, and let go; True when that was done.

        In one transaction, while we lead and the candidate waits, those who wait between are taken
        out of the queue; they queue again at its end by themselves.

        :param candidate: the name of a waiting one, as :meth:`zktools.Election.candidates` has it.
        :raises MissingNodeError: it does not wait (any more); nothing was done.
        :raises LockLost: the term is over; nothing was done.
        """
        return run(self._handing_over(candidate))


class _Sight(Sight, Blocking[State]):
    pass


class Leading:
    """What :meth:`zktools.Election.lead` gives to a ``with`` statement, once."""

    def __init__(self, election: Election, demand: Demand, data: object) -> None:
        self._election = election
        self._demand = demand
        self._data = data
        self._term: Term | None = None

    def __enter__(self) -> Term:
        """Wait to be the first.

        :raises LockTimeout: the time ran out.
        :raises AlreadyHeldError: this thread leads already, and would wait for itself.
        """
        election = self._election
        claim = election._claim(self._data, self._demand)
        if claim.terms.wait:
            refuse_waiting_for_oneself(claim.session, claim.terms)
        term = Term(claim)
        try:
            granted = run(election._entering(claim, self._demand.timeout))
            if granted:
                self._term = term
                election._terms.add(term)
                leases_here(claim.session).append(term)
        except BaseException:
            claim.give_up()
            election._terms.discard(term)
            raise
        if not granted:
            raise LockTimeout(f"{election!r} was not won within {self._demand.timeout} s")
        return term

    def __exit__(self, *_: object) -> None:
        term, self._term = self._term, None
        if term is not None:
            self._election._terms.discard(term)
            term.release()


class Election(AnyElection):
    """An election among candidates of one name.

    :param client: a started :class:`kazoo.client.KazooClient`, which stays yours.
    :param name: one component of a path.
    :param root: the folder of all elections; an absolute path.
    :param identifier: who you are, for those who look; free text of at most 64 KiB.
    :param acl: for the candidates and the folders made for them; the client's ``default_acl``
        unless given.
    :param session_timeout: seconds that the server grants to sessions, where that is known to be
        less than the client asked for. Otherwise it is found out.

    Making one sends nothing. Those who only watch make one, too.
    """

    _sight: _Sight | None = None

    def lead(self, timeout: float | None = None, data: object = None) -> Leading:
        """For ``with election.lead(data="10.0.0.7:80") as term:``, a term.

        :param timeout: seconds to wait to be first; None waits for ever, 0 not for others.
        :param data: what others see as ``leader.data`` from the beginning; what JSON can hold.

        Entering raises :class:`LockTimeout` when the time runs out, :class:`LockCancelled` after
        :meth:`stop`. Leaving lets go, after the body has ended.
        """
        return Leading(self, check_demand(timeout, revoke=False, grace=None), check_data(data))

    def run(self, function: Callable[[Term], object], data: object = None) -> End:
        """Call ``function(term)`` for each term of this candidate's, until it is done.

        When it returns and the term was undisturbed, that is ``End.RETURNED`` and the end. When
        the term was lost, or it was asked to let go, it lets go once `function` has returned, and
        queues again for the next term. ``LockLost`` that comes out of `function` counts as loss.

        :returns: how the last term ended; ``End.ASKED`` after :meth:`stop`.
        :raises BaseException: what `function` raised, after letting go.
        :raises ClientUnusableError: the client was stopped, or restarted, meanwhile.
        """
        with suppress(Stopped):
            while not self._is_stopping:
                with self.lead(data=data) as term:
                    end = self._served(term, function)
                if end is End.RETURNED:
                    return end
        return End.ASKED

    def _served(self, term: Term, function: Callable[[Term], object]) -> End:
        try:
            function(term)
        except LockLost:
            if term.is_held:  # it is of something else
                raise
            return End.LOST
        return self._end_of(term)

    # -- for those who watch -------------------------------------------------------------------

    def _seen(self) -> _Sight:
        if self._sight is None:
            self._sight = _Sight(self._queue)
        return self._sight

    @property
    def leader(self) -> Leader | None:
        """Who leads, kept current from the first use on; None when there is no candidate.

        It may be late by what the network takes: for what only a leader may do, the token counts.

        :raises NotConnectedError: at the first use: no answer within the session timeout.
        """
        return self._seen().leader

    def subscribe(self, function: F) -> F:
        """Call ``function(leader)`` at once, and when another leads, none, or it publishes.

        Otherwise as :meth:`Node.subscribe <zktools.Node.subscribe>`; a decorator too.
        """
        self._seen()._subscribe(function, leader_to_tell)
        return function

    def unsubscribe(self, function: Callable[[Any], object]) -> bool:
        """Call `function` no more. Whether it was subscribed."""
        return self._seen().unsubscribe(function)

    def candidates(self) -> list[Contender]:
        """All candidates, the leader first, asked of the server.

        :raises NotConnectedError: no answer within the session timeout.
        """
        self._queue.session.check_usable()
        return run(contenders(self._queue.session, self._queue.folder, self._queue.layout))

    def close(self) -> None:
        """Watch no more; what is held stays held."""
        if self._sight is not None:
            self._sight.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
