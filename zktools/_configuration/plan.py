"""What to send to store a configuration, and who was faster: pure functions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from zktools._configuration.tree import parents
from zktools._live.entry import Entry
from zktools._live.moment import child
from zktools._live.transaction import Op

#: What the name of a node begins with that is created and deleted in one transaction.
GUARD = "zktools-guard-"

Entries = Mapping[str, Entry]
"""The nodes that are there, by key."""


def path_of(root: str, key: str) -> str:
    """The path of the node of `key`."""
    return child(root, key) if key else root


def key_of(root: str, path: str) -> str:
    """The key of the node at `path`."""
    return path[len(root) :].lstrip("/")


def has_value(key: str, entry: Entry) -> bool:
    """Whether the node stands for a value: one without data is a section, if it has children."""
    return bool(entry.data) or not (entry.children or key == "")


def version_of(entries: Entries) -> int:
    """The zxid of the last change of these nodes, removals included; 0 when there are none."""
    return max((entry.since for entry in entries.values()), default=0)


def plan(
    root: str,
    entries: Entries,
    wanted: Mapping[str, bytes],
    *,
    replace: bool,
    guarded: bool = False,
) -> list[Op]:
    """What makes `wanted` of `entries`: in an order that works, on these versions only.

    With `guarded` also only if nothing else was created in the sections that stay.
    """
    unwanted = list(_unwanted(root, entries, wanted)) if replace else []
    ops = [*unwanted, *_missing(root, entries, wanted), *_present(root, entries, wanted)]
    return [*_guards(root, entries, wanted), *ops] if guarded and changes_anything(ops) else ops


def _guards(root: str, entries: Entries, wanted: Mapping[str, bytes]) -> Iterator[Op]:
    # ZooKeeper checks versions of data, not of listings. But the number that it gives to a
    # sequential node is that of the nodes ever created beside it: when there was one more than is
    # known, the node to delete is not there, and the transaction is not made. Nobody sees the node.
    for key in {above for each in wanted for above in parents(each)} | {""}:
        entry = entries.get(key)
        if entry is not None and not entry.is_forbidden:
            name = child(path_of(root, key), GUARD)
            yield Op("sequence", name)
            yield Op("delete", f"{name}{entry.created:010d}")


def _missing(root: str, entries: Entries, wanted: Mapping[str, bytes]) -> Iterator[Op]:
    needed = {above for key in wanted for above in (key, *parents(key))}
    for key in sorted(needed - entries.keys(), key=_depth):  # parents first
        yield Op("create", path_of(root, key), wanted.get(key, b""))


def _present(root: str, entries: Entries, wanted: Mapping[str, bytes]) -> Iterator[Op]:
    for key, data in wanted.items():
        entry = entries.get(key)
        if entry is not None:
            same = data == entry.data and not entry.is_forbidden
            kind = "check" if same else "set"
            yield Op(kind, path_of(root, key), b"" if same else data, entry.version)


def _unwanted(root: str, entries: Entries, wanted: Mapping[str, bytes]) -> Iterator[Op]:
    kept = {above for key in wanted for above in (key, *parents(key))} | {""}
    for key in sorted(entries.keys() - wanted.keys(), key=_depth, reverse=True):  # children first
        entry = entries[key]
        path = path_of(root, key)
        if key not in kept:
            yield Op("delete", path, version=entry.version)
        elif entry.data:
            yield Op("set", path, b"", entry.version)  # a section that had a value of its own


def emptied(entries: Entries, wanted: Mapping[str, bytes]) -> Iterator[str]:
    """The keys that were empty values, and become sections when `wanted` is stored."""
    for key in {above for each in wanted for above in parents(each)}:
        data = wanted.get(key, entries[key].data if key in entries else b"")
        if not data:
            yield key


def changes_anything(ops: list[Op]) -> bool:
    """Whether there is more to do than to check."""
    return any(op.kind != "check" for op in ops)


def conflicts(
    entries: Entries, wanted: Mapping[str, bytes], since: int, *, replace: bool
) -> set[str]:
    """The keys that somebody changed after the zxid `since`, and a store would now overrule.

    When a key is missing, and something was created or removed beside it, it may have been that.
    With `replace` every key is concerned; a section from which something was removed stands for it.
    """
    if not replace:
        return {key for key in wanted if _is_newer(entries, key, since)}
    changed = {key for key, entry in entries.items() if entry.mzxid > since}
    made_in = {next(parents(key), "") for key in changed if entries[key].czxid > since}
    removed_in = {key for key, entry in entries.items() if entry.since > max(since, entry.mzxid)}
    return changed | (removed_in - made_in)


def _is_newer(entries: Entries, key: str, since: int) -> bool:
    entry = entries.get(key)
    if entry is not None:
        return entry.mzxid > since
    above = next((entries[above] for above in parents(key) if above in entries), None)
    return above is not None and above.since > max(since, above.mzxid)


def _depth(key: str) -> tuple[int, str]:
    return (key.count("/") + bool(key), key)
