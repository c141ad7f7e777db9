"""Accept connections until told to stop."""

from __future__ import annotations

import selectors
import socket
import threading
from collections.abc import Callable

from zktools.testing._ports import LOOPBACK

_BACKLOG = 1024


class Listener:
    """Listens on a loopback port and accepts in a thread of its own.

    Args:
        port: where to listen.
        accepted: called with each connection, in that thread.
    """

    def __init__(self, port: int, accepted: Callable[[socket.socket], None]) -> None:
        self._accepted = accepted
        self._socket = socket.create_server((LOOPBACK, port), backlog=_BACKLOG)
        # Closing a socket does not wake the thread that waits on it: this pair does.
        self._stop, self._stopped = socket.socketpair()
        self._thread = threading.Thread(target=self._run, name=f"zktools-proxy-{port}", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop listening; who connects now is refused, who waits to be accepted is reset."""
        self._stop.close()
        if self._thread is not threading.current_thread():
            self._thread.join()
        self._socket.close()
        self._stopped.close()

    def _run(self) -> None:
        with selectors.DefaultSelector() as selector:
            selector.register(self._socket, selectors.EVENT_READ)
            selector.register(self._stopped, selectors.EVENT_READ)
            while all(key.fileobj is self._socket for key, _ in selector.select()):
                connection, _ = self._socket.accept()
                self._accepted(connection)
