"""A fleet that shares items out: what moves, and who pauses, when one more joins."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from typing import Any, Self

from kazoo.client import KazooClient
from kazoo.recipe.partitioner import SetPartitioner

from zktools import Partitions
from zktools.testing import Clients, Proxy, wait_until

_PATIENCE = 120.0  # seconds
_SESSION = 4.0  # seconds, of the one that is cut off
_QUIET = 0.5  # seconds that SetPartitioner waits for others before it shares out


class Fleet:
    """Workers of zktools' Partitions."""

    def __init__(self, hosts: str, items: int, workers: int) -> None:
        self._names = [f"item-{number}" for number in range(items)]
        self._workers = workers
        self._hosts = hosts
        self._clients = Clients(hosts)

    def measure(self) -> dict[str, Any]:
        """One more joins, and is cut off as if its machine were gone.

        Items that move, those that others do not hold all the time besides, and seconds of each.
        """
        fleet = [self._part(number) for number in range(self._workers)]
        self._wait_shared(fleet)
        leases = {item: lease for one in fleet for item, lease in one.mine.items()}
        with Proxy(self._hosts) as doomed:
            with _Watch(lambda: (i for i, lease in leases.items() if not lease.is_held)) as paused:
                began = time.monotonic()
                fleet.append(self._part(self._workers, doomed.hosts, _SESSION))
                self._wait_shared(fleet)
                seconds = time.monotonic() - began
                after = {item: lease.token for one in fleet for item, lease in one.mine.items()}
                moved = {item for item in self._names if leases[item].token != after[item]}
            doomed.swallow()
            began = time.monotonic()
            self._wait_shared(fleet[:-1])
            again = time.monotonic() - began
            for one in fleet[:-1]:
                one.stop()
        found = {"moved": len(moved), "paused": len(paused.seen - moved), "seconds": seconds}
        return found | {"session": _SESSION, "again": again}

    def _part(self, number: int, hosts: str | None = None, timeout: float = 10.0) -> Partitions:
        client = self._clients(hosts or self._hosts, timeout=timeout)
        part = Partitions(client, "/partitions", self._names, name=f"worker-{number}")
        part.start()
        return part

    def _wait_shared(self, fleet: list[Partitions]) -> None:
        least = len(self._names) // len(fleet)

        def is_shared() -> bool:
            loads = [len(one.mine) for one in fleet]
            return sum(loads) == len(self._names) and min(loads) >= least

        wait_until(is_shared, _PATIENCE)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._clients.close()


class KazooFleet(Fleet):
    """Workers of kazoo's SetPartitioner."""

    def measure(self) -> dict[str, Any]:
        """The same, but for the end."""
        total = len(self._names)
        fleet = [self._partitioner(number) for number in range(self._workers)]
        wait_until(lambda: sum(len(one.has) for one in fleet) == total, _PATIENCE)
        before = {item: one for one in fleet for item in one.has}
        with _Watch(lambda: (i for i, one in before.items() if i not in one.has)) as paused:
            began = time.monotonic()
            fleet.append(self._partitioner(self._workers))
            wait_until(lambda: len(fleet[-1].has) >= total // len(fleet), _PATIENCE)
            wait_until(lambda: sum(len(one.has) for one in fleet) == total, _PATIENCE)
            seconds = time.monotonic() - began
            moved = {item for one in fleet for item in one.has if before[item] is not one}
        for one in fleet:
            one.stop()
        return {"moved": len(moved), "paused": len(paused.seen - moved), "seconds": seconds}

    def _partitioner(self, number: int) -> _Partitioner:
        client = self._clients(self._hosts, timeout=10.0)
        return _Partitioner(client, number, self._names)


class _Partitioner:
    """Drives kazoo's SetPartitioner as its documentation does."""

    def __init__(self, client: KazooClient, number: int, names: list[str]) -> None:
        self.has: set[str] = set()
        self._over = threading.Event()
        self._partitioner = SetPartitioner(
            client, "/kazoo/partitions", tuple(names), identifier=f"w{number}", time_boundary=_QUIET
        )
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        while not self._over.wait(0.002):
            if self._partitioner.acquired:
                self.has = set(self._partitioner)
            elif self._partitioner.release:
                self.has = set()
                self._partitioner.release_set()
            elif self._partitioner.allocating:
                self._partitioner.wait_for_acquire(0.2)

    def stop(self) -> None:
        """Leave."""
        self._over.set()
        self._thread.join()
        self._partitioner.finish()


class _Watch:
    """Looks all the time, and remembers all that ever was."""

    def __init__(self, look: Callable[[], Iterable[str]]) -> None:
        self.seen: set[str] = set()
        self._look = look
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def _run(self) -> None:
        while not self._over.wait(0.005):
            self.seen.update(self._look())

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()
