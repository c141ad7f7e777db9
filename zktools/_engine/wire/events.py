"""Events of watches, handed over where they are read from the socket.

kazoo hands events to one thread, which calls watchers one after the other: a slow watch callback of
the program would hold up all news that zktools waits for. And it hands replies to another, which
loses their order. So zktools' own watchers are called by the connection thread itself, ahead of
kazoo's: they only note and post. Those of everybody else are kazoo's affair, as ever.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any, TypeVar

from kazoo.client import KazooClient
from kazoo.protocol.connection import (
    CHANGED_EVENT,
    CHILD_EVENT,
    CREATED_EVENT,
    DELETED_EVENT,
)
from kazoo.protocol.serialization import Watch
from kazoo.protocol.states import EVENT_TYPE_MAP, WatchedEvent

log = logging.getLogger("zktools.session")

_DATA, _CHILD = "_data_watchers", "_child_watchers"
_TABLES = {
    CREATED_EVENT: (_DATA,),
    CHANGED_EVENT: (_DATA,),
    DELETED_EVENT: (_DATA, _CHILD),
    CHILD_EVENT: (_CHILD,),
}

W = TypeVar("W")


def at_once(watcher: W) -> W:
    """Let kazoo's connection thread call this watcher. It must neither block nor raise."""
    watcher.zktools_at_once = True  # type: ignore[attr-defined]
    return watcher


class _Events:
    """A connection that tells some watchers at once. Mixed in before its class."""

    client: Any

    def _read_watch_event(self, buffer: bytes, offset: int) -> None:
        event, _ = Watch.deserialize(buffer, offset)
        _tell(self.client, event)
        super()._read_watch_event(buffer, offset)  # type: ignore[misc]


def _tell(client: Any, event: Any) -> None:
    watchers = set(_taken(client, event))
    if not watchers or client._stopped.is_set():
        return
    told = WatchedEvent(EVENT_TYPE_MAP[event.type], client._state, client.unchroot(event.path))
    for watcher in watchers:
        try:
            watcher(told)
        except Exception:
            log.exception("%r could not take %r", watcher, told)


def _taken(client: Any, event: Any) -> Iterator[Any]:
    for name in _TABLES.get(event.type, ()):
        waiting = getattr(client, name).get(event.path, ())
        for watcher in tuple(waiting):
            if getattr(watcher, "zktools_at_once", False):
                waiting.discard(watcher)
                yield watcher


def missing(client: KazooClient) -> Iterator[str]:
    """What of kazoo's connection is not there that is needed for this."""
    if not callable(getattr(getattr(client, "_connection", None), "_read_watch_event", None)):
        yield "ConnectionHandler._read_watch_event"


def amend(client: KazooClient) -> None:
    """Tell the marked watchers of this client at once. Any thread; again, it does nothing."""
    connection: Any = client._connection
    kind = type(connection)
    if not issubclass(kind, _Events):
        connection.__class__ = type(kind.__name__, (_Events, kind), {})
