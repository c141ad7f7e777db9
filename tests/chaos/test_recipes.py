"""Recipes under faults; and the checker of their histories against written ones."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.chaos import history, recipes_campaign
from tests.chaos.campaign import Options
from tests.chaos.history import Event
from tests.chaos.recipes_checker import check
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


@pytest.mark.parametrize(
    ("event", "rule"),
    [
        ({"event": "stuck", "wrong": ["w0: no semaphore"], "seconds": 7.0}, "liveness"),
        ({"event": "logged", "text": "failed"}, "error"),
        ({"event": "gone", "target": "w1", "code": 1}, "error"),
    ],
)
def test_what_was_seen_directly_is_a_violation(event: Event, rule: str):
    """Who never went on, what failed."""
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


@pytest.mark.chaos
@pytest.mark.timeout(240)
def test_what_never_works_is_caught(zk_ensemble: Ensemble, tmp_path: Path):
    """A permit too many, and locks in the callers' order."""
    subject = "greedy+one_by_one"
    found = violations(zk_ensemble, tmp_path, subject=subject, rounds=1, faults=("reset",))

    assert "overlap slots" in found
    assert "no multilock" in found


@pytest.mark.chaos
@pytest.mark.timeout(240)
def test_items_that_are_taken_and_not_asked_for_are_caught(zk_ensemble: Ensemble, tmp_path: Path):
    """Each time that a member comes back, its share moves to it."""
    found = violations(zk_ensemble, tmp_path, subject="taker", rounds=3, faults=("kill first",))

    assert "overlap item" in found


@pytest.mark.chaos
@pytest.mark.timeout(240)
@pytest.mark.parametrize(("subject", "sign"), [("leaver", "w0 sees"), ("hoarder", "is nobody's")])
def test_what_fails_with_a_session_is_caught(
    zk_ensemble: Ensemble, tmp_path: Path, subject: str, sign: str
):
    """A member that does not come back; items that nobody looks for again."""
    found = violations(zk_ensemble, tmp_path, subject=subject, rounds=2, faults=("expire first",))

    assert sign in found


@pytest.mark.chaos
@pytest.mark.timeout(240)
def test_belief_without_proof_is_caught(zk_ensemble: Ensemble, tmp_path: Path):
    """Who goes by what it was granted believes on while others hold it."""
    faults = ("pause holder 3T",)
    found = violations(zk_ensemble, tmp_path, subject="believer", rounds=2, faults=faults)

    assert "overlap" in found


@pytest.mark.slow
@pytest.mark.timeout(240)
def test_kazoos_recipes_are_caught(zk_ensemble: Ensemble, tmp_path: Path):
    """The control: locks in the callers' order, and a party that a member falls out of."""
    faults = ("expire first",)
    found = violations(zk_ensemble, tmp_path, subject="kazoo", rounds=1, faults=faults)

    assert "no multilock" in found
    assert "w0 sees" in found
