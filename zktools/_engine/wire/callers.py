"""Which of kazoo's threads this is: some must not wait for an answer, for they are to bring it."""

from __future__ import annotations

import threading  # noqa: TID251 - only to look
from typing import Any

from kazoo.client import KazooClient


def is_connection(client: KazooClient) -> bool:
    """Whether this thread reads replies from the socket: in a state listener, for instance."""
    return _is_current(getattr(getattr(client, "_connection", None), "_connection_routine", None))


def delivers_replies(client: KazooClient) -> bool:
    """Whether this thread does, or hands results to those who wait for them."""
    # kazoo starts the thread for results first; under gevent there is none.
    workers = tuple(getattr(client.handler, "_workers", ()))
    return is_connection(client) or (len(workers) > 1 and _is_current(workers[0]))


def delivers_events(client: KazooClient) -> bool:
    """Whether this thread calls watchers, one after another."""
    return any(map(_is_current, tuple(getattr(client.handler, "_workers", ()))[-1:]))


def _is_current(thread: Any) -> bool:
    if isinstance(thread, threading.Thread):
        return thread.ident == threading.get_ident()
    if thread is None or "gevent" not in type(thread).__module__:
        return False
    from gevent import getcurrent  # noqa: PLC0415 - an extra

    return thread is getcurrent()
