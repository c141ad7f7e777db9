"""Who leads, as others see it: the first in the queue, and what its node says. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from zktools._live.folder import State
from zktools._live.subscribers import NOTHING
from zktools._queue import record
from zktools._queue.layouts import ZKTOOLS
from zktools.exceptions import ValueTooLargeError

#: Where in its record a candidate keeps what it publishes.
_DATA = "data"
#: Bytes of what it publishes, which has to leave room for who asks it to let go.
_MOST = 128 * 1024


@dataclass(frozen=True)
class Leader:
    """The candidate that leads, by its place in the queue."""

    name: str
    """Of its node in the election's folder."""
    token: int
    """The czxid of that node: the fencing token of its term."""
    session_id: int
    since: datetime
    """When it joined the queue, by the wall clock of the server that led then, in UTC. For people:
    clocks of servers differ, and are set; what is newer is told by the token."""
    who: dict[str, Any]
    """Host, process number, thread, identifier."""
    data: Any
    """What it publishes: an address, say."""


def check_data(data: object) -> object:
    """What can be published: JSON of at most 128 KiB."""
    try:
        size = len(json.dumps(data))
    except (TypeError, ValueError, RecursionError) as error:
        raise TypeError(f"data must be what JSON can hold: {error}") from error
    if size > _MOST:
        raise ValueTooLargeError(f"data takes {size} bytes as JSON, and may take {_MOST}")
    return data


def with_data(who: dict[str, Any], data: object) -> dict[str, Any]:
    """The record of a candidate that publishes `data`."""
    return {**who, _DATA: data}


def leader_of(state: State) -> Leader | None:
    """Who leads; None when there is no candidate."""
    queue = ZKTOOLS.queue(state.entries)
    if not queue:
        return None
    entry = state.entries[queue[0].name]
    who = record.decode(entry.data) or {}
    data = who.pop(_DATA, None)
    since = datetime.fromtimestamp(entry.made_at / 1000, UTC)
    return Leader(queue[0].name, entry.czxid, entry.owner, since, who, data)


def leader_to_tell(seen: State | None, now: State, _touched: Iterable[str]) -> object:
    """What a subscriber is called with."""
    leader = leader_of(now)
    return NOTHING if seen is not None and leader_of(seen) == leader else leader
