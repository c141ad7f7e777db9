"""A NodeDict of zktools."""

from __future__ import annotations

from typing import Any

from kazoo.client import KazooClient

from benchmarks.subjects.live import Arrivals
from zktools.node import NodeDict


class Dictionary:
    """As :class:`benchmarks.subjects.live.View`."""

    def __init__(self, hosts: str, handler: Any = None) -> None:
        self._client = KazooClient(hosts, handler=handler)
        self._client.start()
        self._nodes: NodeDict[Any]

    def load(self, folder: str, count: int, arrivals: Arrivals) -> None:
        """Return when the folder is there."""
        self._nodes = NodeDict(self._client, folder)
        if len(self._nodes) != count:
            raise AssertionError(f"{len(self._nodes)} keys instead of {count}")
        self._nodes.subscribe(
            lambda batch: arrivals.note((key, now) for key, (_, now) in batch.changed.items())
        )

    def read(self, key: str) -> object:
        """The present value."""
        return self._nodes[key]

    def close(self) -> None:
        """End the session."""
        self._client.stop()


connect = Dictionary
