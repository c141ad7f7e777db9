"""Who stands in a queue, read for people and programs that look; nothing is decided by it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from typing import Any, TypeVar

from zktools._engine.outcome import Outcome
from zktools._engine.session import Session
from zktools._engine.steps import Steps
from zktools._queue.layouts import Layout
from zktools._queue.order import Candidate, holders
from zktools.exceptions import MissingNodeError

#: Requests in flight where each node is read by itself. Far below what kazoo can take: each request
#: sends a byte over a socket pair that holds a few hundred before the caller blocks.
_WINDOW = 64

T = TypeVar("T")


@dataclass(frozen=True)
class Contender:
    """One candidate in a lock's queue, as it was when it was read."""

    position: int
    """0 for the first in the queue."""
    name: str
    kind: str
    """``"lock"``, ``"write"``, ``"read"``, or ``"permit"`` in a semaphore."""
    weight: int
    """How many permits of a semaphore; 1 for locks."""
    holds: bool
    """Whether it holds the lock, by its place in the queue."""
    asked: bool
    """Whether it was asked to let go."""
    token: int
    """The czxid: the fencing token of its lease."""
    session_id: int
    since: datetime
    """When it joined the queue, by the server's clock, in UTC."""
    who: dict[str, Any] | None
    """Its record: host, pid, thread, identifier. None for candidates of zktools 0.2."""
    data: bytes
    version: int
    """Of the data: what a conditional change has to name."""
    held_since: datetime | None = None
    """Since when it has held the lock at the latest: :attr:`since` itself where it got the lock as
    it came. None where it waits, or where nothing in ZooKeeper tells."""


def candidates(session: Session, folder: str, layout: Layout) -> Steps[list[Candidate]]:
    """All candidates, first in the queue first; empty when there is no folder."""
    return layout.queue((yield from listing(session, folder)))


def listing(session: Session, folder: str) -> Steps[list[str]]:
    """The names of a folder's children; none when it is not there."""
    nothing: list[str] = []
    request = session.client.get_children_async
    return (yield from _listing(session, folder, nothing, request, folder))


def _listing(
    session: Session, folder: str, nothing: T, request: Callable[..., Any], *args: Any
) -> Steps[T]:
    listed = session.ask(request, *args)
    try:
        answer: T = yield from session.answer(listed, f"listing {folder}")
    except MissingNodeError:
        return nothing
    return answer


def contenders(session: Session, folder: str, layout: Layout) -> Steps[list[Contender]]:
    """The queue in order. Candidates that leave while it is read are left out."""
    list_with_stat = partial(session.client.get_children_async, folder, include_data=True)
    nothing: tuple[list[str], Any] = ([], None)
    names, stat = yield from _listing(session, folder, nothing, list_with_stat)
    queue, size = layout.queue(names), layout.size(names)
    read = yield from _read(session, [f"{folder}/{candidate.name}" for candidate in queue])
    present = [(c, found) for c, found in zip(queue, read, strict=True) if found is not None]
    holding = holders([candidate for candidate, _ in present], size.permits if size else None)
    found = [
        _contender(layout, position, candidate, data, stat, holds=position < holding)
        for position, (candidate, (data, stat)) in enumerate(present)
    ]
    return found if len(present) < len(queue) else _with_since(found, stat)


def _with_since(queue: list[Contender], folder: Any) -> list[Contender]:
    """With since when each holds at the latest, by the folder's stat.

    ZooKeeper keeps no time of a departure. But if the newest change of the folder was an arrival,
    nobody has left since: who holds now has held from then on, or from its own arrival. And if
    nobody has ever left, from its own arrival in any case.
    """
    if folder is not None and folder.cversion == folder.numChildren:  # it counts departures as well
        return [replace(each, held_since=each.since) if each.holds else each for each in queue]
    newest = max(queue, key=lambda contender: contender.token, default=None)
    if newest is None or newest.token != folder.pzxid:
        return queue
    return [
        replace(each, held_since=max(each.since, newest.since)) if each.holds else each
        for each in queue
    ]


def _contender(
    layout: Layout, position: int, candidate: Candidate, data: bytes, stat: Any, *, holds: bool
) -> Contender:
    who = layout.decode(data)
    return Contender(
        position=position,
        name=candidate.name,
        kind=candidate.kind,
        weight=candidate.weight,
        holds=holds,
        asked=layout.is_asked(data),
        token=stat.czxid,
        session_id=stat.ephemeralOwner,
        since=datetime.fromtimestamp(stat.ctime / 1000, UTC),
        who=who,
        data=data,
        version=stat.version,
    )


def _read(session: Session, paths: list[str]) -> Steps[list[tuple[bytes, Any] | None]]:
    """Data and stat of each, None for those that are gone."""
    found: list[tuple[bytes, Any] | None] = []
    for start in range(0, len(paths), _WINDOW):
        window = paths[start : start + _WINDOW]
        for result in [session.ask(session.client.get_async, path) for path in window]:
            node = yield from _unless_gone(session, result)
            found.append(node)
    return found


def _unless_gone(session: Session, result: Outcome) -> Steps[Any]:
    try:
        return (yield from session.answer(result, "reading the queue"))
    except MissingNodeError:
        return None
