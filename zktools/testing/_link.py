"""One connection through a proxy: two sockets, and a pipe each way.

Each pipe has two threads. One reads, and stamps everything with the moment it is due at the other
end; one writes, each thing when it is due. So a delay is latency, as on a long wire: any number of
requests can be under way, and none waits for the delay of another.
"""

from __future__ import annotations

import select
import socket
import struct
import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Literal, NamedTuple

from zktools.testing._frames import Dialogue, Frame, Splitter
from zktools.testing._traps import Hold

_BUFFER = 256 * 1024
_RESET = struct.pack("ii", 1, 0)  # SO_LINGER with no time: close() sends RST, not FIN
_LOOK_FOR_CLOSE = 50  # milliseconds; how long a full socket can keep a connection from closing
_JOIN = 2.0  # seconds to wait for a thread that may be in a user's hook

Side = Literal["client", "server"]


@dataclass
class Way:
    """What the network does to one direction, the same for all connections."""

    delay: float = 0.0  # seconds
    blocked: bool = False


class DroppedError(Exception):
    """A frame that must not arrive: the connection is to be reset."""


class _Piece(NamedTuple):
    due: float  # on the monotonic clock
    data: bytes | None  # b"" is the end of the stream, None its reset by the peer
    hold: Hold | None


class _Pipe:
    """One direction of one connection.

    Args:
        inspect: called with the payload of each frame before it is on its way; gives a `Hold` that
            keeps it back, or raises `DroppedError`. None: there are no frames.
    """

    def __init__(
        self,
        link: Link,
        way: Way,
        source: socket.socket,
        sink: socket.socket,
        inspect: Callable[[bytes], Hold | None] | None,
    ) -> None:
        self._link = link
        self._way = way
        self._source = source
        self._sink = sink
        self._inspect = inspect
        self._splitter = Splitter(framed=inspect is not None)
        self._queue: deque[_Piece] = deque()
        self._changed = threading.Condition()
        self.stalled = False
        self.threads = [
            threading.Thread(target=work, name=f"zktools-proxy-{link.number}", daemon=True)
            for work in (self._read, self._write)
        ]

    def wake(self) -> None:
        """Look again at what there is to write."""
        with self._changed:
            self._changed.notify()

    def _read(self) -> None:
        data: bytes | None = None
        try:
            while data := self._source.recv(_BUFFER):
                arrived = time.monotonic()
                for piece in self._splitter.feed(data):
                    hold = None
                    if self._inspect is not None and self._splitter.framed:
                        hold = self._inspect(piece[4:])
                    self._put(piece, arrived, hold)
        except DroppedError:
            self._link.reset()
        except OSError:
            data = None
        # That the peer has closed is news as well, which a slow or dead network keeps back.
        self._put(data, time.monotonic())

    def _put(self, data: bytes | None, arrived: float, hold: Hold | None = None) -> None:
        with self._changed:
            self._queue.append(_Piece(arrived + self._way.delay, data, hold))
            self._changed.notify()

    def _write(self) -> None:
        # An error means that the reader of the same socket meets its end, and passes that on.
        with suppress(OSError):
            while piece := self._next():
                if piece.data is None:
                    self._link.reset()
                elif piece.data:
                    self._send(piece.data)
                else:
                    self._sink.shutdown(socket.SHUT_WR)
                    break
        self._link.ended()

    def _next(self) -> _Piece | None:
        """Wait until the first piece may go on; None when the connection is closed."""
        with self._changed:
            while not self._link.closed:
                wait = self._time_to_wait()
                if wait is not None and wait <= 0:
                    return self._queue.popleft()
                self._changed.wait(wait)
        return None

    def _time_to_wait(self) -> float | None:
        """Return the seconds until the first piece may go on; None: until something changes."""
        if self._way.blocked or self.stalled or not self._queue:
            return None
        first = self._queue[0]
        if first.hold is not None and not first.hold.released:
            return None
        return first.due - time.monotonic()

    def _send(self, data: bytes) -> None:
        # Never inside the kernel for long: a socket is not closed while a thread sends on it, and
        # a paused server's takes nothing more.
        rest = memoryview(data)
        while rest and not (self._link.closed or self.stalled):
            try:
                rest = rest[self._sink.send(rest, socket.MSG_DONTWAIT) :]
            except BlockingIOError:
                poll = select.poll()
                poll.register(self._sink, select.POLLOUT)
                poll.poll(_LOOK_FOR_CLOSE)


class Link:
    """A client's connection to a server, through us.

    Args:
        number: counts the proxy's connections.
        client: the socket that was accepted from the client.
        server: the socket that was connected to the server for it.
        ways: what the network does to server and to client.
        inspect: called with each frame before it is on its way; gives a `Hold` that keeps it back,
            or raises `DroppedError`. None: what is said is not what clients and servers say.
        gone: called once, when the connection is closed.
    """

    def __init__(
        self,
        number: int,
        client: socket.socket,
        server: socket.socket,
        ways: tuple[Way, Way],
        inspect: Callable[[Frame], Hold | None] | None,
        gone: Callable[[Link], None],
    ) -> None:
        self.number = number
        self.closed = False
        self.half_open = False
        self._sockets: dict[Side, socket.socket] = {"client": client, "server": server}
        self._gone = gone
        self._lock = threading.Lock()
        self._open_ways = 2
        dialogue = Dialogue(number)
        to_server, to_client = ways
        requests = replies = None
        if inspect is not None:
            requests = lambda data: inspect(dialogue.request(data))  # noqa: E731
            replies = lambda data: inspect(dialogue.reply(data))  # noqa: E731
        self._pipes = (
            _Pipe(self, to_server, client, server, requests),
            _Pipe(self, to_client, server, client, replies),
        )

    def start(self) -> None:
        """Let it flow."""
        for pipe in self._pipes:
            for thread in pipe.threads:
                thread.start()

    def wake(self) -> None:
        """Look again at what may go on."""
        for pipe in self._pipes:
            pipe.wake()

    def reset(self) -> None:
        """Close both ends with RST; what was under way is lost."""
        self._close(reset=True)

    def ended(self) -> None:
        """Take note that one direction has come to its end; after both, close."""
        with self._lock:
            self._open_ways -= 1
            over = self._open_ways == 0
        if over:
            self._close(reset=False)

    def reset_one(self, side: Side) -> None:
        """Close one end with RST; the other stays open, and hears nothing more."""
        self.half_open = True
        for pipe in self._pipes:
            pipe.stalled = True
        gone = self._sockets[side]
        _wake_reader(gone)
        reader = self._pipes[0 if side == "client" else 1].threads[0]
        _join([reader])
        _close_socket(gone, reset=True)

    def _close(self, *, reset: bool) -> None:
        with self._lock:
            if self.closed:
                return
            self.closed = True
        # First get our threads out of the sockets, then close: a socket in use by a thread stays
        # open in the kernel, and its number may be given to another.
        for sock in self._sockets.values():
            _wake_reader(sock)
        self.wake()
        _join([thread for pipe in self._pipes for thread in pipe.threads])
        for sock in self._sockets.values():
            _close_socket(sock, reset=reset)
        self._gone(self)


def _wake_reader(sock: socket.socket) -> None:
    with suppress(OSError):  # not connected any more, so nobody waits
        sock.shutdown(socket.SHUT_RD)  # the peer does not see this


def _join(threads: list[threading.Thread]) -> None:
    for thread in threads:
        if thread is not threading.current_thread() and thread.ident is not None:
            thread.join(_JOIN)


def _close_socket(sock: socket.socket, *, reset: bool) -> None:
    if reset:
        with suppress(OSError):  # closed already, by us or, on macOS, by the peer
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
    sock.close()
