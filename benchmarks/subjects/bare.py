"""The limit: the two requests that no lock on ZooKeeper can do without, and nothing else.

An ephemeral node is created and deleted. It guards nothing.
"""

from __future__ import annotations

from typing import Any

from kazoo.client import KazooClient

_ROOT = "/bare"


class Pair:
    """Create, and delete."""

    def __init__(self, client: KazooClient, folder: str) -> None:
        self._client = client
        self._prefix = f"{folder}/n-"
        self._path = ""

    def acquire(self) -> None:
        """Create a node of the kind that locks use."""
        self._path = self._client.create(self._prefix, b"", ephemeral=True, sequence=True)

    def release(self) -> None:
        """Delete it."""
        self._client.delete(self._path)


class Bare:
    """As :class:`benchmarks.subjects.Subject`; there is no queue."""

    def __init__(self, hosts: str, handler: Any = None) -> None:
        self._client = KazooClient(hosts, handler=handler)
        self._client.start()

    def lock(self, kind: str, name: str) -> Pair:
        """Make a pair of requests; the kind makes no difference."""
        folder = f"{_ROOT}/{kind}-{name}"
        self._client.ensure_path(folder)
        return Pair(self._client, folder)

    def queue_length(self, name: str) -> None:
        """Nobody waits for anybody."""

    def close(self) -> None:
        """End the session."""
        self._client.stop()


connect = Bare
