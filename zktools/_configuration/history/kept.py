"""Values as records keep them: whole, or as a mark that only tells whether two are the same. Pure.

A mark is an HMAC-SHA256 of the value, under a key that is drawn for each history and kept beside
it. So equal values of two histories, or two programs, cannot be told from their marks; who can read
the history can try guesses, and finds a short password.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from dataclasses import dataclass
from typing import Any, Literal

Why = Literal["secret", "protected", "large", "unrecorded", "new", "undecodable"]

_REASONS: dict[Why, str] = {
    "secret": "secret",
    "protected": "fewer may read it than may read the history",
    "large": "too large for a record",
    "unrecorded": "changed without a record",
    "new": "made without a record",
    "undecodable": "the codec cannot decode it",
}
_MARK = 32  # hexadecimal digits


@dataclass(frozen=True)
class Hidden:
    """Stands for a value that is not known, or not told."""

    why: Why
    """``secret``: marked so. ``protected``: its ACL lets fewer read it than the history's.
    ``large``: the record was cut down to fit. ``unrecorded``: somebody wrote it without a record.
    ``new``: somebody made it without a record. ``undecodable``: the codec makes nothing of it."""
    mark: str = ""
    """Equal for equal values of one configuration; empty where nothing is known."""

    def __str__(self) -> str:
        return f"({_REASONS[self.why]})"


Value = bytes | Hidden | None
"""None where there is no value."""


class Marks:
    """Makes marks, under the key of one history."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def hide(self, value: Value, why: Why) -> Value:
        """`value` as a mark."""
        if not isinstance(value, bytes):
            return value
        mark = hmac.new(self._key, value, hashlib.sha256).hexdigest()
        return Hidden(why, mark[:_MARK])


def to_plain(value: Value) -> Any:
    """For JSON: text where it is some, so that people can read it in the node."""
    if value is None:
        return None
    if isinstance(value, Hidden):
        return {"hidden": value.why, "mark": value.mark}
    try:
        return value.decode()
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(value).decode()}


def from_plain(found: Any) -> Value:
    """What :func:`to_plain` made something of."""
    if found is None:
        return None
    if isinstance(found, str):
        return found.encode()
    if "hidden" in found:
        return Hidden(found["hidden"], found["mark"])
    return base64.b64decode(found["base64"], validate=True)
