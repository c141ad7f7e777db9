"""The awaiting face beside the threaded one and aiozk: ``python -m benchmarks.awaiting``.

In one run, on one server, taking turns: acquire and release without rivals, on loopback and on a
link of 20 ms; the processor time of a cycle; and many tasks that wait for one lock.
"""

from __future__ import annotations

import argparse
import asyncio
import importlib
import resource
import time
import tracemalloc
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from importlib.util import find_spec
from statistics import median
from typing import Any

from kazoo.client import KazooClient

from zktools import ZkLock, aio
from zktools.testing import Proxy, Server

LINK = 0.020  # seconds, there and back
Cycle = Callable[[], Awaitable[object]]


@asynccontextmanager
async def awaiting(hosts: str) -> AsyncIterator[Cycle]:
    """``zktools.aio``."""
    async with aio.client(hosts) as zk:
        lock = aio.ZkLock(zk, "awaiting")

        async def cycle() -> None:
            lease = await lock.acquire()
            assert lease is not None
            await lease.release()

        yield cycle


@asynccontextmanager
async def threads(hosts: str) -> AsyncIterator[Cycle]:
    """``zktools``, on this thread: nothing else runs on the loop."""
    zk = KazooClient(hosts)
    zk.start()
    lock = ZkLock(zk, "threads")

    async def cycle() -> None:
        lock.acquire()
        lock.release()

    yield cycle
    zk.stop()
    zk.close()


@asynccontextmanager
async def other(hosts: str) -> AsyncIterator[Cycle]:
    """``aiozk``."""
    zk: Any = importlib.import_module("aiozk").ZKClient(hosts)
    await zk.start()
    lock = zk.recipes.Lock("/aiozk")

    async def cycle() -> None:
        await lock.acquire()
        await lock.release()

    yield cycle
    await zk.close()


FACES = {"zktools.aio": awaiting, "zktools, threads": threads, "aiozk": other}


async def cycles(hosts: str, count: int, rounds: int) -> dict[str, tuple[float, float]]:
    """Median seconds, and seconds of processor time, of one cycle of each."""
    found: dict[str, list[tuple[float, float]]] = {}
    for _ in range(rounds):
        for name, face in FACES.items():
            if name == "aiozk" and find_spec("aiozk") is None:
                continue
            async with face(hosts) as cycle:
                await cycle()  # the folder is there
                found.setdefault(name, []).append(await measure(cycle, count))
    return {
        name: (median(wall for wall, _ in runs), median(cpu for _, cpu in runs))
        for name, runs in found.items()
    }


async def measure(cycle: Cycle, count: int) -> tuple[float, float]:
    """Seconds, and seconds of processor time, of one of `count` cycles."""
    began, cpu = time.perf_counter(), processor()
    for _ in range(count):
        await cycle()
    return (time.perf_counter() - began) / count, (processor() - cpu) / count


def processor() -> float:
    """Seconds of processor time that this process has used."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


async def crowd(hosts: str, waiters: int, locks: int) -> dict[str, float]:
    """Memory of so many tasks waiting for so many locks, and the time until all had their turn."""
    async with aio.client(hosts, timeout=60.0) as zk, aio.client(hosts) as holder:
        made = [aio.ZkLock(zk, f"crowd-{n}") for n in range(locks)]
        held = [await aio.ZkLock(holder, f"crowd-{n}").acquire() for n in range(locks)]

        async def wait(lock: aio.ZkLock) -> None:
            async with lock:
                pass

        folders = [f"/ZktoolsLocks/crowd-{n}" for n in range(locks)]
        tracemalloc.start()
        before = tracemalloc.get_traced_memory()[0]
        began = time.perf_counter()
        tasks = [asyncio.create_task(wait(made[n % locks])) for n in range(waiters)]
        while True:
            await asyncio.sleep(1)
            stats = [await asyncio.to_thread(zk.exists, folder) for folder in folders]
            if sum(stat.numChildren for stat in stats) == waiters + locks:
                break
        queued = time.perf_counter() - began
        memory = (tracemalloc.get_traced_memory()[0] - before) / waiters
        tracemalloc.stop()
        began = time.perf_counter()
        for lease in held:
            assert lease is not None
            await lease.release()
        await asyncio.gather(*tasks)
        return {"bytes": memory, "queued": queued, "drained": time.perf_counter() - began}


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.awaiting", description=__doc__)
    parser.add_argument("--cycles", type=int, default=300)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--waiters", type=int, default=10_000)
    parser.add_argument("--locks", type=int, default=100, help="that the waiters wait for")
    options = parser.parse_args()
    with Server() as server, Proxy(server.hosts) as proxy:
        near = asyncio.run(cycles(server.hosts, options.cycles, options.rounds))
        proxy.delay(LINK / 2)
        far = asyncio.run(cycles(proxy.hosts, max(options.cycles // 10, 1), options.rounds))
        print(f"{'acquire + release':20}{'loopback':>12}{'processor':>12}{'20 ms link':>20}")
        for name, (wall, cpu) in near.items():
            trips = far[name][0] / LINK
            print(f"{name:20}{wall * 1e3:9.2f} ms{cpu * 1e3:9.2f} ms{trips:8.2f} round trips")
        found = asyncio.run(crowd(server.hosts, options.waiters, options.locks))
        print(f"{options.waiters} tasks waiting for {options.locks} locks:")
        print(f"  {found['bytes'] / 1e3:.1f} kB each; in the queues after {found['queued']:.1f} s")
        print(f"  through {found['drained']:.1f} s after the first release")


if __name__ == "__main__":
    main()
