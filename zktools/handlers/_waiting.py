"""How a handler waits for its sockets: what both of ours have in common."""

from __future__ import annotations

import select
import socket
from typing import Any, ClassVar

from zktools.handlers._buffered import BufferedSocket, buffered
from zktools.handlers._doorbell import Listener, Ringer

_CAN_POLL = hasattr(select, "poll")  # not on Windows

Ready = tuple[list[Any], list[Any], list[Any]]
Found = list[tuple[int, int]]


class Waiting:
    """For a class before one of kazoo's handlers: `select` and the sockets that go with it.

    It keeps nothing: what there is to know is with the sockets of a connection, so it does not
    matter how many clients share a handler, nor when they are stopped and started again. And a
    `poll` keeps nothing in the system: no descriptor can be stale. Sockets are known by what they
    can do, not by their class: others may have wrapped them.
    """

    never_blocks: ClassVar[bool] = _CAN_POLL
    """Whether a request is queued without waiting, however many are."""

    _plain: ClassVar[type[Any]] = socket.socket
    _buffered: ClassVar[type[Any]] = BufferedSocket

    def create_connection(self, *args: Any, **options: Any) -> Any:
        """Connect to a server."""
        made = super().create_connection(*args, **options)  # type: ignore[misc]
        return buffered(made, self._plain, self._buffered) if _CAN_POLL else made

    def create_socket_pair(self) -> Any:
        """Make the two ends by which a request wakes the connection thread."""
        reader, writer = super().create_socket_pair()  # type: ignore[misc]
        if not _CAN_POLL:
            return reader, writer
        listener = Listener(reader)
        return listener, Ringer(writer, listener)

    def select(self, rlist: Any, wlist: Any, xlist: Any, timeout: float | None = None) -> Ready:
        """As :func:`select.select`; a socket that says it has something ``pending`` can be read."""
        if not _CAN_POLL or (rlist and wlist):  # kazoo asks for one of them
            return super().select(rlist, wlist, xlist, timeout)  # type: ignore[misc, no-any-return]
        if timeout is not None and timeout < 0:
            raise ValueError("timeout must be non-negative")
        if wlist:
            return [], self._poll(wlist, select.POLLOUT, timeout), []
        ready = self._pending(rlist) or self._sleep(rlist, timeout)
        return ready, [], []

    def _pending(self, socks: list[Any]) -> list[Any]:
        """Which of them can be read now, if any can without asking the system."""
        ready = [sock for sock in socks if hasattr(sock, "pending") and sock.pending()]
        if not ready or len(ready) == len(socks):
            return ready
        # Who has nothing pending may have more by now. Of a listener we would know.
        others = [s for s in socks if s not in ready and not hasattr(s, "listener")]
        return ready + self._arrived(others, 0) if others else ready

    def _sleep(self, socks: list[Any], timeout: float | None) -> list[Any]:
        listeners = [sock.listener for sock in socks if hasattr(sock, "listener")]
        for listener in listeners:
            listener.sleeps = True  # then look: who rings looks at this last
        try:
            return self._pending(socks) or self._arrived(socks, timeout)
        finally:
            for listener in listeners:
                listener.sleeps = False

    def _arrived(self, socks: list[Any], timeout: float | None) -> list[Any]:
        """Which of them can be read now, within `timeout` seconds."""
        found = self._poll(socks, select.POLLIN, timeout)
        for sock in found:
            if hasattr(sock, "fill"):
                sock.fill()
        return found

    def _poll(self, socks: list[Any], event: int, timeout: float | None) -> list[Any]:
        """Those to which the event, an error, or the end of the stream has come."""
        found = self._ask(socks, event, timeout)
        if len(found) == len(socks):
            return socks
        numbers = {number for number, _ in found}
        return [s for s in socks if (s if isinstance(s, int) else s.fileno()) in numbers]

    def _ask(self, socks: list[Any], event: int, timeout: float | None) -> Found:
        return poll(select.poll(), socks, event, timeout)


def poll(poller: Any, socks: list[Any], event: int, timeout: float | None) -> Found:
    """Wait for `timeout` seconds; descriptors, and what has come to each."""
    for sock in socks:
        poller.register(sock, event)
    found: Found = poller.poll(None if timeout is None else 1000 * timeout)
    return found
