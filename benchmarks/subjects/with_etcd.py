"""The lock service of etcd, by its own JSON gateway: HTTP/1.1, one connection for each contender.

See "Lock" in etcd's API reference (``v3lock.proto``). A contender has a lease of its own, as two of
one lease are one owner.
"""

from __future__ import annotations

import base64
import http.client
import json
from typing import Any

_LEASE = 600  # seconds; longer than a measurement, so that none has to be kept alive


class Gateway:
    """One connection to etcd's JSON gateway."""

    def __init__(self, hosts: str) -> None:
        self._connection = http.client.HTTPConnection(hosts)

    def call(self, path: str, **fields: object) -> dict[str, Any]:
        """Post one request and return the answer."""
        self._connection.request("POST", path, json.dumps(fields))
        response = self._connection.getresponse()
        body = response.read()
        if response.status != http.client.OK:
            raise OSError(f"etcd answered {path} with {response.status}: {body!r}")
        answer: dict[str, Any] = json.loads(body)
        return answer


class Contender:
    """One that waits for, or holds, a lock."""

    def __init__(self, hosts: str, name: str) -> None:
        self._gateway = Gateway(hosts)
        self._name = _text(name)
        self._lease = self._gateway.call("/v3/lease/grant", TTL=_LEASE)["ID"]
        self._key = ""

    def acquire(self) -> None:
        """Wait until it is ours."""
        answer = self._gateway.call("/v3/lock/lock", name=self._name, lease=self._lease)
        self._key = answer["key"]

    def release(self) -> None:
        """Let go."""
        self._gateway.call("/v3/lock/unlock", key=self._key)


class Etcd:
    """As :class:`benchmarks.subjects.Subject`."""

    # etcd 3.4 no longer wakes any waiter once it has lost many that were waiting.
    drains = True

    def __init__(self, hosts: str) -> None:
        self._hosts = hosts
        self._gateway = Gateway(hosts)

    def lock(self, kind: str, name: str) -> Contender:
        """Make a contender; there are exclusive ones only."""
        assert kind == "lock"
        return Contender(self._hosts, name)

    def queue_length(self, name: str) -> int:
        """How many keys the lock's prefix has."""
        # "0" follows "/": the range of all keys that begin with the name and a slash.
        answer = self._gateway.call(
            "/v3/kv/range", key=_text(name + "/"), range_end=_text(name + "0"), count_only=True
        )
        return int(answer.get("count", 0))

    def close(self) -> None:
        """Nothing is kept: connections end with the process."""


def _text(value: str) -> str:
    return base64.b64encode(value.encode()).decode()


connect = Etcd
