"""Spans of time, as operators write and read them."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from typing import Any

import click

from zktools.cli.tool import Option, ParamType

_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_PART = re.compile(r"([0-9]+(?:\.[0-9]+)?)(ms|s|m|h|d)")
_WRITTEN = re.compile(rf"(?:{_PART.pattern})+")
_NUMBER = re.compile(r"[0-9]+(?:\.[0-9]+)?")

_LEAST = 0.1  # seconds between two looks


class Duration(ParamType):
    """``10s``, ``500ms``, ``1m30s``, ``1.5h``, ``1d``; a number alone is in seconds."""

    name = "duration"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """Seconds."""
        if isinstance(value, (int, float)):
            return float(value)
        text = str(value).strip()
        if _NUMBER.fullmatch(text):
            return float(text)
        if not _WRITTEN.fullmatch(text):
            self.fail(f"{value!r} is no duration: write 10s, 500ms, 1m30s or 1h", param, ctx)
        return sum(float(number) * _UNITS[unit] for number, unit in _PART.findall(text))


DURATION = Duration()


def interval_option(help: str) -> Callable[[Any], Any]:  # noqa: A002 - as click names it
    """``--interval``, as the argument `interval`: seconds between two looks, not too few."""
    return click.option(
        "--interval",
        cls=Option,
        type=DURATION,
        default="1s",
        show_default=True,
        callback=lambda _context, _parameter, seconds: max(seconds, _LEAST),
        help=help,
    )


def in_words(seconds: float) -> str:
    """Two units at most: ``0.4s``, ``12s``, ``3m12s``, ``2h05m``, ``4d07h``."""
    if seconds < 10:  # noqa: PLR2004 - below, tenths tell something
        return f"{seconds:.1f}s"
    minutes, rest = divmod(int(seconds), 60)
    if not minutes:
        return f"{rest}s"
    hours, minutes = divmod(minutes, 60)
    if not hours:
        return f"{minutes}m{rest:02}s"
    days, hours = divmod(hours, 24)
    return f"{days}d{hours:02}h" if days else f"{hours}h{minutes:02}m"


def seconds_since(moment: dt.datetime) -> float:
    """How long ago it was, by this machine's clock; 0 for what its clock takes for the future."""
    passed = dt.datetime.now(dt.UTC) - moment
    return max(passed.total_seconds(), 0.0)


def local_time(moment: dt.datetime) -> str:
    """A moment in the operator's time zone: the time of today, the day and the time before that."""
    here = moment.astimezone()
    today = dt.datetime.now().astimezone().date()
    return here.strftime("%H:%M:%S" if here.date() == today else "%Y-%m-%d %H:%M")
