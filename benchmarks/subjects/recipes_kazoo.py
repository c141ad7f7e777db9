"""Semaphores, elections and parties of kazoo."""

from __future__ import annotations

from typing import Any

from kazoo.client import KazooClient
from kazoo.recipe.party import Party

from benchmarks.subjects.standing import Standing

PERMITS = 8


class Recipes:
    """As :class:`benchmarks.subjects.Recipes`."""

    def __init__(self, hosts: str) -> None:
        self._client = KazooClient(hosts)
        self._client.start()
        self._party: Party | None = None

    def lock(self, _kind: str, name: str) -> Any:
        """Make a contender for one permit."""
        return self._client.Semaphore(f"/kazoo-semaphores/{name}", max_leases=PERMITS)

    def stand(self, name: str) -> Standing:
        """Become a candidate."""
        return Standing(lambda work: self._client.Election(f"/elections/{name}").run(work))

    def members(self, path: str, count: int) -> None:
        """Read who is there: a party is not followed."""
        self._party = Party(self._client, path)
        self.see(count)

    def see(self, count: int) -> None:
        """Read it again, until so many are seen."""
        while len(list(self._party or ())) < count:
            pass

    def close(self) -> None:
        """End the session."""
        self._client.stop()


connect = Recipes
