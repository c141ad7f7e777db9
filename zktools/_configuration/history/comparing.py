"""Two moments of a configuration, and the way from one to the other. Pure."""

from __future__ import annotations

from typing import Any

from zktools._configuration.conflicts import Entries
from zktools._configuration.history.kept import Hidden, Marks, Value
from zktools._configuration.history.past import Values
from zktools._configuration.plan import Wish, has_value
from zktools._configuration.tree import is_within
from zktools._live.changes import Changes
from zktools.exceptions import InvalidValueError
from zktools.values import Codec, decoded


def stored(entries: Entries) -> Values:
    """What is stored, by key."""
    return {
        key: Hidden("protected") if entry.is_forbidden else entry.data
        for key, entry in entries.items()
        if has_value(key, entry)
    }


def told(values: Values, codec: Codec[Any]) -> dict[str, Any]:
    """The values for a user, decoded; without those that are not there."""
    return {
        key: value if isinstance(value, Hidden) else _decoded(value, codec, key)
        for key, value in values.items()
        if value is not None
    }


def _decoded(value: bytes, codec: Codec[Any], key: str) -> Any:
    found = decoded(codec, value, key)
    return Hidden("undecodable") if isinstance(found, InvalidValueError) else found


def difference(before: Values, after: Values, marks: Marks, codec: Codec[Any]) -> Changes[Any]:
    """What differs, or may."""
    keys = [
        key
        for key in sorted(before.keys() | after.keys())
        if not is_same(before.get(key), after.get(key), marks)
    ]
    old = told({key: before.get(key) for key in keys}, codec)
    new = told({key: after.get(key) for key in keys}, codec)
    return Changes(
        {key: new[key] for key in keys if key not in old},
        {key: (old[key], new[key]) for key in keys if key in old and key in new},
        {key: old[key] for key in keys if key not in new},
    )


def is_same(one: Value, other: Value, marks: Marks) -> bool:
    """Whether they are known to be the same."""
    if one is None or other is None or (isinstance(one, bytes) and isinstance(other, bytes)):
        return one == other
    first, second = marks.hide(one, "large"), marks.hide(other, "large")
    assert isinstance(first, Hidden)
    assert isinstance(second, Hidden)
    return bool(first.mark) and first.mark == second.mark


def way_back(
    values: Values, entries: Entries, marks: Marks, remove: bool
) -> tuple[Wish, dict[str, Hidden]]:
    """What to store for `values` to be there again; and what is not known, and so left alone.

    What was not there is removed with `remove` only.
    """
    now = stored(entries)
    unknown = {key: value for key, value in values.items() if isinstance(value, Hidden)}
    left = {
        key: value
        for key, value in unknown.items()
        if value.why != "new" and not is_same(value, now.get(key), marks)
    }
    wanted = {key: value for key, value in values.items() if isinstance(value, bytes)}
    if not remove:
        return Wish(wanted), left
    gone = {key for key in now.keys() - wanted.keys() if key not in unknown or is_new(unknown[key])}
    # What is not known and below one of those has to stay: it is stored as it is.
    stay = [key for key in unknown.keys() & now.keys() if any(is_within(key, g) for g in gone)]
    wanted |= {key: entries[key].data for key in stay if key not in gone and not entries[key].error}
    return Wish(wanted, frozenset(gone)), left


def is_new(value: Value) -> bool:
    """Whether it is of a key that somebody made without a record."""
    return isinstance(value, Hidden) and value.why == "new"
