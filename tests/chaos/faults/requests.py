"""Single requests and replies lost, or late."""

from __future__ import annotations

from contextlib import suppress

from tests.chaos.faults.network import heal_networks
from tests.chaos.faults.registry import fault
from tests.chaos.fleet import Crew
from tests.chaos.schedule import Card
from tests.chaos.stage import Stage
from zktools.testing import Hold, Op, Trap

CAUGHT_WITHIN = 2.0  #: seconds to wait for a request of the kind that is meant


@fault
def lose_reply(stage: Stage, card: Card, seed: int) -> None:
    """The server does what was asked, and the reply is lost with the connection."""
    _lose(stage, [somebody(stage, seed)], card, "drop_reply")


@fault
def lose_request(stage: Stage, card: Card, seed: int) -> None:
    """The request is lost with the connection."""
    _lose(stage, [somebody(stage, seed)], card, "drop_request")


@fault
def lose_reply_of_all(stage: Stage, card: Card, _seed: int) -> None:
    """As `lose_reply`, for everybody at once."""
    _lose(stage, list(stage.fleet), card, "drop_reply")


@fault
def late_request(stage: Stage, card: Card, seed: int) -> None:
    """A request takes its time on the way, and all behind it."""
    # Locks look whether a node exists for other reasons, too; who waits arms a watch by it.
    arms = (lambda frame: frame.payload.endswith(b"\1")) if card.what == "EXISTS" else None
    _keep(stage, card, somebody(stage, seed).proxy.hold_request(*ops(card), where=arms))


@fault
def late_reply(stage: Stage, card: Card, seed: int) -> None:
    """A reply takes its time on the way, and all behind it, watch events too."""
    _keep(stage, card, somebody(stage, seed).proxy.hold_reply(*ops(card)))


def _keep(stage: Stage, card: Card, hold: Hold) -> None:
    with suppress(TimeoutError):
        hold.wait(CAUGHT_WITHIN)
        stage.sleep(card.length)
    hold.release()


def _lose(stage: Stage, crews: list[Crew], card: Card, how: str) -> None:
    if card.what == "CREATE_SESSION":
        for crew in crews:
            crew.proxy.cut()  # so that it opens one
    traps: list[Trap] = [getattr(crew.proxy, how)(*ops(card)) for crew in crews]
    for crew, trap in zip(crews, traps, strict=True):
        with suppress(TimeoutError):
            trap.wait(CAUGHT_WITHIN)
            if card.length:
                crew.proxy.refuse()
        trap.release()
    stage.sleep(card.length)
    heal_networks(stage)


def ops(card: Card) -> list[Op]:
    """The kinds of request that a card is about."""
    # kazoo's locks create without asking for the stat.
    return [Op.CREATE, Op.CREATE2] if card.what == "CREATE2" else [Op[card.what]]


def somebody(stage: Stage, seed: int) -> Crew:
    """Any worker, the same for the same seed."""
    crews = list(stage.fleet)
    return crews[seed % len(crews)]
