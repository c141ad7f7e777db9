"""How a request wakes the connection thread: without a system call while that is awake.

kazoo sends a byte into one end of a pair for each request, and takes one out of the other end when
it has sent the request. Here these bytes are tokens in memory, of which any number fit, and a real
byte is sent only while somebody sleeps until there is one.
"""

from __future__ import annotations

import select
from collections import deque
from contextlib import suppress
from typing import Any


class Listener:
    """The end that the connection thread waits on."""

    def __init__(self, sock: Any) -> None:
        sock.setblocking(False)
        self._sock = sock
        self.fileno, self.getsockname = sock.fileno, sock.getsockname
        self.tokens: deque[None] = deque()
        self.sleeps = False
        """Whether who waits may be asleep. It sets this first and looks for tokens second; who
        rings adds the token first and looks at this second. Whichever comes last sees the other."""
        self._poller: Any = None
        self._polled = (-1, -1)

    @property
    def listener(self) -> Listener:
        """What it is, seen through whatever wraps it."""
        return self

    def pending(self) -> int:
        """How many tokens there are."""
        return len(self.tokens)

    def fill(self) -> None:
        """Take out the bytes; the tokens are there already."""
        try:  # noqa: SIM105 - each request comes by here
            self._sock.recv(4096)
        except BlockingIOError:
            pass

    def recv(self, size: int) -> bytes:
        """Take out tokens.

        :raises BlockingIOError: there is none.
        """
        taken = min(size, len(self.tokens))
        if not taken:
            raise BlockingIOError("nobody has rung")
        for _ in range(taken):
            self.tokens.popleft()
        return bytes(taken)

    def wait_beside(self, sock: Any, timeout: float | None) -> list[Any]:
        """Which of `sock` and this can be read, within `timeout` seconds."""
        if sock.pending():
            return [sock, self] if self.tokens else [sock]
        self._poll_beside(sock)
        if not self.tokens:
            self.sleeps = True  # then look: who rings looks at this last
        try:
            wait = 0 if self.tokens else timeout
            found = self._poller.poll(None if wait is None else 1000 * wait)
        finally:
            self.sleeps = False
        return self._ready(sock, [number for number, _ in found])

    def _poll_beside(self, sock: Any) -> None:
        # It keeps two numbers and nothing in the system, so it is right as long as those are.
        polled = sock.fileno(), self.fileno()
        if polled != self._polled:
            self._poller = select.poll()
            for number in polled:
                self._poller.register(number, select.POLLIN)
            self._polled = polled

    def _ready(self, sock: Any, numbers: list[int]) -> list[Any]:
        ready = []
        if self._polled[0] in numbers:
            if hasattr(sock, "fill"):
                sock.fill()
            ready.append(sock)
        if self._polled[1] in numbers:
            self.fill()
            ready.append(self)
        elif self.tokens:
            ready.append(self)
        return ready

    def close(self) -> None:
        """Let go of the descriptor."""
        self._sock.close()


class Ringer:
    """The end that a request is announced by. Any thread."""

    def __init__(self, sock: Any, listener: Listener) -> None:
        sock.setblocking(False)
        self._sock = sock
        self.fileno, self.getsockname = sock.fileno, sock.getsockname
        self._listener = listener

    def setblocking(self, flag: bool) -> None:
        """It never blocks, whichever is asked for."""

    def send(self, data: bytes) -> int:
        """One token for each byte. Never blocks.

        :raises OSError: it was closed.
        """
        if self.fileno() < 0:
            raise OSError("the client was closed")
        self._listener.tokens.extend([None] * len(data))
        # Not to be cleared here: if this thread is interrupted or late, the next one has to ring.
        if self._listener.sleeps:
            with suppress(BlockingIOError):  # so many bytes wake anybody
                self._sock.send(b"\0")
        return len(data)

    def close(self) -> None:
        """Let go of the descriptor."""
        self._sock.close()
