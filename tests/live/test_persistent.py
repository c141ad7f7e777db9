"""The dictionary that never changes, against one that does."""

import operator

from hypothesis import given
from hypothesis import strategies as st

from zktools._live.persistent import PersistentMap
from zktools.node import NodeDict
from zktools.testing import wait_until

KEYS = st.integers(0, 400).map("key{}".format)
CHANGES = st.dictionaries(KEYS, st.one_of(st.none(), st.integers()))


def changed(plain, changes):
    """A dictionary with these changes."""
    return {key: each for key, each in {**plain, **changes}.items() if each is not None}


@given(st.dictionaries(KEYS, st.integers()), st.lists(CHANGES))
def test_whatever_changes(plain, several):
    """It is what a copied dictionary would be, and so is every one from before."""
    now = PersistentMap(plain)
    made = [(now, plain)]
    for changes in several:
        now, plain = now.changed(changes), changed(plain, changes)
        made.append((now, plain))
    for each, wanted in made:
        assert each == wanted
        assert len(each) == len(wanted)
        assert dict(each.items()) == wanted
        assert sorted(each) == sorted(wanted)
        assert sorted(each.values()) == sorted(wanted.values())
        assert all(each[key] == each.get(key) == value for key, value in wanted.items())
        assert all(each.get(key, -1) == -1 and key not in each for key in ("none", "x"))


def test_what_does_not_change_is_shared():
    """One key's change copies the few keys beside it, however many there are."""
    before = PersistentMap({f"key{number}": number for number in range(100_000)})
    after = before.changed({"key5": -1})
    copied = [part for part, old in zip(after.parts, before.parts, strict=True) if part is not old]
    assert [part["key5"] for part in copied] == [-1]
    assert len(copied[0]) < 200


def test_it_grows_and_shrinks():
    """The small dictionaries stay small, and are few when there are few keys."""
    plain = {f"key{number}": number for number in range(10_000)}
    filled = PersistentMap()
    for key, value in plain.items():
        filled = filled.changed({key: value})
    assert max(map(len, filled.parts)) < 300
    for key in plain:
        filled = filled.changed({key: None})
    assert not filled
    assert len(filled.parts) == 1


def test_a_folder_of_which_one_key_changes(zk, other, wire):
    """Who read it keeps the moment that was; only what is beside that key is copied."""
    request = other.transaction()
    request.create("/large", b"")
    for number in range(1000):
        request.create(f"/large/key{number}", b"0")
    request.commit()
    folder = NodeDict(zk, "/large")
    before = folder._state.entries
    other.set("/large/key5", b"1")
    wait_until(lambda: folder["key5"] == 1)
    after = folder._state.entries

    assert before["key5"].value == 0
    assert sum(map(operator.is_not, after.parts, before.parts)) == 1
