"""Semaphores, elections and groups of zktools."""

from __future__ import annotations

from typing import Any

from kazoo.client import KazooClient

from benchmarks.subjects.standing import Standing
from zktools import Election, Group, ZkSemaphore

PERMITS = 8
_ELECTIONS = "/elections"


class Recipes:
    """As :class:`benchmarks.subjects.Recipes`."""

    def __init__(self, hosts: str, handler: Any = None) -> None:
        self._client = KazooClient(hosts, handler=handler)
        self._client.start()
        self._group: Group | None = None

    def lock(self, _kind: str, name: str) -> ZkSemaphore:
        """Make a contender for one permit."""
        return ZkSemaphore(self._client, name, PERMITS, "/zktools-semaphores")

    def stand(self, name: str) -> Standing:
        """Become a candidate."""

        def lead(work: Any) -> None:
            with Election(self._client, name, _ELECTIONS).lead():
                work()

        return Standing(lead)

    def members(self, path: str, count: int) -> None:
        """Follow a group, until so many are seen."""
        self._group = Group(self._client, path)
        self.see(count)

    def see(self, count: int) -> None:
        """Wait until so many are seen."""
        assert self._group is not None
        self._group.wait_for(count, 60.0)

    def close(self) -> None:
        """End the session."""
        if self._group is not None:
            self._group.close()
        self._client.stop()


connect = Recipes
