"""Values of a configuration for people and for JSON."""

from __future__ import annotations

import datetime as dt
import json
import math
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from zktools.configuration import Hidden
from zktools.values import Codec


def plain(value: Any) -> Any:
    """`value` in the types of JSON: decimals as numbers, dates as text."""
    if isinstance(value, Decimal):
        return float(value) if math.isfinite(float(value)) else str(value)
    if isinstance(value, (dt.date, dt.datetime)):
        return value.isoformat()
    return value


def type_name(value: Any) -> str:
    """What it is, in a word."""
    if isinstance(value, str):
        return "text"
    return "none" if value is None else type(value).__name__.lower()


def shown(value: Any) -> str:
    """For people; text stands in quotes."""
    return json.dumps(plain(value), ensure_ascii=False)


def readable(value: Any) -> str:
    """For people, of several lines where that reads better; text as it is."""
    if isinstance(value, str):
        return value
    indent = 2 if isinstance(value, (dict, list)) else None
    return json.dumps(plain(value), ensure_ascii=False, indent=indent)


@dataclass(frozen=True)
class Unreadable:
    """Stands for a value that may not be read."""

    why: str

    def __str__(self) -> str:
        return f"({self.why})"


def shown_data(codec: Codec[Any], data: bytes | Hidden | Unreadable) -> str:
    """A node's bytes for people; also those that the codec cannot read, or nobody may."""
    if isinstance(data, (Hidden, Unreadable)):
        return str(data)
    try:
        return shown(codec.decode(data))
    except (ValueError, RecursionError):
        return f"({len(data)} bytes that {codec!r} cannot read)"


def plain_data(codec: Codec[Any], data: bytes | Hidden | Unreadable) -> Any:
    """The same for JSON, also of what a history does not tell."""
    if isinstance(data, Hidden):
        return {"hidden": data.why}
    if isinstance(data, Unreadable):
        return {"unreadable": data.why}
    try:
        return plain(codec.decode(data))
    except (ValueError, RecursionError):
        return {"undecodable": data.decode("utf-8", "backslashreplace")}
