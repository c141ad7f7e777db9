"""How names in a queue are written and read, in each layout. Pure."""

import re
import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kazoo.client import KazooClient

from zktools._queue.layouts import LAYOUTS, SEMAPHORE, ZKTOOLS, layouts_in
from zktools._queue.order import HALF, Candidate, Standing, holders, standing

KINDS = ("lock", "read", "write")
sequences = st.integers(-HALF, HALF - 1)


@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS)
@given(st.sampled_from(KINDS), sequences)
def test_what_is_written_is_read_back(layout, kind, sequence):
    """In each layout a name gives back its GUID, number, and whether it is a reader."""
    guid = uuid.uuid4().hex

    found = layout.parse(layout.prefix(kind, guid) + f"{sequence:010d}")

    assert (found.guid, found.sequence, found.is_shared) == (guid, sequence, kind == "read")


@given(st.integers(1, 10**9), sequences)
def test_a_permit_carries_its_weight(weight, sequence):
    """A candidate of a semaphore gives back its weight; all other layouts weigh 1."""
    guid = uuid.uuid4().hex

    found = SEMAPHORE.parse(SEMAPHORE.prefix("permit", guid, weight) + f"{sequence:010d}")

    assert (found.kind, found.guid, found.weight) == ("permit", guid, weight)
    assert found.sequence == sequence
    assert ZKTOOLS.parse(ZKTOOLS.prefix("lock", guid) + "0000000007").weight == 1


@given(st.sampled_from(KINDS), sequences)
def test_nobody_reads_the_names_of_another_layout(kind, sequence):
    """Who joins a queue in another layout is nobody's contender there, rather than half of one."""
    guid = uuid.uuid4().hex
    layouts = [*LAYOUTS.values(), SEMAPHORE]
    for layout in LAYOUTS.values():
        name = layout.prefix(kind, guid) + f"{sequence:010d}"
        assert [one for one in layouts if one.parse(name)] == [layout]


@pytest.mark.parametrize(
    ("recipe", "kinds"),
    [("Lock", {"lock", "write"}), ("WriteLock", set(KINDS)), ("ReadLock", {"lock", "write"})],
)
@given(st.integers(0, HALF - 1))
def test_kazoo_finds_ours_as_its_own(recipe, kinds, sequence):
    """Kazoo's recipes wait for those of ours that they would wait for, had kazoo made them."""
    lock = getattr(KazooClient(), recipe)("/lock")
    layout = LAYOUTS["kazoo"]
    names = {kind: layout.prefix(kind, uuid.uuid4().hex) + f"{sequence:010d}" for kind in KINDS}

    assert {kind for kind, name in names.items() if lock._contenders_re.search(name)} == kinds


def test_whose_queue_it_is():
    """Known by the names; one that may be of two is whosever the others are, or our own."""
    curators = LAYOUTS["curator"].prefix("lock", uuid.uuid4().hex) + "0000000001"
    kazoos = LAYOUTS["kazoo"].prefix("read", uuid.uuid4().hex) + "0000000001"

    for names, found in [
        ([], []),
        (["stranger"], []),
        (["lock-0000000000"], ["zktools"]),
        (["lock-0000000000", "write-0000000001"], ["zktools"]),
        (["lock-0000000000", curators], ["curator"]),
        ([curators, kazoos, "read-0000000002"], ["zktools", "kazoo", "curator"]),
    ]:
        assert [layout.name for layout in layouts_in(names)] == found


def test_names_as_curator_makes_them():
    """Names that Curator 5.4 made, mutex and both halves of a read-write lock."""
    layout = LAYOUTS["curator"]
    guid = "2cd74b57-4f31-4d5d-8b0b-7fd1a2b3c4d5"

    assert layout.parse(f"_c_{guid}-lock-0000000012") == Candidate(
        f"_c_{guid}-lock-0000000012", "lock", guid.replace("-", ""), 12
    )
    assert layout.parse(f"_c_{guid}-__READ__0000000003").is_shared
    assert layout.parse(f"_c_{guid}-__WRIT__-2147483648").sequence == -HALF
    was_writer = layout.parse(f"_c_{guid}-__READ__00000000030000000009")
    assert (was_writer.kind, was_writer.sequence) == ("read", 3)
    assert layout.parse(f"_c_{guid}-__READ__-21474836480000000009").sequence == -HALF
    assert layout.parse("__READ__0000000003").guid is None  # made without protection
    assert re.fullmatch(r"_c_[0-9a-f-]{36}-lock-", layout.prefix("lock", uuid.uuid4().hex))


def queue_of(weights):
    """A semaphore's queue, and the names in it."""
    names = [
        SEMAPHORE.prefix("permit", uuid.UUID(int=place).hex, weight) + f"{place:010d}"
        for place, weight in enumerate(weights)
    ]
    return SEMAPHORE.queue(names)


weights = st.lists(st.integers(1, 5), min_size=1, max_size=10)


@pytest.mark.slow
@given(weights, st.integers(5, 9), st.data())
def test_what_is_held_never_outweighs_the_permits(weights, permits, data):
    """Candidates that leave in any order: those granted by then never weigh more than there is."""
    queue = queue_of(weights)
    granted = set()
    while queue:
        for own in queue:
            if not standing(queue, own, permits=permits).blocking:
                granted.add(own)
        present = granted.intersection(queue)
        assert sum(candidate.weight for candidate in present) <= permits
        assert queue[: holders(queue, permits)] == [
            c for c in queue if not standing(queue, c, permits=permits).blocking
        ]
        queue.remove(data.draw(st.sampled_from(queue)))


@pytest.mark.slow
@given(weights, st.integers(5, 9), st.data())
def test_whoever_is_watched_leaves_before_the_turn_comes(weights, permits, data):
    """Those ahead leave in any order: before the turn has come, one who is watched has left.

    And when all who are left are watched, their departures alone tell when it comes.
    """
    queue = queue_of(weights)
    own = queue[-1]
    found = standing(queue, own, permits=permits)
    watched = found.whom_to_watch()
    left = list(found.ahead)
    while found.blocking and not found.is_free(left):
        assert watched
        left.remove(data.draw(st.sampled_from(left)))
        if set(watched) <= set(left):
            assert not found.is_free(left)
        present = standing([*left, own], own, permits=permits)
        assert found.is_free(left) == (not present.blocking)


def test_with_weights_of_one_the_last_n_are_watched_and_one_more():
    """With n permits, n departures at most are of interest, and one that looks ahead."""
    queue = queue_of([1] * 20)

    watched = standing(queue, queue[-1], permits=3).whom_to_watch()

    assert watched == queue[-5:-1]


def test_next_is_who_may_be_granted_by_one_departure():
    """What a waiter renews its proof of life for."""
    light, heavy = queue_of([1, 5])
    found = Standing([light, heavy], 2)

    assert found.is_next([light, heavy])
    assert not Standing([light, heavy], 0).is_next([light, heavy])
