"""Who has which item, asked of the server."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from zktools._engine.outcome import Outcome
from zktools._engine.session import Session
from zktools._engine.steps import Steps
from zktools._partitions.names import first_in
from zktools._partitions.reading import Found, read_children, read_data
from zktools._queue.layouts import ZKTOOLS
from zktools.exceptions import NotConnectedError, translate


@dataclass(frozen=True)
class Owner:
    """Who has an item, by its place in the item's queue."""

    name: str
    """Of the member."""
    token: int
    """The fencing token of its lease."""
    session_id: int
    asked: bool
    """Whether it was asked to let go."""
    who: dict[str, Any]
    """Host, process number, thread; ``identifier`` is the member."""


def owners(session: Session, folder: str, items: Sequence[str]) -> Steps[dict[str, Owner | None]]:
    """Who has each of these items; None for nobody."""
    doing = f"reading {folder}"
    paths = [f"{folder}/{item}" for item in items]
    listed = Outcome(session.handler)
    read_children(session, paths, listed.set)
    firsts: list[str | None] = [
        first_in(names) if isinstance(names, list) else None
        for names in (yield from _found(session, listed, doing))
    ]
    held = {
        item: f"{path}/{first}"
        for item, path, first in zip(items, paths, firsts, strict=True)
        if first is not None
    }
    read = Outcome(session.handler)
    read_data(session, list(held.values()), read.set)
    found: dict[str, Owner | None] = dict.fromkeys(items)
    for item, node in zip(held, (yield from _found(session, read, doing)), strict=True):
        if not isinstance(node, Exception):  # else it has just let go
            found[item] = _owner(*node)
    return found


def _found(session: Session, outcome: Outcome, doing: str) -> Steps[Found]:
    yield outcome, session.wire.session_timeout
    if not outcome.ready():
        raise NotConnectedError(f"{doing}: ZooKeeper did not answer in time")
    found: Found | BaseException = outcome.get()
    if isinstance(found, BaseException):
        raise translate(found, doing) from found
    return found


def _owner(data: bytes, stat: Any) -> Owner:
    who = ZKTOOLS.decode(data) or {}
    name = str(who.get("identifier", ""))
    return Owner(name, stat.czxid, stat.ephemeralOwner, ZKTOOLS.is_asked(data), who)
