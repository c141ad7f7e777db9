"""For comparison: all values by plain requests, many under way at a time; nothing is followed."""

from __future__ import annotations

from kazoo.client import KazooClient

from benchmarks.subjects.live import Arrivals

_BATCH = 1000  # requests under way


class Gets:
    """As :class:`benchmarks.subjects.live.View`, but it never changes."""

    def __init__(self, hosts: str) -> None:
        self._client = KazooClient(hosts)
        self._client.start()
        self._values: dict[str, str] = {}

    def load(self, folder: str, count: int, _arrivals: Arrivals) -> None:
        """Return when all were read once."""
        names = self._client.get_children(folder)
        for first in range(0, len(names), _BATCH):
            batch = names[first : first + _BATCH]
            results = [self._client.get_async(f"{folder}/{name}") for name in batch]
            for name, result in zip(batch, results, strict=True):
                self._values[name] = result.get()[0].decode()
        if len(self._values) != count:
            raise AssertionError(f"{len(self._values)} keys instead of {count}")

    def read(self, key: str) -> object:
        """The value that was read."""
        return self._values[key]

    def close(self) -> None:
        """End the session."""
        self._client.stop()


connect = Gets
