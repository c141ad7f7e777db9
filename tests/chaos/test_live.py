"""Trees kept current, under faults; and the checker of their histories against written ones."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.chaos import history, live_campaign
from tests.chaos.campaign import Options
from tests.chaos.history import Event
from tests.chaos.live_checker import check
from tests.chaos.live_records import apart
from zktools._configuration.history.record import NEVER, Change, Record
from zktools.testing import Ensemble


def view(*numbers: int, odd: bool, what: str = "dict", t: float = 1.0, life: int = 1) -> Event:
    """What a subscriber saw."""
    facts = {"what": what, "numbers": list(numbers), "odd": odd, "life": life}
    return {"t": t, "who": "w0", "event": "view", **facts}


def rules(*events: Event) -> list[str]:
    """The rules that a history breaks."""
    return [violation.rule for violation in check(list(events))]


def test_whole_views_that_go_forward_are_good():
    """Intermediate ones may be left out, and the same may come again."""
    assert rules(view(2, odd=False), view(5, odd=True), view(5, odd=True)) == []


def test_a_torn_view_is_caught():
    """Two numbers, none at all, or the odd key where it must not be or is missing."""
    assert rules(view(2, 3, odd=True)) == ["torn"]
    assert rules(view(odd=False)) == ["torn"]
    assert rules(view(2, odd=True)) == rules(view(3, odd=False)) == ["torn"]


def test_a_single_value_needs_no_odd_key():
    """There is only the number."""
    assert rules(view(3, odd=False, what="node")) == []


def test_going_backwards_is_caught():
    """In the same object of the same process; a new process begins anew."""
    assert rules(view(5, odd=True), view(4, odd=False)) == ["backwards"]
    assert rules(view(5, odd=True), view(4, odd=False, what="config")) == []
    assert rules(view(5, odd=True), view(4, odd=False, life=2)) == []


def found(count: int = 0, *, hidden: bool = True, **own: int) -> Event:
    """What was there in the end."""
    return {"t": 9.0, "who": "n", "event": "found", "count": count, "own": own, "hidden": hidden}


def counted(number: int, who: str = "w0") -> Event:
    """What was acknowledged to a writer."""
    return {"t": 1.0, "who": who, "event": "counted", "number": number}


def kept(number: int) -> Event:
    """The same of a key of its own."""
    return {"t": 1.0, "who": "w0", "event": "kept", "key": "own", "number": number}


def test_what_was_acknowledged_is_there():
    """Or what was begun later, of whose outcome nobody knows."""
    assert rules(counted(1), counted(2, "w1"), kept(3), found(2, own=3)) == []
    assert rules(counted(1), kept(3), found(5, own=4)) == []
    assert rules(kept(3), {"t": 2.0, "who": "w0", "event": "removes", "key": "own"}, found()) == []


def test_lost_updates_are_caught():
    """Stored twice, gone in the end, or removed by who could not see it."""
    assert rules(counted(1), counted(1, "w1"), found(1)) == ["lost"]
    assert rules(counted(2), found(1)) == rules(kept(3), found(own=2)) == ["lost"]
    assert rules(kept(3), found()) == rules(found(hidden=False)) == ["lost"]


def recorded(zxid: int, *zxids: int, apart: tuple[str, ...] = ()) -> list[Event]:
    """What was acknowledged to a writer with a history, and the records that there are."""
    said = {"t": 1.0, "who": "w0", "event": "recorded", "zxid": zxid}
    return [said, {"t": 9.0, "who": "n", "event": "records", "zxids": [*zxids], "apart": [*apart]}]


def test_records_that_are_missing_are_caught():
    """But for those that are older than all that are kept."""
    assert rules(*recorded(5, 4, 5, 6)) == rules(*recorded(3, 4, 5)) == []
    assert rules(*recorded(5, 4, 6)) == ["apart"]
    assert rules(*recorded(5, 5, apart=("key is 1, 2 was recorded",))) == ["apart"]


def a_record(version: int, **changes: Change) -> Record:
    """By somebody."""
    return Record(version, NEVER, "me", "", "store", changes)


def test_records_and_values_that_do_not_agree_are_caught():
    """A value of another transaction, one that was not there before, a number that comes twice."""
    one, two = a_record(1, a=(None, b"1")), a_record(2, a=(b"1", b"2"))
    assert list(apart([(one, 10), (two, 20)], {"a": (b"2", 20)})) == []
    assert list(apart([(one, 10), (two, 20)], {"a": (b"2", 21)}))
    assert list(apart([(one, 10)], {"a": (b"2", 10)}))
    assert list(apart([(one, 10), (a_record(2, a=(b"0", b"2")), 20)], {"a": (b"2", 20)}))
    assert list(apart([(one, 10), (one, 10)], {"a": (b"1", 10)}))
    assert list(apart([(a_record(1, a=(b"1", None)), 10)], {"a": (b"1", 9)}))
    assert list(apart([(replace(one, lost=frozenset({"x"})), 10)], {"a": (b"1", 10)}))


@pytest.mark.parametrize(
    ("event", "rule"),
    [
        ({"event": "behind", "who_is": ["w1"], "number": 7, "seconds": 7.0}, "liveness"),
        ({"event": "residue", "found": {"watchers": 1}}, "residue"),
        ({"event": "logged", "text": "a subscriber failed"}, "error"),
        ({"event": "gone", "target": "w1", "code": 1}, "error"),
    ],
)
def test_what_was_seen_directly_is_a_violation(event: Event, rule: str):
    """Who never caught up, what was left, what failed."""
    assert rules({"t": 1.0, "who": "w0", **event}) == [rule]


@pytest.mark.chaos
@pytest.mark.timeout(240)
def test_a_short_campaign_finds_nothing_in_live_trees(zk_ensemble: Ensemble, tmp_path: Path):
    """Fifteen seconds of faults: all catch up, and nothing torn or old is ever seen."""
    options = Options(seed=1, duration=15.0, workers=4, subject="live")
    live_campaign.run(options, tmp_path, zk_ensemble)

    assert check(history.read(tmp_path)) == []


@pytest.mark.chaos
@pytest.mark.timeout(240)
def test_watches_of_single_nodes_are_caught(zk_ensemble: Ensemble, tmp_path: Path):
    """The control, kazoo's DataWatch for each node, shows torn views, within five short runs."""

    def shows_torn_views(seed: int) -> bool:
        folder = tmp_path / str(seed)
        options = Options(seed=seed, rounds=2, workers=3, subject="kazoo", faults=("reset holder",))
        live_campaign.run(options, folder, zk_ensemble)
        return "torn" in {violation.rule for violation in check(history.read(folder))}

    assert any(shows_torn_views(seed) for seed in range(1, 6))
