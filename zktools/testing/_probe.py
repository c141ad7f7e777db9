"""Talk to a server without a client: four-letter words, and sessions opened and closed by hand."""

from __future__ import annotations

import socket
import struct

from zktools.testing._frames import Op

_OPEN = struct.Struct("!iqiqi16s?")  # version, last zxid, timeout ms, session, 16, password, ro
_OPENED = struct.Struct("!iiqi16s")  # version, timeout ms, session, 16, password
_REQUEST = struct.Struct("!ii")  # xid, opcode

_SESSION_TIMEOUT = 5000  # milliseconds; should the connection break before the session is closed


class NoSessionError(ConnectionError):
    """The server did not give, or no longer knows, the session that was asked for."""


def parse_address(address: str) -> tuple[str, int]:
    """Split ``"host:port"``; the port defaults to 2181."""
    host, colon, port = address.rpartition(":")
    return (host.strip("[]"), int(port)) if colon else (address, 2181)


def four_letter(address: str, word: str, timeout: float = 2.0) -> str:
    """Send a four-letter word (``"mntr"``, ``"srvr"``, ``"cons"``, …) and return the answer.

    Args:
        address: ``"host:port"`` of one server.
        word: has to be in the server's ``4lw.commands.whitelist``; ours allow all.
        timeout: seconds to wait for the connection and for each part of the answer.

    Raises:
        OSError: no connection, or no answer in time (`TimeoutError`).
    """
    with socket.create_connection(parse_address(address), timeout) as sock:
        sock.sendall(word.encode())
        return b"".join(iter(lambda: sock.recv(65536), b"")).decode()


def end_session(
    address: str, session_id: int = 0, password: bytes = bytes(16), timeout: float = 5.0
) -> None:
    """Open a session, or take over an existing one, and close it.

    When this returns, the end of the session is committed by the ensemble.

    Args:
        address: ``"host:port"`` of a server.
        session_id: the session to take over; 0 for a new one.
        password: its 16 bytes, the second half of kazoo's ``client_id``.
        timeout: seconds to wait for each answer.

    Raises:
        NoSessionError: the session had ended before.
        OSError: no connection, or no answer in time (`TimeoutError`).
    """
    with socket.create_connection(parse_address(address), timeout) as sock:
        _send(sock, _OPEN.pack(0, 0, _SESSION_TIMEOUT, session_id, 16, password, False))
        _, granted, _, _, _ = _OPENED.unpack_from(_receive(sock))
        if granted <= 0:
            raise NoSessionError(f"{address} knows no session {session_id:#x}")
        _send(sock, _REQUEST.pack(1, Op.CLOSE_SESSION))
        _receive(sock)


def _send(sock: socket.socket, payload: bytes) -> None:
    sock.sendall(struct.pack("!i", len(payload)) + payload)


def _receive(sock: socket.socket) -> bytes:
    (length,) = struct.unpack("!i", _receive_exactly(sock, 4))
    return _receive_exactly(sock, length)


def _receive_exactly(sock: socket.socket, count: int) -> bytes:
    data = b""
    while len(data) < count:
        more = sock.recv(count - len(data))
        if not more:
            raise ConnectionResetError("the server closed the connection")
        data += more
    return data
