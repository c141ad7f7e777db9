"""What faults there are, by name."""

from __future__ import annotations

from collections.abc import Callable

from tests.chaos.schedule import Card
from tests.chaos.stage import Stage

Fault = Callable[[Stage, Card, int], None]
FAULTS: dict[str, Fault] = {}


def fault(function: Fault) -> Fault:
    """Make it known by its name."""
    FAULTS[function.__name__] = function
    return function


def inflict(stage: Stage, card: Card, seed: int) -> None:
    """Let it happen. What hinders it, an election that takes long for instance, is written down."""
    try:
        FAULTS[card.kind](stage, card, seed)
    except Exception as error:  # noqa: BLE001 - the campaign goes on
        stage.journal.write("hindered", card=str(card), error=repr(error))
