"""The order of the queue: who blocks whom, whom to watch. Pure."""

import uuid

from hypothesis import assume, given
from hypothesis import strategies as st

from zktools._queue import order
from zktools._queue.layouts import ZKTOOLS

HALF = 2**31
KINDS = ("read", "write", "lock")


def name(kind, sequence, guid="0123456789abcdef0123456789abcdef"):
    """As the server makes it: a prefix, and "%010d" of a signed 32-bit counter."""
    middle = f"{guid}-" if guid else ""
    return f"{kind}-{middle}{_wrapped(sequence):010d}"


def _wrapped(number):
    return (number + HALF) % 2**32 - HALF


def blockers(names, own, gone=()):
    """Whom `own` has to wait for; None when it is not there."""
    found = order.standing(ZKTOOLS.candidates(names), own, gone)
    return found if found is None else found.blocking


@st.composite
def folders(draw, least=0):
    """Kinds in the order in which they queued, beginning anywhere, also right before the wrap."""
    start = draw(
        st.one_of(
            st.integers(0, 20),
            st.integers(HALF - 10, HALF + 10),
            st.integers(2**32 - 10, 2**32 - 1),
            st.integers(0, 2**32),
        )
    )
    kinds = draw(st.lists(st.sampled_from(KINDS), min_size=least, max_size=12))
    old = draw(st.booleans())
    return [
        name(kind, start + place, None if old else uuid.UUID(int=place).hex)
        for place, kind in enumerate(kinds)
    ]


LOOK_ALIKES = (
    "",
    "write-",
    "write-0000000001x",
    "xwrite-0000000001",
    "Write-0000000001",
    "read-000000001",
    "read-00000000001",
    "lock-9999999999",
    "lock--2147483649",
    "lock--12345678",
    "lock-abc0000000001",
    "lock-\u0661\u0661\u0661\u0661\u0661\u0661\u0661\u0661\u0661\u0661",
    "lock-0000000001\n",
    "queue-5d-0000000001",
)
foreign = st.one_of(
    st.text(st.characters(exclude_characters="/\0", exclude_categories=["Cs"]), max_size=20),
    st.sampled_from(LOOK_ALIKES),
)


@given(st.sampled_from(KINDS), st.integers(-HALF, HALF - 1))
def test_every_number_the_server_can_append_is_read_back(kind, sequence):
    """Names are read back whole for each of the 2^32 numbers, with a GUID and, as 0.2's, without.

    Past 2147483647 the server appends a minus sign. kazoo's Lock sorts the number as text (#606,
    #730): run with ...2147483647 and ...-2147483648 in its folder, it found no predecessor for the
    later one, so both held.
    """
    guid = uuid.uuid4().hex

    ours = ZKTOOLS.parse(ZKTOOLS.prefix(kind, guid) + f"{sequence:010d}")
    theirs = ZKTOOLS.parse(f"{kind}-{sequence:010d}")

    assert (ours.kind, ours.guid, ours.sequence) == (kind, guid, sequence)
    assert (theirs.kind, theirs.guid, theirs.sequence) == (kind, None, sequence)
    assert ours.is_shared == (kind == "read")


@given(folders(least=1), st.randoms(use_true_random=False))
def test_first_come_first_served_across_the_wrap(folder, random):
    """Whatever order the listing has, candidates are ordered as they came, 2^31 or not."""
    listing = random.sample(folder, len(folder))

    assert [candidate.name for candidate in ZKTOOLS.queue(listing)] == folder


@given(folders(), st.lists(foreign, max_size=5), st.randoms(use_true_random=False))
def test_foreign_children_are_nobodys_contenders(folder, strangers, random):
    """Children of other names neither block nor get in the order, whatever they are called."""
    strangers = [s for s in strangers if ZKTOOLS.parse(s) is None]
    listing = random.sample(folder + strangers, len(folder) + len(strangers))

    assert [candidate.name for candidate in ZKTOOLS.queue(listing)] == folder
    for place, own in enumerate(map(ZKTOOLS.parse, folder)):
        blocking = blockers(listing, own)
        assert {b.name for b in blocking} <= set(folder[:place])


def test_names_that_only_look_like_candidates():
    """Not one of these is a candidate: wrong kind, case, digits, length, or number out of range."""
    for text in LOOK_ALIKES:
        assert ZKTOOLS.parse(text) is None, text


@given(folders(least=1), st.data())
def test_readers_wait_for_writers_and_all_others_for_everybody(folder, data):
    """A reader is blocked by exactly the writers ahead of it, everybody else by all ahead."""
    place = data.draw(st.integers(0, len(folder) - 1))
    own = ZKTOOLS.parse(folder[place])

    blocking = [b.name for b in blockers(folder, own)]

    ahead = folder[:place]
    if own.is_shared:
        ahead = [n for n in ahead if not n.startswith("read-")]
    assert blocking == ahead


@given(folders(least=1), st.data())
def test_those_known_to_have_left_do_not_block(folder, data):
    """A name in `gone` does not block, though an older listing still shows it."""
    own = ZKTOOLS.parse(folder[-1])
    gone = set(data.draw(st.lists(st.sampled_from(folder)))) - {own.name}

    everybody = blockers(folder, own)
    assert blockers(folder, own, gone) == [b for b in everybody if b.name not in gone]


@given(folders(least=1))
def test_a_candidate_that_is_not_there_has_no_place(folder):
    """When our own node is missing from the listing the answer is None, not "nobody blocks"."""
    assert blockers(folder[:-1], ZKTOOLS.parse(folder[-1])) is None


@given(folders(least=1))
def test_at_most_two_are_watched_and_each_departure_wakes_at_most_two(folder):
    """Each waiter watches the last one that blocks it and the one before.

    Among writers, so that readers do not share a predecessor, no node is watched by more than two.
    """
    watchers = {}
    for own in map(ZKTOOLS.parse, folder):
        blocking = blockers(folder, own)
        watched = [b.name for b in order.Standing(blocking, 0).whom_to_watch()]
        assert watched == [b.name for b in blocking][-2:]
        for one in watched:
            watchers.setdefault(one, []).append(own)

    if not any(n.startswith("read-") for n in folder):
        assert all(len(waiters) <= 2 for waiters in watchers.values())


@given(st.lists(st.tuples(st.sampled_from(KINDS), st.integers(-HALF, HALF - 1), st.uuids())))
def test_forged_names_have_one_order_for_all(forged):
    """Two with the same number, which no counter gives: still never both unblocked, never both."""
    folder = {f"{kind}-{guid.hex}-{number:010d}" for kind, number, guid in forged}
    candidates = [ZKTOOLS.parse(n) for n in folder]
    for one in candidates:
        for other in candidates:
            # Half of all numbers ahead is where serial arithmetic has no order.
            assume(abs(one.sequence - other.sequence) != HALF)
            if one is other or (one.is_shared and other.is_shared):
                continue
            first = one in blockers(folder, other)
            second = other in blockers(folder, one)
            assert first != second


@given(folders())
def test_holders_are_those_whom_nobody_blocks(folder):
    """How many hold is the first writer, or all readers ahead of the first writer."""
    ordered = ZKTOOLS.queue(folder)
    unblocked = [c for c in ordered if not blockers(folder, c)]

    held = order.holders(ordered)

    assert ordered[:held] == unblocked[:held]
    if not any(c.is_shared for c in ordered[1:]):
        assert held == len(unblocked)
