"""The locks of zktools."""

from __future__ import annotations

from typing import Any

from kazoo.client import KazooClient
from kazoo.exceptions import NoNodeError

from zktools.locks import ZkLock, ZkReadLock, ZkWriteLock

_ROOT = "/zktools"
_KINDS = {"lock": ZkLock, "read": ZkReadLock, "write": ZkWriteLock}


class Zktools:
    """As :class:`benchmarks.subjects.Subject`."""

    def __init__(self, hosts: str, handler: Any = None) -> None:
        self._client = KazooClient(hosts, handler=handler)
        self._client.start()

    def lock(self, kind: str, name: str) -> ZkLock:
        """Make a contender."""
        return _KINDS[kind](self._client, name, _ROOT)

    def queue_length(self, name: str) -> int:
        """How many nodes the lock's folder has."""
        try:
            return len(self._client.get_children(f"{_ROOT}/{name}"))
        except NoNodeError:
            return 0

    def close(self) -> None:
        """End the session."""
        self._client.stop()


connect = Zktools
