"""The lock recipes of kazoo."""

from __future__ import annotations

from typing import Any

from kazoo.client import KazooClient
from kazoo.exceptions import NoNodeError

_ROOT = "/kazoo"


class Kazoo:
    """As :class:`benchmarks.subjects.Subject`."""

    def __init__(self, hosts: str, handler: Any = None) -> None:
        self._client = KazooClient(hosts, handler=handler)
        self._client.start()
        self._kinds = {
            "lock": self._client.Lock,
            "read": self._client.ReadLock,
            "write": self._client.WriteLock,
        }

    def lock(self, kind: str, name: str) -> Any:
        """Make a contender."""
        return self._kinds[kind](f"{_ROOT}/{name}")

    def queue_length(self, name: str) -> int:
        """How many nodes the lock's folder has."""
        try:
            return len(self._client.get_children(f"{_ROOT}/{name}"))
        except NoNodeError:
            return 0

    def close(self) -> None:
        """End the session."""
        self._client.stop()


connect = Kazoo
