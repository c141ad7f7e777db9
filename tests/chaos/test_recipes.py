"""Recipes under faults; and the checker of their histories against written ones."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import pytest

from tests.chaos import history, recipes_campaign
from tests.chaos.campaign import Options
from tests.chaos.history import Event
from tests.chaos.recipes_checker import check
from tests.chaos.recipes_subjects import DEFECTS
from zktools.testing import Ensemble


def believes(t: float, *held: tuple[str, int, int], who: str = "w0", life: int = 1) -> Event:
    """A look at what a process believes; it took no time."""
    facts = {"held": [list(one) for one in held], "members": [], "life": life}
    return {"t": t, "until": t, "who": who, "event": "believes", **facts}


def rules(*events: Event) -> list[str]:
    """The rules that a history breaks."""
    return [violation.rule for violation in check(list(events))]


def test_one_after_the_other_is_good():
    """Also where one look of the second comes at the moment of the last of the first."""
    first = [believes(t, ("leads", 5, 1)) for t in (1.0, 2.0)]
    second = [believes(t, ("leads", 7, 1), who="w1") for t in (2.0, 3.0)]

    assert rules(*first, *second) == []


def test_two_who_believe_are_caught():
    """Whatever it is that only one may have; a look in between proves nothing of the end."""
    first = [believes(t, ("item a", 5, 1)) for t in (1.0, 3.0)]
    second = [believes(t, ("item a", 7, 1), who="w1") for t in (2.0, 4.0)]

    assert rules(*first, *second) == ["overlap"]
    assert rules(first[0], *second) == []


def test_permits_are_counted():
    """As many weights as there are permits are good, and one more is not."""
    held = [
        believes(t, ("slots", number, weight), who=f"w{number}")
        for t in (1.0, 2.0)
        for number, weight in enumerate((1, 2))
    ]
    more = [believes(t, ("slots", 9, 1), who="w9") for t in (1.5, 2.5)]

    assert rules(*held) == []
    assert rules(*held, *more) == ["overlap"]


def test_tokens_go_up():
    """A later holder of the same with a lower token is caught."""
    first = [believes(t, ("leads", 7, 1)) for t in (1.0, 2.0)]
    second = [believes(t, ("leads", 5, 1), who="w1") for t in (3.0, 4.0)]

    assert rules(*first, *second) == ["token"]


def destroyed(t: float, **facts: object) -> Event:
    """Somebody destroyed what was held, or its session."""
    return {"t": t, "until": t, "who": "nemesis", "event": "destroyed", "tokens": None, **facts}


def test_news_of_what_was_destroyed_may_take_a_moment():
    """Of a node or of a session; but no longer, and nobody else's."""
    first = [believes(t, ("leads", 5, 1)) for t in (1.0, 2.1)]
    second = [believes(t, ("leads", 7, 1), who="w1") for t in (2.05, 3.0)]
    both = [*first, *second]

    assert rules(*both, destroyed(2.0, owners=["w0"])) == []
    assert rules(*both, destroyed(2.0, owners=["w0"], tokens=[5])) == []
    assert rules(*both, destroyed(1.5, owners=["w0"])) == ["overlap"]
    assert rules(*both, destroyed(2.0, owners=["w0"], tokens=[6])) == ["overlap"]
    assert rules(*both, destroyed(2.0, owners=["w2"])) == ["overlap"]


@pytest.mark.parametrize(
    ("event", "rule"),
    [
        ({"event": "stuck", "wrong": ["w0: no semaphore"], "seconds": 7.0}, "liveness"),
        ({"event": "left", "nodes": ["/recipes/locks/a/lock-1"]}, "ghost"),
        ({"event": "logged", "text": "failed"}, "error"),
        ({"event": "gone", "target": "w1", "code": 1}, "error"),
    ],
)
def test_what_was_seen_directly_is_a_violation(event: Event, rule: str):
    """Who never went on, what stayed, what failed."""
    assert rules({"t": 1.0, "who": "w0", **event}) == [rule]


def violations(ensemble: Ensemble, folder: Path, **options: object) -> str:
    """What a run finds, a line for each."""
    recipes_campaign.run(Options(workers=4, **options), folder, ensemble)
    return "\n".join(f"{each.rule} {each.text}" for each in check(history.read(folder)))


@pytest.mark.chaos
@pytest.mark.timeout(240)
def test_a_short_campaign_finds_nothing(zk_ensemble: Ensemble, tmp_path: Path):
    """Ten seconds of faults: nothing is held twice, and everybody goes on after each."""
    assert violations(zk_ensemble, tmp_path, duration=10.0) == ""


class Caught(NamedTuple):
    """What is broken, by which faults it shows, and what is found of it."""

    subject: str
    faults: tuple[str, ...]
    signs: tuple[str, ...]
    rounds: int = 1


CAUGHT = [
    Caught("greedy+one_by_one", ("reset",), ("overlap slots", "no multilock")),
    Caught("unweighted+yielder", ("ask leader",), ("overlap slots", "overlap leads"), rounds=3),
    Caught("half", ("delete_candidate collector",), ("overlap lock",), rounds=2),
    Caught(
        "believer",
        ("pause permitted 3T", "pause locker 3T", "pause leader 3T"),
        ("overlap slots", "overlap lock", "overlap leads"),
        rounds=3,
    ),
    Caught("leaver", ("expire first",), ("w0 sees",)),
    Caught("clinger", ("kill first",), ("w0 sees",)),
    Caught("hoarder", ("expire first",), ("is nobody's",)),
    Caught("taker", ("kill first",), ("overlap item",), rounds=3),
]


@pytest.mark.chaos
@pytest.mark.timeout(240)
@pytest.mark.parametrize("caught", CAUGHT, ids=[caught.subject for caught in CAUGHT])
def test_a_broken_recipe_is_caught(zk_ensemble: Ensemble, tmp_path: Path, caught: Caught):
    """By what it breaks, under faults that lead there."""
    subject, faults, signs, rounds = caught
    found = violations(zk_ensemble, tmp_path, subject=subject, faults=faults, rounds=rounds)

    assert [sign for sign in signs if sign not in found] == []


def test_every_defect_has_its_faults():
    """None is broken for nothing."""
    assert {name for caught in CAUGHT for name in caught.subject.split("+")} == set(DEFECTS)


@pytest.mark.chaos
@pytest.mark.timeout(240)
def test_recipes_without_the_defects_pass(zk_ensemble: Ensemble, tmp_path: Path):
    """The faults alone are no violation."""
    faults = {fault for caught in CAUGHT for fault in caught.faults}

    assert violations(zk_ensemble, tmp_path, faults=sorted(faults), rounds=10) == ""


@pytest.mark.slow
@pytest.mark.timeout(240)
def test_kazoos_recipes_are_caught(zk_ensemble: Ensemble, tmp_path: Path):
    """The control: locks in the callers' order, and a party that a member falls out of."""
    faults = ("expire first",)
    found = violations(zk_ensemble, tmp_path, subject="kazoo", rounds=1, faults=faults)

    assert "no multilock" in found
    assert "w0 sees" in found
