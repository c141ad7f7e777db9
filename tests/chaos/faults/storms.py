"""Several faults at once."""

from __future__ import annotations

import threading

from tests.chaos.faults.network import heal_networks
from tests.chaos.faults.registry import fault, inflict
from tests.chaos.schedule import Card
from tests.chaos.schedule import storm as cards_of_storm
from tests.chaos.stage import Stage


@fault
def storm(stage: Stage, card: Card, seed: int) -> None:
    """Several faults at once."""
    cards = cards_of_storm(seed, int(card.what))
    stage.journal.write("storm", cards=[str(one) for one in cards])
    threads = [
        threading.Thread(target=inflict, args=(stage, one, seed + n), daemon=True)
        for n, one in enumerate(cards)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    stage.ensemble.heal()
    heal_networks(stage)
