"""Whether a feature is on for somebody: a share of them, and always the same ones. Pure.

Each unit (a user, an account, a machine) has its place on a scale of 100 for each flag, by a hash
of both. So whoever has a feature keeps it while the percentage grows, and those who are first for
one feature are not first for all.
"""

from __future__ import annotations

import hashlib
from decimal import Decimal
from uuid import UUID

from zktools.exceptions import InvalidValueError

Unit = str | int | bytes | UUID
"""Who it may be on for."""

_SCALE = 2**64


def is_on(value: object, key: str, unit: Unit | None) -> bool:
    """Whether the flag `key` with this value is on for `unit`.

    Raises:
        TypeError: `unit` is none, or missing where it matters.
        InvalidValueError: the value is neither a truth value nor a percentage.
    """
    if isinstance(value, bool):
        return value
    if not isinstance(value, (int, float, Decimal)) or not 0 <= value <= 100:  # noqa: PLR2004
        raise InvalidValueError(f"{key!r} must be true, false, or from 0 to 100 percent")
    if unit is None:
        raise TypeError(f"unit must be given: {key!r} is on for a share of them")
    return place(key, unit) * 100 < Decimal(value) * _SCALE


def place(key: str, unit: Unit) -> int:
    """Where on the scale `unit` is for this flag: the first 8 bytes of a SHA-256, a number."""
    if isinstance(unit, bool) or not isinstance(unit, (str, int, bytes, UUID)):
        raise TypeError(f"unit must be a str, int, bytes or UUID, not {type(unit).__name__}")
    name = unit if isinstance(unit, bytes) else str(unit).encode("utf-8", "surrogatepass")
    digest = hashlib.sha256(key.encode() + b"\0" + name).digest()
    return int.from_bytes(digest[:8], "big")
