"""How a request wakes the connection thread: without a system call while that is awake.

kazoo sends a byte into one end of a pair for each request, and takes one out of the other end when
it has sent the request. Here these bytes are tokens in memory, of which any number fit, and a real
byte is sent only while somebody sleeps until there is one.
"""

from __future__ import annotations

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

    @property
    def listener(self) -> Listener:
        """What it is, seen through whatever wraps it."""
        return self

    def pending(self) -> int:
        """How many tokens there are."""
        return len(self.tokens)

    def fill(self) -> None:
        """Take out the bytes; the tokens are there already."""
        with suppress(BlockingIOError):
            self._sock.recv(4096)

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
