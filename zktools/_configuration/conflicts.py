"""Who was faster: which keys were changed after a version. Pure functions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet

from zktools._configuration.tree import is_within_any, parents
from zktools._live.entry import Entry

Entries = Mapping[str, Entry]
"""The nodes that are there, by key."""


def version_of(entries: Entries) -> int:
    """The zxid of the last change of these nodes, removals included; 0 when there are none."""
    return max((entry.since for entry in entries.values()), default=0)


def conflicts(
    entries: Entries, keys: Iterable[str], since: int, replaced: AbstractSet[str]
) -> set[str]:
    """The keys that somebody changed after the zxid `since`, and a store of `keys` would overrule.

    When a key is missing, and something was created or removed beside it, or its section was
    written, it may have been that: a section has one zxid for both. Of the sections
    that are `replaced` every key is concerned; one from which something was removed stands for it.
    """
    if since and not entries:
        return {""}  # all of it was removed
    whole = {key: each for key, each in entries.items() if is_within_any(key, replaced)}
    changed = {key for key, entry in whole.items() if entry.mzxid > since}
    made_in = {next(parents(key), "") for key in changed if whole[key].czxid > since}
    removed_in = {key for key, entry in whole.items() if entry.since > max(since, entry.mzxid)}
    others = {*keys, *replaced} - whole.keys()
    newer = {key for key in others if _is_newer(entries, key, since)}
    return changed | (removed_in - made_in) | {key for key in newer if not _is_in(key, whole)}


def _is_in(key: str, whole: Entries) -> bool:
    return any(above in whole for above in parents(key))


def _is_newer(entries: Entries, key: str, since: int) -> bool:
    entry = entries.get(key)
    if entry is not None:
        return entry.mzxid > since
    above = next((entries[above] for above in parents(key) if above in entries), None)
    return above is not None and above.since > since
