"""What is going on in ZooKeeper while the screens are captured."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from kazoo.client import KazooClient

from zktools import Configuration, ZkLock, ZkReadLock, ZkWriteLock
from zktools.exceptions import ZkToolsError
from zktools.testing import Server, wait_until

CONFIGURATION = {
    "db": {"host": "db1.example.com", "pool_size": 10, "ratio": 0.5},
    "debug": False,
    "features": ["search", "wishlist"],
}


@contextmanager
def scene() -> Iterator[str]:
    """A server with locks that are held and waited for, and a configuration; its hosts."""
    with ExitStack() as stack:
        server = stack.enter_context(Server())
        actor = Actor(stack, server.hosts)
        actor.hold(ZkWriteLock, "nightly-report", "report of Monday")
        actor.queue(ZkWriteLock, "nightly-report", "report of Tuesday")
        actor.queue(ZkReadLock, "nightly-report", "dashboard")
        actor.hold(ZkReadLock, "price-list", "shop")
        actor.hold(ZkReadLock, "price-list", "search")
        client = actor.client()
        client.ensure_path("/ZktoolsLocks/migration")
        with Configuration(client, "/config/shop") as config:
            config.store(CONFIGURATION)
        yield server.hosts


class Actor:
    """Plays the programs, each with a client of its own."""

    def __init__(self, stack: ExitStack, hosts: str) -> None:
        self._stack = stack
        self._hosts = hosts

    def client(self) -> KazooClient:
        """A started one."""
        client = KazooClient(self._hosts)
        client.start()
        self._stack.callback(client.stop)
        return client

    def hold(self, kind: type[ZkLock], name: str, who: str) -> None:
        """Hold a lock, and let go when asked."""
        lock = kind(self.client(), name, identifier=who)
        lock.on_revoke(lambda lease, _reason: lease.release())
        lock.acquire()

    def queue(self, kind: type[ZkLock], name: str, who: str) -> None:
        """Wait for a lock."""
        lock = kind(self.client(), name, identifier=who)
        before = len(lock.contenders())
        threading.Thread(target=_acquire, args=(lock,), name="worker", daemon=True).start()
        wait_until(lambda: len(lock.contenders()) > before)


def _acquire(lock: ZkLock) -> None:
    try:
        lock.acquire()
    except ZkToolsError:  # the scene is over
        return
