"""What was stored at a version, of records and of what is stored now. Pure.

Two ways lead to a version: forwards, through the records up to it, which know a key from its first
change on; and backwards from now, undoing the records after it. What was written without a record
breaks both: forwards the value is known again where a record has found it, backwards it is not.
Where neither arrives the value is not known, and that is what is said.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from zktools._configuration.conflicts import Entries
from zktools._configuration.history.folder import Head
from zktools._configuration.history.kept import Hidden, Value
from zktools._configuration.history.record import Record
from zktools._configuration.plan import has_value
from zktools._configuration.tree import parents

UNRECORDED = Hidden("unrecorded")
NEW = Hidden("new")

Values = dict[str, Value]
"""By key; None for what is known not to be there."""


class Since(NamedTuple):
    """What was written without a record since the newest one."""

    keys: frozenset[str] = frozenset()
    """Written; among them what was made."""
    made: frozenset[str] = frozenset()
    lost: frozenset[str] = frozenset()
    """Sections in which something was made or removed."""

    def __bool__(self) -> bool:
        return bool(self.keys or self.lost)


def since(entries: Entries, head: Head) -> Since:
    """What others did to `entries` after the newest record of `head`, or unseen by it.

    That one's own transaction has one zxid, and was planned for all that was there up to
    ``head.seen``: what else is younger than that is in no record.
    """
    if not head.zxid:
        return Since()
    if not entries:
        return Since(lost=frozenset({""}))

    def is_others(zxid: int) -> bool:
        return zxid > head.seen and zxid != head.zxid

    # One without data is a value, or a section, by its children.
    written = {
        key
        for key, each in entries.items()
        if is_others(each.mzxid) or (not each.data and is_others(each.since))
    }
    keys = {key for key in written if has_value(key, entries[key])}
    made = {key for key in keys if is_others(entries[key].czxid)}
    # One zxid stands for all that was made and removed in a section; who never had a child, lost
    # none. The node at the top may be another one altogether.
    lost = {
        key for key, each in entries.items() if is_others(each.since) and each.count > each.version
    }
    if is_others(entries[""].czxid):
        lost.add("")
    return Since(frozenset(keys), frozenset(made), frozenset(lost))


def values_at(version: int, records: Sequence[Record], now: Values, others: Since) -> Values:
    """The value of each key just after the record `version`; `records` have the oldest first.

    `now` is what is stored, and `others` what others did since the newest record.
    """
    before = _forwards(record for record in records if record.version <= version)
    newer = [record for record in reversed(records) if record.version > version]
    after = _backwards(newer, now, others)
    return {
        key: _either(before.get(key, UNRECORDED), after.get(key, UNRECORDED))
        for key in before.keys() | after.keys()
    }


def lost_since(version: int, records: Iterable[Record], others: Since) -> frozenset[str]:
    """The sections in which there may have been more at `version` than anybody knows of."""
    lost = set(others.lost)
    for record in records:
        if record.version > version:
            lost |= {""} if record.cut else record.lost
    return frozenset(lost)


def _either(one: Value, other: Value) -> Value:
    """What is known by one of the two, or else why it is not."""
    known = [value for value in (one, other) if not isinstance(value, Hidden)]
    marked = [value for value in (one, other) if isinstance(value, Hidden) and value.mark]
    return (known or marked or [other])[0]


def _forwards(records: Iterable[Record]) -> Values:
    values: Values = {}
    for record in records:
        for key, value in values.items():
            if record.cut or (value is not None and _may_be_gone(key, value, record.lost)):
                values[key] = UNRECORDED
        values |= record.unrecorded
        values |= {key: new for key, (_, new) in record.changes.items()}
    return values


def _backwards(records: Iterable[Record], now: Values, others: Since) -> Values:
    values = now | {key: NEW if key in others.made else UNRECORDED for key in others.keys}
    for record in records:
        values |= {key: old for key, (old, _) in record.changes.items()}
        for key, value in values.items():
            if record.cut or (value is None and _may_be_gone(key, b"", record.lost)):
                values[key] = UNRECORDED
        for key in record.unrecorded:
            values[key] = NEW if key in record.made else UNRECORDED
    return values


def _may_be_gone(key: str, value: Value, lost: frozenset[str]) -> bool:
    """Whether `value` may have gone, or turned into a section, where something was `lost`."""
    return not lost.isdisjoint(parents(key)) or (not value and key in lost)
