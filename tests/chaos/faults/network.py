"""Connections broken, refused, delayed, swallowed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress

from tests.chaos.faults.registry import fault
from tests.chaos.fleet import Crew
from tests.chaos.schedule import HOLDER, Card
from tests.chaos.stage import Stage
from zktools.testing import wait_until


@contextmanager
def _aimed(stage: Stage, card: Card) -> Iterator[Crew]:
    """The worker in the card's role; a holder that means to hold for as long as the fault lasts."""
    if card.role != HOLDER:
        yield stage.crew(card.role)
        return
    seconds = (card.length + 1.0) * stage.session_timeout
    for crew in stage.fleet:
        crew.order(kind="write", hold=seconds)
    with suppress(TimeoutError):
        wait_until(lambda: stage.crew(HOLDER).means_to_hold(seconds), 2.0)
    yield stage.crew(HOLDER)
    for crew in stage.fleet:
        crew.say("forget")


@fault
def swallow(stage: Stage, card: Card, _seed: int) -> None:
    """A hole in the network, both ways or one: nobody is told."""
    with _aimed(stage, card) as crew:
        crew.proxy.swallow(card.what)  # type: ignore[arg-type]
        stage.sleep(card.length)
        crew.heal()


@fault
def half_open(stage: Stage, card: Card, _seed: int) -> None:
    """One end of the connection is gone, the other does not know."""
    with _aimed(stage, card) as crew:
        crew.proxy.cut(card.what)  # type: ignore[arg-type]
        stage.sleep(card.length)
        crew.heal()


@fault
def reset(stage: Stage, card: Card, _seed: int) -> None:
    """The connection breaks; a new one may be made at once."""
    stage.crew(card.role).proxy.cut()


@fault
def disconnect(stage: Stage, card: Card, _seed: int) -> None:
    """The connection breaks, and no new one is to be had."""
    with _aimed(stage, card) as crew:
        crew.proxy.refuse()
        crew.proxy.cut()
        stage.sleep(card.length)
        crew.heal()


@fault
def flap(stage: Stage, card: Card, _seed: int) -> None:
    """The connection breaks again and again."""
    with _aimed(stage, card) as crew:
        _flap(stage, [crew], card)


@fault
def flap_everybody(stage: Stage, card: Card, _seed: int) -> None:
    """All connections break again and again."""
    _flap(stage, list(stage.fleet), card)


def _flap(stage: Stage, crews: list[Crew], card: Card) -> None:
    for _ in range(10):
        for crew in crews:
            crew.proxy.cut()
        stage.sleep(card.length / 10)


@fault
def delay(stage: Stage, card: Card, _seed: int) -> None:
    """Everything takes longer for everybody."""
    for crew in stage.fleet:
        crew.proxy.delay(float(card.what) * stage.session_timeout)
    stage.sleep(card.length)
    heal_networks(stage)


@fault
def disconnect_everybody(stage: Stage, card: Card, _seed: int) -> None:
    """Nobody has a connection."""
    for crew in stage.fleet:
        crew.proxy.refuse()
        crew.proxy.cut()
    stage.sleep(card.length)
    heal_networks(stage)


def heal_networks(stage: Stage) -> None:
    """Mend everybody's."""
    for crew in stage.fleet:
        crew.heal()
