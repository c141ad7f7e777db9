"""A contender as a line, as cells of a table, and as JSON.

The text may hold anything: whoever prints it escapes it.
"""

from __future__ import annotations

import base64
import datetime as dt
from collections.abc import Sequence
from typing import Any

from zktools.cli.durations import seconds_since
from zktools.cli.held import Began
from zktools.contenders import Contender

_WIDTH = 40  # characters of what a program says about itself


def _cut(value: object, width: int = _WIDTH) -> str:
    text = str(value)
    return text if len(text) <= width else text[: width - 3] + "..."


def process(who: dict[str, Any] | None) -> str:
    """Host and pid."""
    if who is None or not {"host", "pid"} & who.keys():
        return "unknown"
    return f"{_cut(who.get('host', '?'))} pid {_cut(who.get('pid', '?'), 12)}"


def own_name(who: dict[str, Any] | None) -> str:
    """What it calls itself; empty where it does not say."""
    return _cut((who or {}).get("identifier", ""))


def thread(who: dict[str, Any] | None) -> str:
    """The thread's name; empty where it does not say."""
    return _cut((who or {}).get("thread", ""))


def state(contender: Contender) -> str:
    """Whether it holds or waits."""
    return "holds" if contender.holds else "waits"


def seconds_since_ms(moment: int) -> float:
    """How many seconds ago it was; `moment` as in a stat, in milliseconds since 1970."""
    since = dt.datetime.fromtimestamp(moment / 1000, dt.UTC)
    return round(seconds_since(since), 3)


def first_of(contenders: Sequence[Contender]) -> str:
    """The first of them by name, and how many more; empty for none."""
    if not contenders:
        return ""
    first = _who(contenders[0])
    return first if len(contenders) == 1 else f"{first} and {len(contenders) - 1} more"


def in_short(contender: Contender) -> str:
    """Who it is, on one line."""
    return f"{_who(contender)}, {contender.kind}, {state(contender)}"


def _who(contender: Contender) -> str:
    name = own_name(contender.who)
    return f"{process(contender.who)} ({name})" if name else process(contender.who)


def asked_by(contender: Contender) -> dict[str, Any] | None:
    """Who asked it to let go, where that is known."""
    by = (contender.who or {}).get("unlock")
    return by if isinstance(by, dict) else None


def as_json(contender: Contender, folder: str, began: Began | None = None) -> dict[str, Any]:
    """All there is to know, for programs."""
    who = contender.who
    began = began or Began(contender.since, contender.held_since)
    return {
        "position": contender.position,
        "path": f"{folder}/{contender.name}",
        "kind": contender.kind,
        "weight": contender.weight,
        "state": state(contender),
        "asked": contender.asked,
        "asked_by": asked_by(contender),
        "who": {k: v for k, v in who.items() if k != "unlock"} if who is not None else None,
        "since": contender.since.isoformat(),
        "seconds": round(seconds_since(contender.since), 3),
        "held": began.as_json() if contender.holds else None,
        "session": f"{contender.session_id:#x}",
        "token": contender.token,
    }


def data_as_json(data: bytes) -> dict[str, str]:
    """A node's data: as text, or in base64 where it is no UTF-8."""
    try:
        return {"data": data.decode()}
    except UnicodeDecodeError:
        return {"data_base64": base64.b64encode(data).decode()}
