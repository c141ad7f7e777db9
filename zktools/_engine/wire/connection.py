"""How kazoo's connection numbers requests and takes replies, where its own way does harm.

**Numbers go on.** kazoo numbers its requests from 1 on each connection. A follower tells the commit
of its own client's write by session and number alone; so a write that the connection before left in
flight is taken for the new one's request of that number, which is answered with the old one's
outcome. Here numbers go on, and the first is drawn by lot: somebody may have used the client, or
its session in another process, before.

**A reply out of turn is a broken connection.** A server that closes a connection because the
session moved still sends what was queued behind that. kazoo ends its thread, and with it the
client; Java's client connects again, and so it is here.

**An AUTH reply has no turn.** The server sends it at once, ahead of the answers to requests that
came before. kazoo gives it to the oldest of those, and ends its thread at the next reply.

**The end is told before it begins.** The server lets go of everything when it reads the request to
close; kazoo says LOST when that is answered.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from typing import Any

from kazoo.client import KazooClient
from kazoo.exceptions import ConnectionDropped
from kazoo.protocol.connection import AUTH_XID
from kazoo.protocol.serialization import Close

#: kazoo's own largest number, after which it starts from 1.
_LAST = 2**31 - 1
#: How far the first number lies ahead, at least and at most. More than one connection ever sends.
_LEAP = (2**29, 2**30)


class _Conduct:
    """What a connection does differently. Mixed in before its class; on its own thread."""

    zktools_leap = 0
    zktools_closing: Callable[[], None]

    client: Any

    @property
    def _xid(self) -> int | None:
        number: int | None = self.__dict__["_xid"]
        return number

    @_xid.setter
    def _xid(self, number: int | None) -> None:
        if not number:
            number = self.__dict__["_xid"] or number  # kazoo begins a connection
        elif self.zktools_leap:
            number = (number + self.zktools_leap - 1) % _LAST + 1
            self.zktools_leap = 0
        self.__dict__["_xid"] = number

    def _submit(self, request: Any, timeout: float, xid: int | None = None) -> None:
        if request.type == Close.type:
            self.zktools_closing()
        super()._submit(request, timeout, xid)  # type: ignore[misc]

    def _read_header(self, timeout: float) -> Any:
        read = super()._read_header(timeout)  # type: ignore[misc]
        if read[0].xid == AUTH_XID:
            _bring_forward(self.client._pending)
        return read

    def _read_response(self, header: Any, buffer: bytes, offset: int) -> Any:
        pending = self.client._pending
        if not pending or pending[0][2] != header.xid:
            raise ConnectionDropped(f"a reply out of turn, to request {header.xid}")
        return super()._read_response(header, buffer, offset)  # type: ignore[misc]


def _bring_forward(pending: Any) -> None:
    """Let the oldest request to authenticate be the first that is answered."""
    # Not by an iterator: meanwhile others may be entered at its end.
    for place in range(len(pending)):
        entry = pending[place]
        if entry[2] == AUTH_XID:
            del pending[place]
            pending.appendleft(entry)
            return


def missing(client: KazooClient) -> Iterator[str]:
    """What of kazoo's connection is not there that is needed for this."""
    connection = getattr(client, "_connection", None)
    for name in ("_submit", "_read_header", "_read_response", "_send_request", "_connect_attempt"):
        if not hasattr(getattr(connection, name, None), "__code__"):
            yield f"ConnectionHandler.{name}"
    if "_xid" not in getattr(connection, "__dict__", ()):
        yield "ConnectionHandler._xid"
    if not hasattr(getattr(client, "_pending", None), "appendleft"):
        yield "KazooClient._pending"


def amend(client: KazooClient, closing: Callable[[], None]) -> None:
    """Let the client's connection behave as told above. Any thread; again, it does nothing.

    `closing` is called on the connection's thread right before it asks the server to end the
    session.
    """
    connection: Any = client._connection
    kind = type(connection)
    if not issubclass(kind, _Conduct):
        connection.zktools_closing = closing
        connection.zktools_leap = _LEAP[0] + secrets.randbelow(_LEAP[1] - _LEAP[0])
        connection.__class__ = type(kind.__name__, (_Conduct, kind), {})
