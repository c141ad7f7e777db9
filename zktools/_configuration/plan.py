"""What to send to store a configuration: pure functions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from typing import NamedTuple

from zktools._configuration.conflicts import Entries
from zktools._configuration.tree import is_within_any, parents, sections_of
from zktools._live.entry import Entry
from zktools._live.moment import child
from zktools._live.transaction import Op

#: What the name of a node begins with that is created and deleted in one transaction.
GUARD = "zktools-guard-"


class Wish(NamedTuple):
    """What somebody wants stored."""

    wanted: Mapping[str, bytes]
    """By key."""
    removed: frozenset[str] = frozenset()
    """Keys to remove with all below them, but for what is wanted."""
    replaced: frozenset[str] = frozenset()
    """Sections to remove all of that is not wanted and can be read; `""` is the whole tree."""


def path_of(root: str, key: str) -> str:
    """The path of the node of `key`."""
    return child(root, key) if key else root


def key_of(root: str, path: str) -> str:
    """The key of the node at `path`."""
    return path[len(root) :].lstrip("/")


def has_value(key: str, entry: Entry) -> bool:
    """Whether the node stands for a value: one without data is a section, if it has children."""
    return bool(entry.data) or not (entry.children or key == "")


def is_unseen(entry: Entry) -> bool:
    """Whether it cannot be known what would be removed with the node."""
    return entry.error is not None


def plan(
    root: str, entries: Entries, wish: Wish, *, guarded: bool = False, witnessed: bool = True
) -> list[Op]:
    """What makes what is wished of `entries`: in an order that works, on these versions only.

    With `guarded` also only if nothing was created in the sections concerned: neither a key that is
    not known of, nor one that took the place of one that is. With `witnessed` one of the answers
    tells the version that was made, as far as entries allow that.
    """
    going = doomed(entries, wish)
    gone = list(_gone(root, entries, wish.wanted, going))
    ops = [*gone, *_missing(root, entries, wish.wanted), *_present(root, entries, wish.wanted)]
    if witnessed and gone and all(op.kind in ("delete", "check") for op in ops):
        ops += _witness(root, entries, [key_of(root, op.path) for op in gone])
    return [*_guards(root, entries, wish, going), *ops] if guarded and is_change(ops) else ops


def is_change(ops: Iterable[Op]) -> bool:
    """Whether there is more to do than to check."""
    return any(op.kind != "check" for op in ops)


def _guards(root: str, entries: Entries, wish: Wish, going: AbstractSet[str]) -> Iterator[Op]:
    # ZooKeeper checks versions of data, and neither listings nor whether the node is another one by
    # now. But the number that it gives to a sequential node is that of the nodes ever created
    # beside it: when there was one more than is known, the node to delete is not there, and the
    # transaction is not made. Nobody sees the node. In all sections above, because one that was
    # made anew counts from the beginning.
    sections = sections_of({*wish.wanted, *going}) | {""}
    sections |= {
        key
        for key, entry in entries.items()
        if entry.children and is_within_any(key, wish.replaced)
    }
    for key in sorted(sections):
        entry = entries.get(key)
        if entry is not None and not entry.is_forbidden:
            name = child(path_of(root, key), GUARD)
            yield Op("sequence", name)
            yield Op("delete", f"{name}{entry.created:010d}")


def is_guard(op: Op) -> bool:
    """Whether the operation is one of the guards'."""
    return op.path.rpartition("/")[2].startswith(GUARD)


def _missing(root: str, entries: Entries, wanted: Mapping[str, bytes]) -> Iterator[Op]:
    needed = {*wanted, *sections_of(wanted)}
    for key in sorted(needed - entries.keys(), key=_depth):  # parents first
        yield Op("create", path_of(root, key), wanted.get(key, b""))


def _present(root: str, entries: Entries, wanted: Mapping[str, bytes]) -> Iterator[Op]:
    for key, data in wanted.items():
        entry = entries.get(key)
        if entry is not None:
            same = data == entry.data and not entry.is_forbidden
            kind = "check" if same else "set"
            yield Op(kind, path_of(root, key), b"" if same else data, entry.version)


def doomed(entries: Entries, wish: Wish) -> set[str]:
    """The keys whose values are to go, and the sections that go with them."""
    if not (wish.replaced or wish.removed):
        return set()
    going = {
        key
        for key, entry in entries.items()
        if is_within_any(key, wish.replaced | wish.removed)
        and key not in wish.wanted
        and (key in wish.removed or not is_unseen(entry))
    }
    values = {
        key
        for key, entry in entries.items()
        if key not in going and (is_unseen(entry) or has_value(key, entry))
    }
    stay = values | wish.wanted.keys()
    return going | _emptied_sections(entries, going, stay | sections_of(stay))


def _emptied_sections(
    entries: Entries, going: AbstractSet[str], stay: AbstractSet[str]
) -> set[str]:
    # Without what was in it a section would become an empty value.
    gone = set(going)
    for key in sorted(sections_of(going) - {""} - stay, key=_depth, reverse=True):
        entry = entries.get(key)
        if entry is not None and {f"{key}/{name}" for name in entry.children or ()} <= gone:
            gone.add(key)
    return gone


def _gone(
    root: str, entries: Entries, wanted: Mapping[str, bytes], going: AbstractSet[str]
) -> Iterator[Op]:
    kept = sections_of({*wanted, *(entries.keys() - going)}) | {""}
    for key in sorted(going, key=_depth, reverse=True):  # children first
        entry = entries[key]
        if key not in kept:
            yield Op("delete", path_of(root, key), version=entry.version)
        elif entry.data:
            # A section that had a value of its own.
            yield Op("set", path_of(root, key), b"", entry.version)


def _witness(root: str, entries: Entries, gone: list[str]) -> Iterator[Op]:
    # Of deletions alone the server does not say in which transaction they were made. Of a section
    # that is written as it is, it does.
    top = min(gone, key=_depth)
    for key in parents(top):
        entry = entries[key]
        if key not in gone and not entry.is_forbidden:
            yield Op("set", path_of(root, key), entry.data, entry.version)
            return


def emptied(entries: Entries, wanted: Mapping[str, bytes]) -> Iterator[str]:
    """The keys that were empty values, and become sections when `wanted` is stored."""
    for key in sections_of(wanted):
        data = wanted.get(key, entries[key].data if key in entries else b"")
        if not data:
            yield key


def unseen_below(entries: Entries, removed: Iterable[str]) -> dict[str, Entry]:
    """The keys that would go unseen: those forbidden, and those undecodable and not named."""
    removed = frozenset(removed)
    return {
        key: entry
        for key, entry in entries.items()
        if is_unseen(entry)
        and is_within_any(key, removed)
        and (entry.is_forbidden or key not in removed)
    }


def _depth(key: str) -> tuple[int, str]:
    return (key.count("/") + bool(key), key)
