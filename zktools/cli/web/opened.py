"""A configuration that is kept open, and up to date by its watches, while somebody looks at it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, Generic, NamedTuple, TypeVar

from zktools._engine.clock import now
from zktools.cli.config import opening
from zktools.cli.connection import Connection
from zktools.configuration import Configuration, History
from zktools.exceptions import AccessDeniedError, NotConnectedError
from zktools.values import Codec

T = TypeVar("T")

_ANYWAY = 10.0  # seconds after which it is read again: tags and ACLs change no version


class Stored(NamedTuple):
    """What is stored, and the records of it."""

    now: opening.Stored
    history: History | None
    """None where it may not be read."""


def history_of(config: Configuration) -> History | None:
    """The records; none where an ACL refuses to read them."""
    try:
        return config.history()
    except AccessDeniedError:
        return None


class Opened(Generic[T]):
    """What `read` makes of a configuration, made anew when something has changed."""

    def __init__(
        self,
        connection: Connection,
        path: str,
        codec: Codec[Any],
        read: Callable[[Configuration], T],
    ) -> None:
        self._connection = connection
        self._path = path
        self._codec = codec
        self._read = read
        self._lock = threading.Lock()
        self._closed = False
        self._config: Configuration | None = None
        self._known: tuple[T, int, float] | None = None

    def __call__(self) -> T:
        """As it is now; a configuration that has not changed costs no request."""
        with self._lock:
            if self._closed or not self._connection.session.connected:
                raise NotConnectedError(f"reading {self._path}")
            if self._config is None:
                self._config = opening.opening(self._connection, self._path, self._codec)
            known, version = self._known, self._config.version
            if known is None or known[1] != version or now() - known[2] >= _ANYWAY:
                opening.read(self._config).check_there()
                known = self._known = (self._read(self._config), version, now())
            return known[0]

    def close(self) -> None:
        """Watch no more."""
        with self._lock:
            self._closed = True
            if self._config is not None:
                self._config.close()
