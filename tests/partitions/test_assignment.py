"""Whose each item is to be: balanced, with as few moves as can be, and the same for all."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zktools._partitions.assignment import STRANGER, decide, quotas
from zktools._partitions.names import MemberLayout, first_in, last_in, tag_in, tag_of
from zktools._queue.layouts import ZKTOOLS
from zktools._queue.order import LOCK

GUIDS = [f"{number:032x}" for number in range(4)]


@st.composite
def fleets(draw):
    """Members with their weights, and who has what; some of them are members no more."""
    weights = draw(
        st.dictionaries(
            st.sampled_from([f"m{number}" for number in range(8)]),
            st.sampled_from([0.5, 1.0, 1.0, 1.0, 2.0, 3.3]),
            min_size=1,
        )
    )
    owner = st.one_of(st.none(), st.sampled_from(sorted(weights)))
    items = [f"i{number}" for number in range(draw(st.integers(0, 40)))]
    return weights, {item: draw(owner) for item in items}


def carried_out(weights, owners, only=None):
    """Who has what once all, or `only` these, have taken what each decides for itself to take."""
    after = dict(owners)
    for member in weights:
        decision = decide(member, weights, owners)
        for item in [*decision.free, *decision.others]:
            if only is None or item in only:
                after[item] = member
    return after


def moves(before, after):
    """How many items are somebody else's."""
    return sum(before[item] != after[item] for item in before)


@pytest.mark.slow
@given(fleets())
def test_all_that_is_decided_comes_to_quotas(fleet):
    """After one round all items are somebody's, each member has its quota, and all is settled."""
    weights, owners = fleet
    quota = quotas(len(owners), weights, Counter(filter(None, owners.values())))

    after = carried_out(weights, owners)

    assert None not in after.values()
    loads = Counter(after.values())
    assert {member: loads[member] for member in weights} == quota
    total = sum(weights.values())
    for member, weight in weights.items():
        assert abs(quota[member] - len(owners) * weight / total) < 1
        assert decide(member, weights, after) == (
            frozenset(item for item in after if after[item] == member),
            [],
            [],
            True,
            False,
        )


@given(fleets())
def test_no_more_moves_than_must(fleet):
    """Nobody gives away what is not over its quota, and what is its own stays its own."""
    weights, owners = fleet
    loads = Counter(filter(None, owners.values()))
    quota = quotas(len(owners), weights, loads)

    after = carried_out(weights, owners)

    given_away = Counter(owners[i] for i in owners if owners[i] not in (None, after[i]))
    assert given_away == Counter({m: n for m in weights if (n := loads[m] - quota[m]) > 0})
    for member in weights:
        own = decide(member, weights, owners).own
        assert own == frozenset(item for item in after if after[item] == member)


@given(fleets(), st.data())
def test_who_looks_later_decides_the_same(fleet, data):
    """Whatever part was carried out by then: the rest comes out as it would have."""
    weights, owners = fleet
    wanted = carried_out(weights, owners)
    part = data.draw(st.sets(st.sampled_from(sorted(owners)))) if owners else set()

    later = carried_out(weights, owners, only=part)

    assert carried_out(weights, later) == wanted


@given(fleets(), st.data())
def test_what_strangers_have_is_left_alone(fleet, data):
    """It is not taken, not counted as anybody's, and nothing is settled while it is there."""
    weights, owners = fleet
    strange = data.draw(st.sets(st.sampled_from(sorted(owners)))) if owners else set()
    owners |= dict.fromkeys(strange, STRANGER)

    for member in weights:
        decision = decide(member, weights, owners)
        assert strange.isdisjoint(decision.own)
        assert not (strange and decision.is_settled)


@pytest.mark.parametrize("members", [1, 2, 10])
def test_one_more_takes_one_part(members):
    """Of 1,000 items the one who joins as the k-th takes a k-th, and nothing moves elsewhere."""
    weights = {f"worker-{number}": 1.0 for number in range(members)}
    owners = carried_out(weights, dict.fromkeys(f"shard-{number}" for number in range(1000)))

    grown = weights | {"new": 1.0}
    after = carried_out(grown, owners)

    assert moves(owners, after) == Counter(after.values())["new"] == 1000 // (members + 1)


def test_who_comes_back_gets_much_of_what_it_had():
    """The names decide what goes to whom, where there is a choice."""
    weights = {f"worker-{number}": 1.0 for number in range(10)}
    before = carried_out(weights, dict.fromkeys(f"shard-{number}" for number in range(1000)))
    others = {name: 1.0 for name in weights if name != "worker-3"}
    without = {item: owner if owner in others else None for item, owner in before.items()}

    back = carried_out(weights, carried_out(others, without))

    assert sum(back[item] == before[item] == "worker-3" for item in before) > 50


class TestNames:
    """Candidates for items, and whose they are."""

    def test_a_tag_is_of_the_member(self):
        """A name that one member's layout makes says so, and is a lock's to everybody else."""
        layout = MemberLayout("ana")

        name = layout.prefix(LOCK, GUIDS[0]) + "0000000007"

        assert tag_in(name) == tag_of("ana") != tag_of("ben")
        assert layout.parse(name).guid == GUIDS[0]
        assert ZKTOOLS.parse(name).sequence == layout.parse(name).sequence == 7

    def test_locks_without_a_tag(self):
        """A lock of zktools in the same folder counts, and is nobody's tag."""
        name = ZKTOOLS.prefix(LOCK, GUIDS[0]) + "0000000007"

        assert tag_in(name) is None
        assert MemberLayout("ana").parse(name) == ZKTOOLS.parse(name)

    def test_first_and_last(self):
        """By the numbers, across their wrap; what is no candidate does not count."""
        layout = MemberLayout("ana")
        numbers = ["2147483647", "-2147483648", "2147483646"]
        names = [layout.prefix(LOCK, guid) + n for guid, n in zip(GUIDS, numbers, strict=False)]

        assert first_in([*names, "stranger"]) == names[2]
        assert last_in([*names, "stranger"]) == names[1]
        assert first_in([]) is last_in(["stranger"]) is None
