"""The TreeCache of kazoo."""

from __future__ import annotations

import threading

from kazoo.client import KazooClient
from kazoo.recipe.cache import TreeCache, TreeEvent

from benchmarks.subjects.live import Arrivals


class Tree:
    """As :class:`benchmarks.subjects.live.View`."""

    def __init__(self, hosts: str) -> None:
        self._client = KazooClient(hosts)
        self._client.start()
        self._initialized = threading.Event()
        self._arrivals: Arrivals
        self._folder = ""
        self._cache: TreeCache

    def load(self, folder: str, count: int, arrivals: Arrivals) -> None:
        """Return when the cache says that it is complete."""
        self._folder, self._arrivals = folder, arrivals
        self._cache = TreeCache(self._client, folder)
        self._cache.listen(self._on_event)
        self._cache.start()
        self._initialized.wait()
        found = len(self._cache.get_children(folder))
        if found != count:
            raise AssertionError(f"{found} keys instead of {count}")

    def read(self, key: str) -> object:
        """The present value."""
        return self._cache.get_data(f"{self._folder}/{key}").data.decode()

    def close(self) -> None:
        """End the session."""
        self._client.stop()

    def _on_event(self, event: TreeEvent) -> None:
        if event.event_type == TreeEvent.INITIALIZED:
            self._initialized.set()
        elif event.event_type == TreeEvent.NODE_UPDATED:
            node = event.event_data
            self._arrivals.note([(node.path.rpartition("/")[2], node.data.decode())])


connect = Tree
