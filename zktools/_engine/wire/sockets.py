"""The same conduct as in :mod:`.connection` by public means: sockets that rewrite numbers.

A kazoo handler makes the sockets of its client's connections (``IHandler.create_connection``). Ours
puts its own numbers in the place of kazoo's, and back in the replies. A reply out of turn reads as
the end of the connection; one to AUTH, too, where kazoo would give it to somebody else.

What this cannot do: reach a connection that was made before. For that one everything is as kazoo
does it; from the next connection on it holds.
"""

from __future__ import annotations

import logging
import secrets
import ssl
import struct
from collections import deque
from collections.abc import Callable
from typing import Any

from kazoo.client import KazooClient

log = logging.getLogger("zktools.session")

_LAST = 2**31 - 1
_AUTH = -4
_CLOSE = -11

_INT = struct.Struct("!i")
_REQUEST = struct.Struct("!iii")  # length, number, opcode


class _Connections:
    """Makes sockets in the place of a handler's own function, for one client."""

    def __init__(self, create: Callable[..., Any], closing: Callable[[], None]) -> None:
        self._create = create
        self.closing = closing
        # Beyond all that kazoo numbered before: it starts from 1 each time.
        self._number = 2**29 + secrets.randbelow(2**29)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return _Socket(self._create(*args, **kwargs), self)

    def next(self) -> int:
        """A number for a request. kazoo's connection thread only."""
        self._number = self._number % _LAST + 1
        return self._number


class _Socket:
    """A connection's socket. `send` is given whole requests, as kazoo's connection does.

    What is read or sent by other methods, as four-letter words are, passes unchanged.
    """

    def __init__(self, raw: Any, connections: _Connections) -> None:
        self._raw = raw
        self._connections = connections
        self._sending = memoryview(b"")  # what is left of the present request
        self._is_open = False  # the request to connect was sent
        self._is_answered = False
        self._turns: deque[tuple[int, int]] = deque()  # our number and kazoo's
        self._size = b""  # of the present reply, as far as it was read
        self._left = 0  # of the present reply
        self._head = b""  # its number, as far as it was read

    def __getattr__(self, name: str) -> Any:
        return getattr(self._raw, name)

    # -- sending -------------------------------------------------------------------------------

    def send(self, data: Any) -> int:
        """As a socket's. Another part of the same request is taken for the rest of it."""
        if not self._sending:
            self._sending = memoryview(self._renumbered(bytes(data)))
        count: int = self._raw.send(self._sending)
        self._sending = self._sending[count:]
        return count

    def _renumbered(self, request: bytes) -> bytes:
        if not self._is_open:
            self._is_open = True
            return request
        size, number, opcode = _REQUEST.unpack_from(request)
        if size != len(request) - _INT.size:
            log.warning("kazoo sends requests in parts: their numbers are left as they are")
            return request
        if number == _AUTH:
            self._turns.append((_AUTH, _AUTH))
        if number <= 0:
            return request
        if opcode == _CLOSE:
            self._connections.closing()
        ours = self._connections.next()
        self._turns.append((ours, number))
        return _REQUEST.pack(size, ours, opcode) + request[_REQUEST.size :]

    # -- receiving -----------------------------------------------------------------------------

    def recv(self, count: int) -> bytes:
        """As a socket's, and never more than the present reply."""
        if not self._is_open:
            return bytes(self._raw.recv(count))
        if not self._left:
            return self._read_size(count)
        if len(self._head) < _INT.size and self._is_answered:
            return self._read_number(count)
        data = bytes(self._raw.recv(min(count, self._left)))
        self._left -= len(data)
        if not self._left:
            self._is_answered, self._head = True, b""
        return data

    def _read_size(self, count: int) -> bytes:
        data = bytes(self._raw.recv(min(count, _INT.size - len(self._size))))
        self._size += data
        if len(self._size) == _INT.size:
            (self._left,) = _INT.unpack(self._size)
            self._size = b""
        return data

    def _read_number(self, _count: int) -> bytes:
        data = bytes(self._raw.recv(_INT.size - len(self._head)))
        self._head += data
        if not data:
            return b""
        if len(self._head) < _INT.size:
            # Half a number: kazoo is told to ask again.
            raise ssl.SSLWantReadError(ssl.SSL_ERROR_WANT_READ, "less than a number")
        self._left -= _INT.size
        return self._kazoos_number(*_INT.unpack(self._head))

    def _kazoos_number(self, number: int) -> bytes:
        if number <= 0 and number != _AUTH:
            return _INT.pack(number)
        if not self._turns or self._turns[0][0] != number:
            log.warning("a reply out of turn, to request %s: the connection is given up", number)
            return b""
        return _INT.pack(self._turns.popleft()[1])


def amend(client: KazooClient, closing: Callable[[], None]) -> None:
    """Let the client's connections to come behave as told above. Again, it does nothing.

    `closing` is called on the connection's thread right before it asks the server to end the
    session.
    """
    handler: Any = client.handler
    if isinstance(handler.create_connection, _Connections):
        return
    try:
        handler.create_connection = _Connections(handler.create_connection, closing)
    except AttributeError:
        log.warning(
            "%s lets nobody in: a request can be answered with the outcome of one before the "
            "connection broke",
            type(handler).__name__,
        )
