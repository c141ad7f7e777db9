"""Listings as bytes, against lists of names."""

import time

from hypothesis import example, given, settings
from hypothesis import strategies as st

from zktools._engine.listing import difference, end_of, has, listing_of, names_in

# Lengths around those at which the four bytes before a name change in kind.
NAMES = st.one_of(
    st.text(st.characters(exclude_characters="/\0", exclude_categories=["Cs"]), min_size=1),
    st.sampled_from("aü€").flatmap(
        lambda letter: st.sampled_from((1, 63, 64, 126, 127, 128, 255, 256, 257, 321, 700)).map(
            lambda count: letter * count
        )
    ),
)
LISTS = st.lists(NAMES, unique=True)


@given(LISTS)
def test_names_come_back(names):
    """Whatever they are, in their order; and the end of the listing is found."""
    listing = listing_of(names)
    assert names_in(listing) == names
    assert end_of(b"xy" + listing + b"more", 2, len(names)) == 2 + len(listing)


@given(LISTS, st.lists(st.tuples(st.integers(0, 30), NAMES)), st.sets(st.integers(0, 30)))
@example(["a", "aa"], [], {0})
@example(["a"], [(0, "aa")], set())
def test_differences(names, added, removed):
    """The names that are in one of two listings alone, wherever they stand."""
    other = [name for number, name in enumerate(names) if number not in removed]
    for place, name in added:
        if name not in other:
            other.insert(place, name)
    gone, new = difference(listing_of(names), listing_of(other))
    assert (gone, new) == (set(names) - set(other), set(other) - set(names))


@settings(max_examples=20)
@given(st.permutations([f"k{number}" for number in range(50)]), st.integers(0, 49))
def test_another_order(names, missing):
    """A server that has to spread its names anew tells them in another order."""
    others = sorted(names)
    gone, new = difference(listing_of(names), listing_of(others[:missing] + others[missing + 1 :]))
    assert (gone, new) == ({others[missing]}, set())


def test_one_more_of_many_is_found_without_reading_all():
    """It takes a small part of the time that reading the names does."""
    names = [f"key{number:06}" for number in range(100_000)]
    one = listing_of(names)
    other = listing_of([*names[:70_000], "new", *names[70_000:]])

    def seconds(work):
        start = time.thread_time()
        work()
        return time.thread_time() - start

    assert difference(one, other) == (frozenset(), {"new"})
    compared = min(seconds(lambda: difference(one, other)) for _ in range(5))
    read = min(seconds(lambda: names_in(other)) for _ in range(5))
    assert compared < read / 3


@given(LISTS, NAMES)
def test_who_is_in_it(names, name):
    """A name is found as a whole, and nothing else is."""
    listing = listing_of(names)
    assert all(has(listing, each) for each in names)
    assert has(listing, name) == (name in names)
    for each in names:
        assert has(listing, each[:-1]) == (each[:-1] in names)
        assert has(listing, each[1:]) == (each[1:] in names)
