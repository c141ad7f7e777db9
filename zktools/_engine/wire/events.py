"""Events of watches, handed over where they are read from the socket.

kazoo hands events to one thread, which calls watchers one after the other: a slow watch callback of
the program would hold up all news that zktools waits for. And it hands replies to another, which
loses their order. So zktools' own watchers are called by the connection thread itself, ahead of
kazoo's: they only note and post. Those of everybody else are kazoo's affair, as ever.

Who follows a hundred thousand nodes is no watcher of each: kazoo has a set for each path that is
watched, which takes more memory than all that is known of a small node. It listens to all events,
and finds out by their paths which concern it.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from kazoo.client import KazooClient
from kazoo.protocol.connection import (
    CHANGED_EVENT,
    CHILD_EVENT,
    CREATED_EVENT,
    DELETED_EVENT,
)
from kazoo.protocol.states import EVENT_TYPE_MAP, WatchedEvent

from zktools._engine.wire import packets

log = logging.getLogger("zktools.session")

_DATA, _CHILD = "_data_watchers", "_child_watchers"
_TABLES = {
    CREATED_EVENT: (_DATA,),
    CHANGED_EVENT: (_DATA,),
    DELETED_EVENT: (_DATA, _CHILD),
    CHILD_EVENT: (_CHILD,),
}

Listener = Callable[[str], object]
W = TypeVar("W")


def at_once(watcher: W) -> W:
    """Let kazoo's connection thread call this watcher. It must neither block nor raise."""
    watcher.zktools_at_once = True  # type: ignore[attr-defined]
    return watcher


class _Events:
    """A connection that tells some watchers at once. Mixed in before its class."""

    client: Any
    zktools_listeners: tuple[Listener, ...] = ()

    def _read_watch_event(self, buffer: bytes, offset: int) -> None:
        kind, path = packets.event(buffer, offset)
        watchers, others = _taken(self.client, kind, path)
        if not self.client._stopped.is_set():
            plain = self.client.unchroot(path)
            for listener in self.zktools_listeners:
                _safely(listener, plain)
            if watchers:
                told = WatchedEvent(EVENT_TYPE_MAP[kind], self.client._state, plain)
                for watcher in watchers:
                    _safely(watcher, told)
        if others or kind not in _TABLES:
            super()._read_watch_event(buffer, offset)  # type: ignore[misc]


def _safely(function: Callable[[Any], object], told: object) -> None:
    try:
        function(told)
    except Exception:
        log.exception("%r could not take %r", function, told)


def _taken(client: Any, kind: int, path: str) -> tuple[set[Any], bool]:
    """The marked watchers of this event, taken from kazoo's tables; whether others are left."""
    ours: set[Any] = set()
    others = False
    for name in _TABLES.get(kind, ()):
        table = getattr(client, name)
        waiting = table.get(path)
        if waiting is None:
            continue
        marked = [each for each in tuple(waiting) if getattr(each, "zktools_at_once", False)]
        waiting.difference_update(marked)
        ours.update(marked)
        if waiting:
            others = True
        else:
            del table[path]
    return ours, others


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


def listen(client: KazooClient, listener: Listener) -> None:
    """Tell it the path of each event, whoever watches there. It must neither block nor raise."""
    connection: Any = client._connection
    connection.zktools_listeners = (*connection.zktools_listeners, listener)


def unlisten(client: KazooClient, listener: Listener) -> None:
    """Tell it no more."""
    connection: Any = client._connection
    listeners = connection.zktools_listeners
    connection.zktools_listeners = tuple(each for each in listeners if each != listener)
