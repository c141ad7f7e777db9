"""How a request wakes kazoo's connection thread, without ever keeping its sender waiting.

kazoo puts a byte into a socket pair for each request, and its connection thread takes one out for
each that it has sent. Without a connection nobody takes any out. On Linux a pair holds some 270;
with more requests than that, whoever's they are, the next sender waits until there is a connection:
zktools' engine, too, which has to notice meanwhile that leases are lost.

Here the bytes that do not fit are owed instead: the connection thread takes out those first. The
ends that zktools' own handlers make never block by themselves, and are left alone.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from kazoo.client import KazooClient

_SOCKETS = ("_read_sock", "_write_sock")


class _WriteEnd:
    """Where senders put their bytes."""

    def __init__(self, sock: Any, owed: deque[None]) -> None:
        sock.setblocking(False)
        self._sock = sock
        self._owed = owed

    def __getattr__(self, name: str) -> Any:
        return getattr(self._sock, name)

    def send(self, data: bytes) -> int:
        """Put one in, or owe it."""
        try:
            return int(self._sock.send(data))
        except BlockingIOError:
            self._owed.append(None)
        # The other end may have been emptied since, and would sleep. One too many does no harm.
        with suppress(BlockingIOError):
            self._sock.send(data)
        return len(data)


class _ReadEnd:
    """Where the connection thread takes them out."""

    def __init__(self, sock: Any, owed: deque[None]) -> None:
        self._sock = sock
        self._owed = owed

    def __getattr__(self, name: str) -> Any:
        return getattr(self._sock, name)

    def recv(self, size: int) -> bytes:
        """Take those that are owed, or some out."""
        taken = min(size, len(self._owed))
        if not taken:
            return bytes(self._sock.recv(size))
        for _ in range(taken):
            self._owed.pop()
        return bytes(taken)


class _Wakeups:
    """A connection that wraps its socket pair. Mixed in before its class."""

    zktools_owed: deque[None]

    @property
    def _read_sock(self) -> Any:
        return self.__dict__["_read_sock"]

    @_read_sock.setter
    def _read_sock(self, sock: Any) -> None:
        self.__dict__["_read_sock"] = sock and _ReadEnd(sock, self.zktools_owed)

    @property
    def _write_sock(self) -> Any:
        return self.__dict__["_write_sock"]

    @_write_sock.setter
    def _write_sock(self, sock: Any) -> None:
        self.__dict__["_write_sock"] = sock and _WriteEnd(sock, self.zktools_owed)


def missing(client: KazooClient) -> Iterator[str]:
    """What of kazoo's connection is not there that is needed for this."""
    known = getattr(getattr(client, "_connection", None), "__dict__", {})
    for name in _SOCKETS:
        if name not in known:
            yield f"ConnectionHandler.{name}"


def amend(client: KazooClient) -> None:
    """Let no request of this client block its sender. Any thread; again, it does nothing."""
    connection: Any = client._connection
    kind = type(connection)
    if issubclass(kind, _Wakeups) or getattr(client.handler, "never_blocks", False):
        return
    connection.zktools_owed = deque()
    connection.__class__ = type(kind.__name__, (_Wakeups, kind), {})
    for name in _SOCKETS:  # of a client that is started already: first the end that takes them out
        setattr(connection, name, connection.__dict__[name])
