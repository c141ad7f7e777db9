"""A connection that reads what is there instead of what is asked for."""

from __future__ import annotations

import socket
from typing import Any

_SIZE = 65536  # bytes read at once: some hundred replies


class Buffered:
    """For a class before one of socket's: keeps what was read and not yet asked for.

    kazoo asks a socket for what is `pending`, because one with TLS may have decrypted more than was
    asked for. Only the handler's `select` fills the buffer, and that is called for a connection
    only, which does not block; elsewhere kazoo uses such a socket as any.
    """

    _data = b""
    _start = 0

    def pending(self) -> int:
        """How many bytes can be had without asking the system."""
        return len(self._data) - self._start

    def fill(self) -> None:
        """Read what is there. Only while nothing is pending."""
        try:  # noqa: SIM105 - each reply comes by here
            self._data, self._start = super().recv(_SIZE), 0  # type: ignore[misc]
        except BlockingIOError:
            pass  # it was there, and is not: a checksum was wrong

    def recv(self, size: int, flags: int = 0) -> bytes:
        """As that of a socket."""
        part = self._data[self._start : self._start + size]
        if not part:
            return super().recv(size, flags)  # type: ignore[misc, no-any-return]
        self._start += len(part)
        return part


class BufferedSocket(Buffered, socket.socket):
    """One of the standard library's."""


def buffered(sock: Any, plain: type[Any], kind: type[Any]) -> Any:
    """Make a `plain` socket one of this kind. One with TLS reads ahead already, and stays."""
    if type(sock) is not plain:
        return sock
    timeout = sock.gettimeout()
    made = kind(sock.family, sock.type, sock.proto, fileno=sock.detach())
    made.settimeout(timeout)
    return made
