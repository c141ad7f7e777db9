"""Deals faults, one round after another, and sees that life goes on after each."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection
from itertools import islice

from tests.chaos.faults import inflict
from tests.chaos.history import now
from tests.chaos.schedule import Card, deal
from tests.chaos.stage import Stage
from zktools.testing import ServerError

Rounds = tuple[int, int | None]


class Nemesis:
    """One seed's schedule, carried out.

    `life_goes_on` is called after each fault, and waits until it does.
    """

    def __init__(
        self, stage: Stage, seed: int, deck: tuple[Card, ...], life_goes_on: Callable[[], object]
    ) -> None:
        self._stage = stage
        self._seed = seed
        self._deck = deck
        self._life_goes_on = life_goes_on

    def run(self, seconds: float, only: Collection[str] = (), rounds: Rounds = (0, None)) -> None:
        """Until the time is up, or the rounds; the first of them and the one after the last."""
        deadline = now() + seconds
        watch = _Watch(self._stage)
        cards = islice(enumerate(deal(self._seed, only, self._deck)), *rounds)
        for number, card in cards:
            if now() > deadline:
                break
            self._stage.journal.write("fault", number=number, card=str(card), kind=card.kind)
            watch.fault_since = now()
            inflict(self._stage, card, self._seed * 1000 + number)
            self._mend()
            watch.fault_since = None
            self._stage.journal.write("healed", number=number)
            self._stage.fleet.revive()
            self._life_goes_on()
        watch.stop()

    def _mend(self) -> None:
        ensemble = self._stage.ensemble
        try:
            ensemble.heal()
        except ServerError as error:
            # Seen with ZooKeeper 3.8.0: a leader that was paused for just as long as its followers
            # have patience is followed again, and then never commits what was under way.
            self._stage.journal.write("hindered", card="heal", error=str(error).splitlines()[0])
            for member in ensemble:
                member.restart(wait=False)
            ensemble.wait_ready()


class _Watch:
    """Finds candidates that block the queue though nobody stands behind them: ghosts.

    A holder here works for half a second at most. One that stays at the head for much longer,
    with nothing broken, was left there. It is removed, so that there is more to see.
    """

    def __init__(self, stage: Stage) -> None:
        self.fault_since: float | None = None
        self._stage = stage
        self._patience = 4 * stage.session_timeout + 2.0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Look no more."""
        self._over.set()
        self._thread.join()

    def _run(self) -> None:
        head, since = "", now()
        while not self._over.wait(0.25):
            queue = self._stage.queue()
            name = queue[0].name if queue else ""
            if name != head or self.fault_since is not None:
                head, since = name, now()
            elif name and now() - since > self._patience:
                facts = {"name": name, "owner": queue[0].owner, "seconds": now() - since}
                self._stage.journal.write("ghost", **facts)
                self._stage.destroy(queue[:1])
