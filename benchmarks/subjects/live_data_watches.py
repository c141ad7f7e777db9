"""What one builds from kazoo's ChildrenWatch and one DataWatch for each child."""

from __future__ import annotations

from kazoo.client import KazooClient
from kazoo.recipe.watchers import ChildrenWatch, DataWatch

from benchmarks.subjects.live import Arrivals


class Watches:
    """As :class:`benchmarks.subjects.live.View`."""

    def __init__(self, hosts: str) -> None:
        self._client = KazooClient(hosts)
        self._client.start()
        self._values: dict[str, str] = {}
        self._folder = ""
        self._arrivals: Arrivals

    def load(self, folder: str, count: int, arrivals: Arrivals) -> None:
        """Return when each DataWatch has called once."""
        self._folder, self._arrivals = folder, arrivals
        ChildrenWatch(self._client, folder, self._on_children)
        if len(self._values) != count:
            raise AssertionError(f"{len(self._values)} keys instead of {count}")

    def read(self, key: str) -> object:
        """The present value."""
        return self._values[key]

    def close(self) -> None:
        """End the session."""
        self._client.stop()

    def _on_children(self, names: list[str]) -> None:
        for name in names:
            if name not in self._values:
                DataWatch(self._client, f"{self._folder}/{name}", self._follow(name))

    def _follow(self, name: str) -> object:
        def changed(data: bytes, _stat: object) -> None:
            self._values[name] = data.decode()
            self._arrivals.note([(name, self._values[name])])

        return changed


connect = Watches
