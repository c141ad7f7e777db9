"""The lock of redis-py, with the defaults of its documentation and a lease of ten seconds."""

from __future__ import annotations

import redis
from redis.lock import Lock

_LEASE = 10.0  # seconds; without one a crashed holder would keep the lock for ever


class Redis:
    """As :class:`benchmarks.subjects.Subject`; there is no queue on the server."""

    def __init__(self, hosts: str) -> None:
        host, port = hosts.split(":")
        self._client = redis.Redis(host, int(port))
        self._client.ping()

    def lock(self, kind: str, name: str) -> Lock:
        """Make a contender; there are exclusive ones only."""
        assert kind == "lock"
        return Lock(self._client, name, timeout=_LEASE)

    def queue_length(self, name: str) -> None:
        """Nobody knows: those who wait ask again and again."""

    def close(self) -> None:
        """Disconnect."""
        self._client.close()


connect = Redis
