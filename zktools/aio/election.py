"""Elections for asyncio: those of :mod:`zktools.election`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import suppress

from zktools._election.election import AnyElection, End, Sight, Stopped
from zktools._election.leader import Leader, check_data, leader_to_tell
from zktools._election.term import AnyTerm
from zktools._live.folder import State
from zktools._queue.contenders import Contender, contenders
from zktools._queue.demand import Demand, check_demand
from zktools.aio._acquisition import Acquisition, OnLoss
from zktools.aio._bridge import perform
from zktools.aio._live import Awaiting, Following
from zktools.aio.lease import Lease
from zktools.exceptions import LockLost, LockTimeout

__all__ = ["Election", "End", "Leader", "Leading", "Term", "Watching"]


class Term(AnyTerm, Lease):
    """A lease (:class:`zktools.aio.Lease`) that speaks to those who watch."""

    async def publish(self, data: object) -> None:
        """Have all who watch see `data`. As :meth:`zktools.election.Term.publish`."""
        await perform(self._publishing(data))

    async def hand_over(self, candidate: str) -> bool:
        """Have `candidate` lead next. As :meth:`zktools.election.Term.hand_over`."""
        return await perform(self._handing_over(candidate))


class Watching(Sight, Awaiting[State]):
    """Who leads, kept current; what :meth:`zktools.aio.Election.watch` gives to ``async with``."""

    @property
    def _state(self) -> State:
        self._check_opened()
        return super()._state

    def __aiter__(self) -> Following[Leader | None]:
        """Who leads now, and then each change: another leads, none, or it publishes."""
        return Following(self, leader_to_tell)


class Leading:
    """What :meth:`zktools.aio.Election.lead` gives to an ``async with`` statement, once."""

    def __init__(self, election: Election, demand: Demand, data: object, on_loss: OnLoss) -> None:
        self._election = election
        self._demand = demand
        self._data = data
        self._acquisition = Acquisition(self._take, on_loss)
        self._term: Term | None = None

    async def _take(self) -> Term:
        election = self._election
        claim = election._claim(self._data, self._demand)
        self._term = term = Term(claim)
        if not await perform(election._entering(claim, self._demand.timeout)):
            raise LockTimeout(f"{election!r} was not won within {self._demand.timeout} s")
        election._terms.add(term)
        return term

    async def __aenter__(self) -> Term:
        """Wait to be the first.

        :raises LockTimeout: the time ran out.
        """
        try:
            await self._acquisition.__aenter__()
        except BaseException:
            if self._term is not None:  # lost before the loop came to it
                self._election._terms.discard(self._term)
            raise
        assert self._term is not None
        return self._term

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, *_: object
    ) -> None:
        if self._term is not None:
            self._election._terms.discard(self._term)
        await self._acquisition.__aexit__(kind, error)


class Election(AnyElection):
    """An election: :class:`zktools.Election` for asyncio.

    ::

        election = Election(zk, "scheduler", identifier="web-1")
        async with election.lead(data="10.0.0.7:80") as term:       # cancelled when lost
            await term.publish("10.0.0.7:81")
        async with election.watch() as sight:
            sight.leader                                            # local, no await
            async for leader in sight: ...

    Arguments as for :class:`zktools.Election`. Making one sends nothing and needs no loop.
    """

    def lead(
        self,
        timeout: float | None = None,
        data: object = None,
        *,
        on_loss: OnLoss = "cancel",
    ) -> Leading:
        """For ``async with election.lead() as term:``; as :meth:`zktools.Election.lead`.

        :param on_loss: ``"cancel"`` cancels the body when the term is lost, and raises
            :class:`LockLost`; ``"flag"`` leaves it to the body to look.
        """
        demand = check_demand(timeout, revoke=False, grace=None)
        return Leading(self, demand, check_data(data), on_loss)

    async def run(self, function: Callable[[Term], Awaitable[object]], data: object = None) -> End:
        """Await ``function(term)`` for each term, until it is done.

        As :meth:`zktools.Election.run`; what `function` awaits is cancelled when its term is lost.
        """
        with suppress(Stopped):
            while not self._is_stopping:
                end = await self._serve(function, data)
                if end is End.RETURNED:
                    return end
        return End.ASKED

    async def _serve(self, function: Callable[[Term], Awaitable[object]], data: object) -> End:
        foreign: LockLost | None = None
        end = End.LOST
        try:
            async with self.lead(data=data) as term:
                try:
                    await function(term)
                    end = self._end_of(term)
                except LockLost as error:
                    foreign = error if term.is_held else None
        except LockLost:
            return End.LOST
        if foreign is not None:
            raise foreign
        return end

    def watch(self) -> Watching:
        """For ``async with election.watch() as sight:``: who leads, kept current."""
        return Watching(self._queue)

    async def candidates(self) -> list[Contender]:
        """All candidates, the leader first, asked of the server.

        :raises NotConnectedError: no answer within the session timeout.
        """
        self._queue.session.check_usable()
        return await perform(
            contenders(self._queue.session, self._queue.folder, self._queue.layout)
        )
