"""Values of a configuration for people and for JSON."""

from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal
from typing import Any


def plain(value: Any) -> Any:
    """`value` in the types of JSON: decimals as numbers, dates as text."""
    if isinstance(value, Decimal):
        return float(value)
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
