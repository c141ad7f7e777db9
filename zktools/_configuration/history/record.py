"""One record: who stored what, when and why; as JSON in a node, and as a user gets it. Pure."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from zktools._configuration.history.kept import Hidden, Marks, Value, Why, from_plain, to_plain
from zktools.exceptions import ValueTooLargeError

Change = tuple[Value, Value]
"""Before and after."""

#: Bytes of a note.
MAX_NOTE = 1000
#: When something was that was not yet.
NEVER = datetime.fromtimestamp(0, UTC)
_LARGE = 1024  # bytes: larger values are the first to be cut out of a record


@dataclass(frozen=True)
class Record:
    """What one store did. ``print(record)`` shows it."""

    version: int
    """Its number in the history, for :meth:`~zktools.Configuration.at` and the others."""
    when: datetime
    """By the server's clock, in UTC."""
    author: str
    note: str
    action: str
    """``store``, or what else was called, such as ``rollback to 12``."""
    changes: Mapping[str, Change] = field(repr=False)
    """By key what was stored before and after, as bytes; None where there was nothing, and
    :class:`Hidden` where the record does not tell."""
    unrecorded: Mapping[str, Value] = field(default_factory=dict, repr=False)
    """Keys that somebody had written without a record before this, as they were found."""
    made: frozenset[str] = frozenset()
    """Those of them that were made anew."""
    lost: frozenset[str] = frozenset()
    """Sections in which somebody had removed something without a record, or made and removed."""
    cut: int = 0
    """How many keys are not in it, because it would have been too large."""
    tags: tuple[str, ...] = ()
    """The names that this version was given."""

    @property
    def is_whole(self) -> bool:
        """Whether nothing was cut out of it to make it fit."""
        values = [value for both in self.changes.values() for value in both]
        return not self.cut and not any(_is_large(value) for value in values)

    def __str__(self) -> str:
        tags = "".join(f" [{tag}]" for tag in self.tags)
        why = f": {self.note}" if self.note else ""
        head = f"{self.version}{tags} {self.when:%Y-%m-%d %H:%M:%S} UTC {self.author} {self.action}"
        return "\n".join([head + why, *(f"  {line}" for line in lines(self))])


def lines(record: Record, show: Callable[[bytes], str] | None = None) -> list[str]:
    """What it changed, for people: ``+`` added, ``~`` changed, ``-`` removed; by key."""
    shown = _quoted if show is None else show
    found = [_line(key, both, shown) for key, both in sorted(record.changes.items())]
    found += [f"! {key} was changed without a record before" for key in sorted(record.unrecorded)]
    found += [f"! something in {key!r} was removed without a record" for key in sorted(record.lost)]
    return [*found, f"  and {record.cut} keys more"] if record.cut else found


def _line(key: str, both: Change, show: Callable[[bytes], str]) -> str:
    before, after = (value if value is None else _text(value, show) for value in both)
    if before is None:
        return f"+ {key} = {after}"
    return f"- {key} = {before}" if after is None else f"~ {key} = {before} -> {after}"


def _text(value: bytes | Hidden, show: Callable[[bytes], str]) -> str:
    return str(value) if isinstance(value, Hidden) else show(value)


def _quoted(value: bytes) -> str:
    return json.dumps(value.decode("utf-8", "backslashreplace"), ensure_ascii=False)


def _is_large(value: Value) -> bool:
    return isinstance(value, Hidden) and value.why == "large"


def to_bytes(record: Record) -> bytes:
    """For its node, whose name and times say the rest."""
    found: dict[str, Any] = {
        "author": record.author,
        "note": record.note,
        "action": record.action,
        "changes": {key: [*map(to_plain, both)] for key, both in record.changes.items()},
        "unrecorded": {key: to_plain(value) for key, value in record.unrecorded.items()},
        "made": sorted(record.made),
        "lost": sorted(record.lost),
        "cut": record.cut,
    }
    return json.dumps(found, ensure_ascii=False, separators=(",", ":")).encode(
        "utf-8", "surrogatepass"
    )


def from_bytes(version: int, milliseconds: int, data: bytes, tags: tuple[str, ...]) -> Record:
    """What :func:`to_bytes` wrote.

    Raises:
        ValueError: it is something else.
    """
    try:
        found = json.loads(data.decode("utf-8", "surrogatepass"))
        return Record(
            version,
            datetime.fromtimestamp(milliseconds / 1000, UTC),
            str(found["author"]),
            str(found["note"]),
            str(found["action"]),
            {key: (from_plain(old), from_plain(new)) for key, (old, new) in _items(found)},
            {key: from_plain(value) for key, value in found["unrecorded"].items()},
            frozenset(map(str, found["made"])),
            frozenset(map(str, found["lost"])),
            int(found["cut"]),
            tags,
        )
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise ValueError(f"version {version} is no record: {type(error).__name__}") from error


def _items(found: Any) -> Any:
    return found["changes"].items()


def fitted(record: Record, room: int, marks: Marks) -> bytes:
    """`record` as bytes, cut down as far as need be: values first, then keys.

    Raises:
        ValueTooLargeError: not even who and why fits.
    """
    for cut in (_whole, _without_large, _without_values, _without_keys):
        data = to_bytes(cut(record, marks))
        if len(data) <= room:
            return data
    raise ValueTooLargeError(
        f"there is no room for a record of the history ({room} bytes) in the transaction: "
        "store less at a time"
    )


def hiding(record: Record, why: Mapping[str, Why], marks: Marks) -> Record:
    """`record` with marks in the place of the values of these keys."""

    def hide(key: str, value: Value) -> Value:
        return marks.hide(value, why[key]) if key in why else value

    changes = {key: (hide(key, old), hide(key, new)) for key, (old, new) in record.changes.items()}
    unrecorded = {key: hide(key, value) for key, value in record.unrecorded.items()}
    return replace(record, changes=changes, unrecorded=unrecorded)


def _whole(record: Record, _marks: Marks) -> Record:
    return record


def _without_large(record: Record, marks: Marks) -> Record:
    return _hiding_large(record, marks, _LARGE)


def _without_values(record: Record, marks: Marks) -> Record:
    return _hiding_large(record, marks, 0)


def _hiding_large(record: Record, marks: Marks, limit: int) -> Record:
    def hide(value: Value) -> Value:
        is_large = isinstance(value, bytes) and len(value) > limit
        return marks.hide(value, "large") if is_large else value

    changes = {key: (hide(old), hide(new)) for key, (old, new) in record.changes.items()}
    unrecorded = {key: hide(value) for key, value in record.unrecorded.items()}
    return replace(record, changes=changes, unrecorded=unrecorded)


def _without_keys(record: Record, _marks: Marks) -> Record:
    cut = len(record.changes) + len(record.unrecorded) + len(record.lost)
    none: frozenset[str] = frozenset()
    return replace(record, changes={}, unrecorded={}, made=none, lost=none, cut=cut)


def check_note(note: object) -> str:
    """What a store is for, in words; None is none."""
    if note is None:
        return ""
    if not isinstance(note, str):
        raise TypeError(f"note must be a str or None, not {type(note).__name__}")
    size = len(note.encode("utf-8", "surrogatepass"))
    if size > MAX_NOTE:
        raise ValueError(f"note has {size} bytes and takes {MAX_NOTE}: shorten it")
    return note
