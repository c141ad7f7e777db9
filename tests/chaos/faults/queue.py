"""Somebody meddles with the lock's nodes."""

from __future__ import annotations

from kazoo.exceptions import KazooException

from tests.chaos.faults.registry import fault
from tests.chaos.schedule import HOLDER, Card
from tests.chaos.stage import Place, Stage


@fault
def delete_candidate(stage: Stage, card: Card, _seed: int) -> None:
    """Somebody deletes a node in the queue."""
    place = stage.place(card.role)
    if place is not None:
        stage.destroy([place])


@fault
def delete_folder(stage: Stage, _card: Card, _seed: int) -> None:
    """Somebody deletes the whole lock, and its sequence starts again at 0."""
    for _ in range(20):
        if stage.destroy(stage.queue(), folder=True):
            return


@fault
def ask(stage: Stage, card: Card, _seed: int) -> None:
    """Somebody asks a candidate to let go, as zktools 0.2 does."""
    _slow_down(stage)
    place = stage.place(card.role)
    if place is not None:
        _ask(stage, place)


def _slow_down(stage: Stage) -> None:
    """Have all hold the lock for so long that the one who is asked still has it, or its place."""
    for crew in stage.fleet:
        crew.order(hold=0.5)
    stage.sleep(0.5)


def _ask(stage: Stage, place: Place) -> None:
    if _write_unlock(stage, place):
        stage.journal.write("asked", token=place.czxid, target=place.owner)


def _write_unlock(stage: Stage, place: Place) -> bool:
    try:
        stage.client.set_async(place.path, b"unlock").get(timeout=1.0)
    except (KazooException, stage.client.handler.timeout_exception):
        return False
    return True


@fault
def ask_while_cut(stage: Stage, card: Card, _seed: int) -> None:
    """As `ask`, while the one who is asked is disconnected for a moment."""
    _slow_down(stage)
    crew = stage.crew(card.role)
    crew.proxy.refuse()
    crew.proxy.cut()
    place = stage.place(card.role)
    if place is not None and place.owner == crew.who:
        _write_unlock(stage, place)
    stage.sleep(card.length)
    crew.heal()


@fault
def take_by_force(stage: Stage, _card: Card, _seed: int) -> None:
    """A worker destroys those ahead of it (``revoke=IMMEDIATE``)."""
    stage.crew(HOLDER).order(revoke="immediate")
    stage.sleep(1.0)


@fault
def hurry(stage: Stage, card: Card, _seed: int) -> None:
    """No fault: everybody holds for long, and has little time to wait."""
    for crew in stage.fleet:
        for _ in range(3):
            crew.order(hold=0.5, timeout=0.75, cancel_after=None)
    stage.sleep(card.length)
