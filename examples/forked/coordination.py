"""What one worker process has of ZooKeeper: made after the fork, ended with the worker."""

from __future__ import annotations

import os

from kazoo.client import KazooClient

from zktools import ZkLock

HOSTS = os.environ.get("ZOOKEEPER_HOSTS", "127.0.0.1:2181")
_started: list[KazooClient] = []


def start() -> None:
    """In the worker, after the fork."""
    client = KazooClient(HOSTS)
    client.start(timeout=3)
    _started.append(client)


def stop() -> None:
    """At the worker's end: its locks are free at once, and not only after the session timeout."""
    while _started:
        client = _started.pop()
        client.stop()
        client.close()


def lock(name: str) -> ZkLock:
    """A lock of this worker's."""
    return ZkLock(_started[-1], name)


def count(path: str) -> int:
    """One more, counted by all workers of all machines together; under a lock that proves it."""
    zk = _started[-1]
    with lock("counting")(timeout=30) as lease, lease.transaction() as writing:
        zk.ensure_path(path)
        number = int(zk.get(path)[0] or 0) + 1
        writing.set_data(path, b"%d" % number)
    return number
