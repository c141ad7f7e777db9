"""What ``sticky=`` saves who is alone with a lock, and what it costs everybody else.

``python -m benchmarks.sticky`` prints two tables. Requests and round trips are counted at a proxy;
a link of 20 ms makes the round trips. Two clients, each with a lock of the same name. Then how long
an acquire and a release take who is alone, without a proxy, beside redis-py's lock if it is there.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from itertools import count
from statistics import median
from typing import Any

from kazoo.client import KazooClient

from benchmarks.backends import REDIS, ZOOKEEPER, start
from benchmarks.peers import PEERS
from zktools.handlers import ThreadingHandler
from zktools.locks import ZkLock
from zktools.testing import Clients, Op, Proxy, Server

_LINK = 0.01  # seconds each way
_SECONDS = 30.0  # for which a node is kept: longer than anything here takes
_ALONE, _IN_TURNS, _FAR = 2000, 100, 10  # how often each is done
_ROUNDS = 5
_SETTINGS = (("as ever", None), ("sticky", _SECONDS))
_AFTER = 0.1  # seconds in which what follows a grant, or a release, has been carried out
_TITLES = ("requests", "CPU, µs", "round trips", "requests, in turns", "acquire after another")

_numbers = count()


class Bench:
    """Locks with one setting of `sticky`, of two clients behind one proxy."""

    def __init__(self, proxy: Proxy, new_client: Clients, sticky: float | None) -> None:
        self._proxy = proxy
        self._clients = [new_client(timeout=30.0, handler=ThreadingHandler) for _ in range(2)]
        self._sticky = sticky

    def row(self) -> tuple[float, ...]:
        """Everything measured, one after the other."""
        lock = self._locks()[0]
        requests, cpu = self._cycles([lock], _ALONE)
        far = median(self._far(lambda: _cycle(lock)) for _ in range(_FAR))
        return requests, cpu, far, self._cycles(self._locks(), _IN_TURNS)[0], self._next()

    def _locks(self) -> list[ZkLock]:
        """A new lock for each client, used once, so that its folder is there; the last first."""
        name = f"lock{next(_numbers)}"
        locks = [ZkLock(client, name, sticky=self._sticky) for client in self._clients]
        for lock in reversed(locks):
            _cycle(lock)
        time.sleep(_AFTER)
        return locks

    def _cycles(self, locks: list[ZkLock], cycles: int) -> tuple[float, float]:
        """Requests, and microseconds of this process, for a cycle; these locks take turns."""
        before, began = self._proxy.requests, time.process_time()
        for _ in range(cycles):
            for lock in locks:
                _cycle(lock)
        cpu = time.process_time() - began
        time.sleep(_AFTER)
        made: Counter[int] = self._proxy.requests - before
        del made[Op.MULTI]  # signs of life: by time, not by use
        return made.total() / cycles / len(locks), 1e6 * cpu / cycles / len(locks)

    def _far(self, function: Callable[[], object]) -> float:
        """How many round trips it takes."""
        self._proxy.delay(_LINK)
        began = time.perf_counter()
        function()
        took = time.perf_counter() - began
        self._proxy.delay(0)
        return took / (2 * _LINK)

    def _next(self) -> float:
        """Round trips of an acquire some time after another has released."""
        locks = self._locks()
        took = []
        for _ in range(_FAR):
            locks.reverse()
            took.append(self._far(locks[0].acquire))
            time.sleep(_AFTER)
            locks[0].release()
            time.sleep(_AFTER)
        return median(took)


def _cycle(lock: ZkLock) -> None:
    lock.acquire()
    lock.release()


def _times(lock: Any) -> tuple[float, float]:
    """Microseconds of an acquire and of a release, each the median of the fastest round."""
    return min(
        tuple(median(column) for column in zip(*(_time(lock) for _ in range(_ALONE)), strict=True))
        for _ in range(_ROUNDS)
    )


def _time(lock: Any) -> tuple[float, float]:
    began = time.perf_counter()
    lock.acquire()
    acquired = time.perf_counter()
    lock.release()
    return 1e6 * (acquired - began), 1e6 * (time.perf_counter() - acquired)


def _again() -> dict[str, tuple[float, float]]:
    """Of each kind of lock, by one who is alone with it, on loopback."""
    redis = next(peer for peer in PEERS if peer.backend == REDIS)
    missing = redis.missing()
    times = {}
    with start({ZOOKEEPER} if missing else {ZOOKEEPER, REDIS}) as backends:
        client = KazooClient(backends[ZOOKEEPER].link(0), handler=ThreadingHandler())
        client.start()
        for title, sticky in _SETTINGS:
            times[title] = _times(ZkLock(client, "again", sticky=sticky))
        client.stop()
        if missing:
            print(f"without redis-py: {missing}")
        else:
            from benchmarks.subjects.with_redis import Redis  # noqa: PLC0415 - it may be missing

            times["redis-py"] = _times(Redis(backends[REDIS].link(0)).lock("lock", "again"))
    return times


def main() -> None:
    """Measure, and print."""
    print("a cycle, or what is said")
    print(f"{'':10}" + "".join(f"{title:>23}" for title in _TITLES))
    with Server() as server, Proxy(server.hosts) as proxy, Clients(proxy.hosts) as new_client:
        for title, sticky in _SETTINGS:
            row = Bench(proxy, new_client, sticky).row()
            print(f"{title:10}" + "".join(f"{figure:23.2f}" for figure in row))
    times = _again()
    print(f"\n{'alone':10}{'acquire, µs':>23}{'release, µs':>23}{'times a kept one':>23}")
    for title, (acquire, release) in times.items():
        ratio = (acquire + release) / sum(times["sticky"])
        print(f"{title:10}{acquire:23.1f}{release:23.1f}{ratio:23.0f}")


if __name__ == "__main__":
    main()
