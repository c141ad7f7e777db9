"""How requests are sent: many in one call, and zktools' own by the thread that has them to send.

kazoo queues requests and wakes its connection thread, which asks the system for each whether it can
be written. That is two changes of thread in the way of each that a lock waits for. Here whoever has
the *turn* may send: the connection thread what is queued, all at once, and any other thread what
zktools asks for, if nothing is queued before it. Nobody but the connection thread ever waits: for
the turn, or for the socket to take what is left of a request.

Who sends from another thread enters its requests among the pending *first*, and looks *second*
whether the connection is still the one that it meant. kazoo changes the state first, and fails all
that are pending second. Whichever comes last sees the other: a request is failed, or was sent on
its own connection, or is taken back.

A thread of a user's can be interrupted at any point. In the middle of sending, that is the end of
the connection, which all know how to outlive; having taken the turn and not come to give it back,
too, once the connection thread has waited for it in vain.
"""

from __future__ import annotations

import logging
import socket
import ssl
import struct
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any, NamedTuple

from kazoo.client import KazooClient
from kazoo.exceptions import ConnectionDropped
from kazoo.protocol.serialization import Auth, Close
from kazoo.protocol.states import KeeperState

_SIZE = 65536  # bytes sent at once: some hundred requests. Then it is the turn of replies.
_PATIENCE = 1.0  # seconds; to send takes some microseconds
_LAST = 2**31 - 1
_REQUEST = struct.Struct("!iii")  # the length of what follows, the number, and what is asked for

#: kazoo has a way of its own for these, and for what is no request at all but an order for tests.
_SPECIAL = (Auth.type, Close.type, None)
#: Of what a socket says that has no room at present.
_LATER = (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError)

#: A request, and what becomes of it.
Asked = tuple[Any, Any]


class _Rest(NamedTuple):
    """What a thread has left over for the connection thread to do."""

    socket: Any
    data: bytes | None
    """To be sent ahead of all else; None if nobody knows what was sent."""


class _Sending:
    """A connection that sends so. Mixed in before its class."""

    client: Any
    handler: Any
    logger: logging.Logger
    _socket: Any
    _read_sock: Any
    _write_sock: Any
    _xid: Any

    zktools_turn: Any
    zktools_rest: _Rest | None = None

    # -- the connection thread -----------------------------------------------------------------

    def _send_request(self, read_timeout: float, connect_timeout: float) -> None:
        with self.zktools_sending(connect_timeout):
            queue = self.client._queue
            if not queue or getattr(queue[0][0], "type", None) in _SPECIAL:
                super()._send_request(read_timeout, connect_timeout)  # type: ignore[misc]
                return
            data, count = self._zktools_taken(queue)
            self._zktools_write(data, connect_timeout)
            with suppress(OSError):  # it was faster than who would have woken it
                self._read_sock.recv(count)

    def _send_ping(self, connect_timeout: float) -> None:
        with self.zktools_sending(connect_timeout):
            super()._send_ping(connect_timeout)  # type: ignore[misc]

    @contextmanager
    def zktools_sending(self, timeout: float) -> Iterator[None]:
        """Nobody else sends, or is entered among the pending, in this block."""
        turn = self.zktools_turn
        if not turn.acquire(True, _PATIENCE):
            self.zktools_turn = self.handler.lock_object()
            raise ConnectionDropped("a thread was interrupted that was about to send")
        try:
            rest, self.zktools_rest = self.zktools_rest, None
            if rest is not None and rest.socket is self._socket:
                if rest.data is None:
                    raise ConnectionDropped("a thread was interrupted while it was sending")
                self._zktools_write(rest.data, timeout)
            yield
        finally:
            turn.release()

    def _zktools_taken(self, queue: deque[Asked]) -> tuple[bytes, int]:
        """The next requests, which wait for their answers from here on; how many they are."""
        parts: list[bytes] = []
        size = 0
        while queue and size < _SIZE and getattr(queue[0][0], "type", None) not in _SPECIAL:
            request, result = queue[0]
            number, data = self._zktools_packed(request)
            queue.popleft()
            self.client._pending.append((request, result, number))
            parts.append(data)
            size += len(data)
        return b"".join(parts), len(parts)

    def _zktools_packed(self, request: Any) -> tuple[int, bytes]:
        """The next number, and the bytes of the request under it."""
        body = request.serialize()
        self._xid = self._xid % _LAST + 1
        number: int = vars(self)["_xid"]  # the first one is a later one: see `connection`
        if self.logger.isEnabledFor(logging.DEBUG):
            self.logger.debug("Sending request(xid=%s): %s", number, request)
        return number, _REQUEST.pack(len(body) + 8, number, request.type) + body

    def _zktools_write(self, data: bytes, timeout: float) -> None:
        try:
            sent = self._socket.send(data)
        except _LATER:
            sent = 0
        if sent < len(data):
            self._write(data[sent:], timeout)  # type: ignore[attr-defined] # waits for room

    # -- any thread ----------------------------------------------------------------------------

    def zktools_send(self, asked: Sequence[Asked]) -> Sequence[Asked]:
        """Send these on this thread; those that have to be queued instead. Never blocks."""
        sock = self._socket
        if not _is_plain(sock) or self.client._queue:
            return asked
        turn = self.zktools_turn
        if not turn.acquire(False):
            return asked
        try:
            connected = self.client._state == KeeperState.CONNECTED
            if not connected or self.client._queue or self.zktools_rest or self._socket is not sock:
                return asked
            return self._zktools_send_on(sock, asked)
        finally:
            turn.release()

    def _zktools_send_on(self, sock: Any, asked: Sequence[Asked]) -> Sequence[Asked]:
        packed = [self._zktools_packed(request) for request, _ in asked]
        data = b"".join([each for _, each in packed])
        pending = self.client._pending
        entries = [(*each, number) for each, (number, _) in zip(asked, packed, strict=True)]
        sent = 0
        try:
            pending.extend(entries)
            if self.client._state != KeeperState.CONNECTED or self._socket is not sock:
                return list(_taken_back(pending, entries))
            with suppress(OSError):  # no room; or it is broken, as kazoo finds when it goes on
                sent = sock.send(data)
        except BaseException:
            self._zktools_leave(_Rest(sock, None))
            raise
        if sent < len(data):
            self._zktools_leave(_Rest(sock, data[sent:]))
        return ()

    def _zktools_leave(self, rest: _Rest) -> None:
        """Let the connection thread go on."""
        self.zktools_rest = rest
        with suppress(Exception):  # it was closed
            self._write_sock.send(b"\0")


def _is_plain(sock: Any) -> bool:
    # What encrypts cannot be used by two threads, and of another kind nobody knows.
    return isinstance(sock, socket.socket) and not isinstance(sock, ssl.SSLSocket)


def _taken_back(pending: deque[tuple[Any, Any, int]], entries: Sequence[Any]) -> Iterator[Asked]:
    """Those of the entries that nobody has failed, which are pending no more."""
    for entry in entries:
        with suppress(ValueError):
            pending.remove(entry)
            yield entry[:2]


def missing(client: KazooClient) -> Iterator[str]:
    """What of kazoo's connection is not there that is needed for this."""
    connection = getattr(client, "_connection", None)
    for name in ("_send_request", "_send_ping", "_write"):
        if not hasattr(getattr(connection, name, None), "__code__"):
            yield f"ConnectionHandler.{name}"
    for name in ("_queue", "_pending"):
        if not isinstance(getattr(client, name, None), deque):
            yield f"KazooClient.{name}"
    if getattr(client, "_state", None) != client.client_state:
        yield "KazooClient._state"


def amend(client: KazooClient) -> None:
    """Let the client's connection send so. Any thread; again, it does nothing."""
    connection: Any = client._connection
    kind = type(connection)
    if not issubclass(kind, _Sending):
        connection.zktools_turn = client.handler.lock_object()
        connection.__class__ = type(kind.__name__, (_Sending, kind), {})
