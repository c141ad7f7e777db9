"""The handler for kazoo under gevent; needs ``zktools[gevent]``.

::

    from kazoo.client import KazooClient
    from zktools.handlers.gevent import GeventHandler

    zk = KazooClient("127.0.0.1:2181", handler=GeventHandler())
"""

from __future__ import annotations

from typing import Any, ClassVar

import gevent
import gevent.monkey
import gevent.select
import gevent.socket
from kazoo.handlers.gevent import SequentialGeventHandler

from zktools.handlers._buffered import Buffered
from zktools.handlers._waiting import Found, Ready, Waiting, poll

__all__ = ["GeventHandler"]

_real_poll = gevent.monkey.get_original("select", "poll")


class BufferedSocket(Buffered, gevent.socket.socket):  # type: ignore[misc]
    """One of gevent's."""


class GeventHandler(Waiting, SequentialGeventHandler):  # type: ignore[misc]
    """As kazoo's SequentialGeventHandler, for less of the processor's time.

    What is there is read at once, and the event loop is asked only where nothing is there yet;
    greenlets take turns all the same, at each request and reply.
    """

    _plain: ClassVar[type[Any]] = gevent.socket.socket
    _buffered: ClassVar[type[Any]] = BufferedSocket

    def select(self, rlist: Any, wlist: Any, xlist: Any, timeout: float | None = None) -> Ready:
        """As :func:`select.select`."""
        if any(hasattr(sock, "listener") for sock in rlist):
            gevent.sleep(0)  # once in each round of kazoo's loop, which may have enough to do
        return super().select(rlist, wlist, xlist, timeout)

    def _ask(self, socks: list[Any], event: int, timeout: float | None) -> Found:
        found = poll(_real_poll(), socks, event, 0)
        return found or poll(gevent.select.poll(), socks, event, timeout)
