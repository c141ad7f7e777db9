"""The schedule is a function of the seed."""

from __future__ import annotations

from itertools import islice

import pytest

from tests.chaos.faults import FAULTS
from tests.chaos.schedule import DECK, Card, deal, storm


def test_the_same_seed_deals_the_same_cards():
    """So a run can be repeated, and another seed is another run."""
    first, again, other = (list(islice(deal(seed), 300)) for seed in (1, 1, 2))

    assert first == again
    assert first != other


def test_every_card_comes_before_any_comes_twice():
    """A run of one deck's length has met every fault."""
    dealt = list(islice(deal(3), len(DECK)))

    assert sorted(map(str, dealt)) == sorted(map(str, DECK))


def test_every_card_can_be_played():
    """There is a fault for each kind, and no fault without a card."""
    assert {card.kind for card in DECK} == set(FAULTS)


def test_only_some_faults():
    """By how their text begins."""
    assert {card.kind for card in islice(deal(1, ("kill", "reset")), 60)} == {
        "kill",
        "kill_leader",
        "kill_follower",
        "kill_server_of",
        "reset",
    }
    assert next(deal(1, ["pause holder 3"])) == Card("pause", "holder", 3.0)
    with pytest.raises(ValueError, match="no fault is called nonsense; there are ask, "):
        next(deal(1, ["nonsense"]))


def test_a_storm_has_one_fault_of_each_sort():
    """Processes, one server, and two of the rest; the same for the same seed and number."""
    assert [str(card) for card in storm(1, 2)] == [str(card) for card in storm(1, 2)]
    assert len(storm(1, 2)) == 4
    assert storm(1, 2) != storm(1, 3)
