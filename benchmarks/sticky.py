"""What ``sticky=`` saves who is alone with a lock, and what it costs everybody else.

``python -m benchmarks.sticky`` prints a table. Requests and round trips are counted at a proxy; a
link of 20 ms makes the round trips. Two clients, each with a lock of the same name.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from itertools import count
from statistics import median

from zktools.handlers import ThreadingHandler
from zktools.locks import ZkLock
from zktools.testing import Clients, Op, Proxy, Server

_LINK = 0.01  # seconds each way
_SECONDS = 30.0  # for which a node is kept: longer than anything here takes
_ALONE, _IN_TURNS, _FAR = 2000, 100, 10  # how often each is done
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


def main() -> None:
    """Measure, and print."""
    print("a cycle, or what is said")
    print(f"{'':10}" + "".join(f"{title:>23}" for title in _TITLES))
    with Server() as server, Proxy(server.hosts) as proxy, Clients(proxy.hosts) as new_client:
        for title, sticky in (("as ever", None), ("sticky", _SECONDS)):
            row = Bench(proxy, new_client, sticky).row()
            print(f"{title:10}" + "".join(f"{figure:23.2f}" for figure in row))


if __name__ == "__main__":
    main()
