"""Handlers for kazoo that cost less, for any program that uses kazoo; nothing else of zktools.

::

    from kazoo.client import KazooClient
    from zktools.handlers import ThreadingHandler

    zk = KazooClient("127.0.0.1:2181", handler=ThreadingHandler())

A handler is kazoo's own, documented way to say how a client waits, wakes and hands over
(:class:`kazoo.interfaces.IHandler`). Nothing private is used. :mod:`zktools.handlers.gevent` has
the one for greenlets.
"""

from __future__ import annotations

from queue import SimpleQueue
from typing import Any

from kazoo.handlers.threading import SequentialThreadingHandler

from zktools.handlers._doorbell import Listener
from zktools.handlers._result import AsyncResult
from zktools.handlers._waiting import Ready, Waiting

__all__ = ["ThreadingHandler"]


_BOTH = 2  # a connection, and what wakes its thread


class ThreadingHandler(Waiting, SequentialThreadingHandler):  # type: ignore[misc]
    """As kazoo's SequentialThreadingHandler, for less than half of the processor time.

    - A wait is one system call, not one for the making, filling, asking and closing of a selector
      each.
    - What has arrived is read at once, instead of four bytes and then the rest.
    - A request wakes the connection thread only when that is asleep, and queueing one never
      blocks, however many are queued while there is no connection.
    - ``result.get()`` and ``result.wait()`` may be interrupted at any point, by Ctrl-C for one.
      kazoo's leave a lock taken if that comes in the wrong moment, and then the connection thread
      stays there for ever when it brings the answer.

    Callbacks run as under kazoo's: watches on one thread, completions on another, in order. Where
    the system has no ``poll`` (Windows), waiting is kazoo's own.
    """

    class queue_impl(SimpleQueue[Any]):  # noqa: N801 - kazoo's name for it
        """Put and get are one step each, which no signal divides."""

        def task_done(self) -> None:
            """Nobody joins these queues; kazoo's workers report to them all the same."""

    def select(self, rlist: Any, wlist: Any, xlist: Any, timeout: float | None = None) -> Ready:
        """As :func:`select.select`."""
        # So the connection thread waits, all the time.
        if len(rlist) == _BOTH and isinstance(rlist[1], Listener) and hasattr(rlist[0], "pending"):
            return rlist[1].wait_beside(rlist[0], timeout), [], []
        return super().select(rlist, wlist, xlist, timeout)

    def async_result(self) -> AsyncResult:
        """What a request will come to."""
        return AsyncResult(self)
