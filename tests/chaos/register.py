"""A register outside ZooKeeper, guarded by fencing tokens.

It remembers the highest token it has seen, in reads and writes, and refuses lower ones: a holder
that reads announces itself, so nobody before it can write any more. With no token it takes all.
Spoken to by JSON lines over a loopback socket, which no fault of the campaign touches.
"""

from __future__ import annotations

import json
import socket
import socketserver
import threading
from typing import Any


class Register:
    """The server's side. Its thread runs until `close`."""

    def __init__(self) -> None:
        self.value: str | None = None
        self.highest = -1
        self.refused = 0
        self.reads = 0
        self._lock = threading.Lock()
        self._server = _Server(("127.0.0.1", 0), _Connection)
        self._server.register = self
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    @property
    def port(self) -> int:
        """Where it listens, on 127.0.0.1."""
        return int(self._server.server_address[1])

    def answer(self, request: dict[str, Any]) -> dict[str, Any]:
        """Carry out one request: ``token``, and ``element`` if it is a write."""
        with self._lock:
            token = request["token"]
            if token is not None:
                if token < self.highest:
                    self.refused += 1
                    return {"outcome": "refused", "value": None}
                self.highest = token
            if "element" in request:
                self.value = request["element"]
            else:
                self.reads += 1
            return {"outcome": "ok", "value": self.value}

    def close(self) -> None:
        """End it."""
        self._server.shutdown()
        self._server.server_close()


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    block_on_close = False
    register: Register


class _Connection(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        assert isinstance(self.server, _Server)
        try:
            for line in self.rfile:
                answer = self.server.register.answer(json.loads(line))
                self.wfile.write(json.dumps(answer).encode() + b"\n")
        except (ConnectionError, ValueError):
            return  # the worker was killed


class RegisterClient:
    """A worker's side."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port))
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._lines = self._socket.makefile("rb")

    def read(self, token: int | None) -> dict[str, Any]:
        """``{"outcome": "ok" or "refused", "value": ...}``."""
        return self._ask(token=token)

    def write(self, token: int | None, element: str) -> dict[str, Any]:
        """The same; `element` becomes the value unless it is refused."""
        return self._ask(token=token, element=element)

    def close(self) -> None:
        """Hang up."""
        self._socket.close()

    def _ask(self, **request: object) -> dict[str, Any]:
        self._socket.sendall(json.dumps(request).encode() + b"\n")
        answer: dict[str, Any] = json.loads(self._lines.readline())
        return answer
