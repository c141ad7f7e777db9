"""What a big fleet costs an ensemble: counted small, computed large.

``python -m benchmarks.scale`` prints the tables of docs/scale.rst. Requests, watches, nodes and
bytes do not depend on the machine, and grow in proportion: that is checked with two sizes.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from kazoo.client import KazooClient

from zktools.locks import ZkLock
from zktools.node import NodeDict
from zktools.testing import Clients, Op, Proxy, Server, wait_until

_WRITES = ("create", "create2", "delete", "set_data", "multi", "create_session", "close")
_PERIOD = 12.0  # seconds in which the signs of life are counted
_TIMEOUT = 12.0  # the session timeout meanwhile, in seconds
_VALUE = b"x" * 100
_LENGTH = 4  # bytes that say how long a name is
_FLEET = 10_000
_RENEWALS = 6  # in a session timeout


@dataclass(frozen=True)
class Cost:
    """What something cost the server, in all."""

    count: int
    requests: Counter[str]
    watches: int
    nodes: int
    data: int
    """Bytes: paths and data, as the server reckons them."""

    def row(self, what: str) -> str:
        """For the table: for each of the `count`."""
        writes = sum(count for name, count in self.requests.items() if name in _WRITES)
        total = sum(self.requests.values())
        each = (total, writes, self.watches, self.nodes, self.data)
        return f"{what:46}{self.count:8,}" + "".join(f"{x / self.count:10.2f}" for x in each)


class Site:
    """A server that is counted at."""

    def __init__(self, server: Server, proxy: Proxy, clients: Clients) -> None:
        self._server = server
        self._proxy = proxy
        self._clients = clients

    def client(self, timeout: float = 30.0) -> KazooClient:
        """One more client, whose requests are counted."""
        return self._clients(self._proxy.hosts, timeout=timeout)

    def cut(self) -> None:
        """Break all connections; new ones are made at once."""
        self._proxy.cut()

    def watches(self) -> int:
        """How many watches there are."""
        return int(self._server.mntr()["zk_watch_count"])

    def cost(self, count: int, work: Callable[[], object]) -> Cost:
        """What `work`, which is done when it returns, costs for `count`."""
        before, requests = self._server.mntr(), self._proxy.requests
        work()
        made = self._proxy.requests - requests
        after = self._server.mntr()
        grown = [
            int(after[name]) - int(before[name])
            for name in ("zk_watch_count", "zk_znode_count", "zk_approximate_data_size")
        ]
        return Cost(count, Counter({_name(op): n for op, n in made.items()}), *grown)


def _name(op: int) -> str:
    return Op(op).name.lower() if op in {each.value for each in Op} else str(op)


def waiters(site: Site, count: int) -> list[str]:
    """So many wait for one lock of one holder; then each has it for a moment."""
    holder, client = site.client(), site.client()
    name = f"scale{count}"
    lock = ZkLock(holder, name)
    lock.acquire()
    threads = [threading.Thread(target=_hold_once, args=(client, name)) for _ in range(count)]

    def join() -> None:
        for thread in threads:
            thread.start()
        folder = f"/ZktoolsLocks/{name}"
        wait_until(lambda: len(holder.get_children(folder)) == count + 1, 60.0)
        _settle(site)

    def drain() -> None:
        lock.release()
        for thread in threads:
            thread.join()

    joined = site.cost(count, join)
    return [
        joined.row("a waiter joins"),
        site.cost(count, drain).row("a turn, from grant to grant"),
    ]


def _hold_once(client: KazooClient, name: str) -> None:
    with ZkLock(client, name):
        pass


def _settle(site: Site) -> None:
    counts = [-1, site.watches()]
    while counts[-1] != counts[-2]:
        time.sleep(0.3)
        counts.append(site.watches())


def held(site: Site, count: int) -> list[str]:
    """One process holds so many locks and does nothing else."""
    client = site.client(_TIMEOUT)
    locks = [ZkLock(client, f"held{count}-{number}") for number in range(count)]

    def take() -> None:
        for lock in locks:
            lock.acquire()
        _settle(site)

    taken = site.cost(count, take)
    kept = site.cost(1, lambda: time.sleep(_PERIOD))

    def interrupt() -> None:
        leases = [lock.lease for lock in locks]
        site.cut()
        wait_until(lambda: not any(lease and lease.is_held for lease in leases), 60.0)
        wait_until(lambda: all(lease and lease.is_held for lease in leases), 60.0)
        _settle(site)

    broken = site.cost(count, interrupt)
    given = site.cost(count, lambda: [lock.release() for lock in locks])
    per_second = sum(kept.requests.values()) / _PERIOD
    what = f"a process that holds {count}, session of {_TIMEOUT:g} s"
    signs = f"{what:46}{per_second:8.2f} requests a second: {dict(kept.requests)}"
    return [
        taken.row("a lock is taken, the first time"),
        broken.row("a held lock, when the connection broke"),
        given.row("a lock is let go"),
        signs,
    ]


def keys(site: Site, count: int) -> list[str]:
    """A process follows so many keys, and each is changed once."""
    writer, reader = site.client(), site.client()
    folder = f"/scale-keys-{count}"
    writer.ensure_path(folder)
    made = [writer.create_async(f"{folder}/k{number:07}", _VALUE) for number in range(count)]
    for result in made:
        result.get()
    nodes: list[NodeDict[Any]] = []

    def load() -> None:
        nodes.append(NodeDict(reader, folder))
        assert len(nodes[0]) == count
        _settle(site)

    loaded = site.cost(count, load)
    nodes[0].close()
    return [loaded.row("a key is followed")]


def listings(count: int) -> str:
    """What it takes that each of so many lists the queue when it joins, and when its turn nears."""
    name = len(f"lock-{'0' * 32}-{0:010}") + _LENGTH
    largest, all_ = count * name, 2 * sum(range(count)) * name
    return f"{count:8,} wait for one lock: {largest:13,} {all_:21,}"


def signs_of_life(timeout: float) -> str:
    """For ten thousand processes that hold something."""
    return f"session timeout of {timeout:3g} s: {_FLEET * _RENEWALS / timeout:9,.0f}"


def main() -> None:
    """Count, compute, and print."""
    logging.getLogger("kazoo").setLevel(logging.ERROR)  # connections break on purpose
    titles = ("requests", "writes", "watches", "nodes", "bytes")
    print(f"{'each costs':46}{'counted':>8}" + "".join(f"{title:>10}" for title in titles))
    with (
        Server(tick=2.0) as server,
        Proxy(server.hosts) as proxy,
        Clients(server.hosts, name="scale") as clients,
    ):
        site = Site(server, proxy, clients)
        for measure, sizes in ((waiters, (100, 400)), (held, (10, 100)), (keys, (1_000, 4_000))):
            for size in sizes:
                print(*measure(site, size), sep="\n", flush=True)
    print("", "bytes of listings                  the longest             all together", sep="\n")
    print(*map(listings, (100, 1_000, 10_000, 100_000)), sep="\n")
    print("", f"signs of life a second, of {_FLEET:,} processes that hold locks", sep="\n")
    print(*map(signs_of_life, (4, 10, 30, 60)), sep="\n")


if __name__ == "__main__":
    main()
