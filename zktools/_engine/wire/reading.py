"""How the connection reads: all that has arrived in one call, and then packet by packet.

kazoo asks the system for each packet whether there is something, for its length, and for the rest.
What a transaction of a thousand keys fires are a thousand packets.

Nothing is ever left over: what else there is when :meth:`_Reading._read_socket` returns, is in the
socket.
"""

from __future__ import annotations

import logging
import ssl
import struct
from collections import deque
from collections.abc import Callable, Iterator
from typing import Any

from kazoo.client import KazooClient
from kazoo.exceptions import EXCEPTIONS, ConnectionDropped
from kazoo.protocol.connection import CLOSE_RESPONSE
from kazoo.protocol.serialization import ReplyHeader

_SIZE = 65536  # bytes read at once: some hundred packets. Then it is the turn of requests.
_LENGTH = struct.Struct("!i")
_HEADER = struct.Struct("!iqi")

#: Of what a socket says that has nothing to read at present.
_LATER = (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError)


class _Reading:
    """A connection that reads so. Mixed in before its class; on its own thread."""

    client: Any
    logger: logging.Logger
    _socket: Any
    zktools_packet: bytes | None = None
    """What was read, and is kazoo's to look at."""
    zktools_late: list[Callable[[], object]] | None = None
    """What to call when all that has arrived is taken in; None while nothing is."""

    def _read_socket(self, read_timeout: float) -> Any:
        late: list[Callable[[], object]] = []
        self.zktools_late = late
        try:
            return self._zktools_read(read_timeout)
        finally:
            self.zktools_late = None
            for call in late:
                call()

    def _zktools_read(self, read_timeout: float) -> Any:
        for packet in self._zktools_packets(read_timeout):
            number, zxid, error = _HEADER.unpack_from(packet)
            if number > 0:
                if self._zktools_answers(number, zxid, error, packet):
                    continue
                header = ReplyHeader(number, zxid, error)
                told = self._read_response(header, packet, _HEADER.size)  # type: ignore[attr-defined]
            else:  # an event, for one
                self.zktools_packet = packet
                told = super()._read_socket(read_timeout)  # type: ignore[misc]
            if told == CLOSE_RESPONSE:
                return told
        return None

    def _zktools_answers(self, number: int, zxid: int, error: int, packet: bytes) -> bool:
        """Take this reply to a request of zktools'; False if it is another's, or out of turn.

        As kazoo does it, for less: there is no watcher to be entered, and no error that is none.
        """
        pending = self.client._pending
        request: Any
        result: Any
        request, result, expected = pending[0] if pending else (None, None, 0)
        if expected != number or not getattr(result, "zktools_own", False):
            return False
        if self.logger.isEnabledFor(logging.DEBUG):
            return False  # kazoo tells of each reply
        pending.popleft()
        if zxid > 0:
            self.client.last_zxid = zxid
        if error:
            result.set_exception(EXCEPTIONS[error]())
            return True
        try:
            value = request.deserialize(packet, _HEADER.size)
        except Exception as problem:
            self.logger.exception("no reply to %s", request)
            result.set_exception(problem)
            return True
        result.set(value)
        return True

    def _zktools_packets(self, timeout: float) -> Iterator[bytes]:
        """What has arrived; the rest of the last one is waited for."""
        try:
            data = self._socket.recv(_SIZE)
        except _LATER:
            return  # it was there, and is not: a checksum was wrong, or less than a TLS record
        if not data:
            raise ConnectionDropped("socket connection broken")
        start = 0
        while start < len(data):
            body = start + _LENGTH.size
            if body > len(data):
                data += self._read(body - len(data), timeout)  # type: ignore[attr-defined]
            end = body + _LENGTH.unpack_from(data, start)[0]
            if end > len(data):
                data += self._read(end - len(data), timeout)  # type: ignore[attr-defined]
            yield data[body:end]
            start = end

    def _read_header(self, timeout: float) -> Any:
        packet, self.zktools_packet = self.zktools_packet, None
        if packet is None:  # while a connection is opened
            return super()._read_header(timeout)  # type: ignore[misc]
        header, offset = ReplyHeader.deserialize(packet, 0)
        return header, packet, offset


def missing(client: KazooClient) -> Iterator[str]:
    """What of kazoo's connection is not there that is needed for this."""
    connection = getattr(client, "_connection", None)
    for name in ("_read", "_read_socket", "_read_header", "_read_response"):
        if not hasattr(getattr(connection, name, None), "__code__"):
            yield f"ConnectionHandler.{name}"
    if not isinstance(getattr(client, "_pending", None), deque):
        yield "KazooClient._pending"


def amend(client: KazooClient) -> None:
    """Let the client's connection read so. Any thread; again, it does nothing."""
    connection: Any = client._connection
    kind = type(connection)
    if not issubclass(kind, _Reading):
        connection.__class__ = type(kind.__name__, (_Reading, kind), {})
