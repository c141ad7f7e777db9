"""Which of kazoo's private parts are there: each ability falls back to public means without."""

from __future__ import annotations

import importlib.metadata
import logging
import os
from collections.abc import Iterator
from typing import NamedTuple

from kazoo.client import KazooClient

from zktools._engine.wire import connection, events, reading, sending, wakeups

log = logging.getLogger("zktools.session")

_said: set[str] = set()


class Abilities(NamedTuple):
    """What can be had of one client beyond kazoo's public methods."""

    requests: bool
    """Requests that kazoo has no method for, and replies on the shortest way."""
    conduct: bool
    """A connection that behaves otherwise: see :mod:`zktools._engine.wire.connection`."""
    reading: bool
    """All that has arrived, read at once: see :mod:`zktools._engine.wire.reading`."""
    sending: bool
    """Requests that are sent where they are made: see :mod:`zktools._engine.wire.sending`."""
    events: bool
    """Events that are told where they are read: see :mod:`zktools._engine.wire.events`."""
    wakeups: bool
    """Requests that never wait to be sent: see :mod:`zktools._engine.wire.wakeups`."""


def abilities(client: KazooClient) -> Abilities:
    """Look which are there; say once in the log what is not, and what that means."""
    if os.environ.get("ZKTOOLS_PUBLIC_ONLY", "") not in ("", "0"):
        return Abilities(*[False] * len(Abilities._fields))
    requests = _is_complete(_missing_for_requests(client), "more requests are made")
    conduct = _is_complete(connection.missing(client), "its sockets are wrapped instead")
    return Abilities(
        requests=requests,
        conduct=conduct,
        reading=_is_complete(reading.missing(client), "each packet is read by itself"),
        # Sockets that are wrapped have to be given one request at a time.
        sending=conduct and _is_complete(sending.missing(client), "one request is sent at a time"),
        events=requests
        and _is_complete(events.missing(client), "slow watch callbacks hold up zktools' news"),
        wakeups=requests
        and _is_complete(wakeups.missing(client), "many requests may wait for a connection"),
    )


def _missing_for_requests(client: KazooClient) -> Iterator[str]:
    if not callable(getattr(client, "_call", None)):
        yield "KazooClient._call"
    for table in ("_data_watchers", "_child_watchers"):
        if not isinstance(getattr(client, table, None), dict):
            yield f"KazooClient.{table}"


def _is_complete(missing: Iterator[str], meaning: str) -> bool:
    names = ", ".join(missing)
    if names and names not in _said:
        _said.add(names)
        kazoo = importlib.metadata.version("kazoo")
        log.warning("kazoo %s has no %s: %s", kazoo, names, meaning)
    return not names
