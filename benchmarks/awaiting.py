"""The awaiting face beside the threaded one and aiozk: ``python -m benchmarks.awaiting``.

In one run, on one server, taking turns: acquire and release without rivals, on loopback and on a
link of 20 ms; the processor time of a cycle; what asyncio itself takes for being woken; and many
tasks that wait for locks. A minute or two.
"""

from __future__ import annotations

import argparse
import asyncio
import importlib
import resource
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from importlib.util import find_spec
from statistics import median
from typing import Any, NamedTuple

from kazoo.client import KazooClient

from benchmarks.machine import memory
from benchmarks.subjects.bare import Pair
from zktools import ZkLock, aio
from zktools.handlers import ThreadingHandler
from zktools.testing import Proxy, Server, wait_until

LINK = 0.020  # seconds, there and back
BLOCK = 10  # cycles until it is the next one's turn
Cycle = Callable[[], Awaitable[object]]


@asynccontextmanager
async def awaiting(hosts: str) -> AsyncIterator[Cycle]:
    """``zktools.aio``, on the client that it makes."""
    async with aio.client(hosts) as zk:
        lock = aio.ZkLock(zk, "awaiting")

        async def cycle() -> None:
            lease = await lock.acquire()
            assert lease is not None
            await lease.release()

        yield cycle


@asynccontextmanager
async def threads(hosts: str, handler: Any = None) -> AsyncIterator[Cycle]:
    """``zktools``, on this thread: nothing else runs on the loop."""
    zk = KazooClient(hosts, handler=handler)
    zk.start()
    lock = ZkLock(zk, "threads" if handler is None else "threads-same-handler")

    async def cycle() -> None:
        lock.acquire()
        lock.release()

    yield cycle
    zk.stop()
    zk.close()


@asynccontextmanager
async def limit(hosts: str) -> AsyncIterator[Cycle]:
    """A node is created and deleted, on this thread, and guards nothing."""
    zk = KazooClient(hosts, handler=ThreadingHandler())
    zk.start()
    zk.ensure_path("/bare")
    pair = Pair(zk, "/bare")

    async def cycle() -> None:
        pair.acquire()
        pair.release()

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


FACES: dict[str, Callable[[str], Any]] = {
    "zktools.aio": awaiting,
    "zktools, threads": threads,
    "... same handler": lambda hosts: threads(hosts, ThreadingHandler()),
    "create + delete": limit,
    "aiozk": other,
}


class Figures(NamedTuple):
    """Medians of one face."""

    wall: float
    """Seconds of a cycle."""
    processor: float
    """Seconds of processor time of this process in a cycle."""
    ratio: float
    """Of that to the threaded face's, in the same round."""


async def cycles(hosts: str, rounds: int) -> dict[str, Figures]:
    """Have all faces take turns, so many rounds; what a cycle of each takes."""
    walls: dict[str, list[float]] = {}
    used: dict[str, list[float]] = {}
    async with AsyncExitStack() as stack:
        running = {
            name: await stack.enter_async_context(face(hosts))
            for name, face in FACES.items()
            if name != "aiozk" or find_spec("aiozk") is not None
        }
        for cycle in running.values():
            await cycle()  # the folder is there
        for _ in range(rounds):
            for name, cycle in running.items():
                began = processor()
                walls.setdefault(name, []).extend([await timed(cycle) for _ in range(BLOCK)])
                used.setdefault(name, []).append((processor() - began) / BLOCK)
    threaded = used["zktools, threads"]
    return {
        name: Figures(
            median(walls[name]),
            median(used[name]),
            median(own / its for own, its in zip(used[name], threaded, strict=True)),
        )
        for name in running
    }


async def timed(cycle: Cycle) -> float:
    """Seconds that it takes."""
    began = time.perf_counter()
    await cycle()
    return time.perf_counter() - began


def processor() -> float:
    """Seconds of processor time that this process has used."""
    spent = resource.getrusage(resource.RUSAGE_SELF)
    return spent.ru_utime + spent.ru_stime


async def woken(count: int) -> tuple[float, float]:
    """Seconds of processor time to wake a loop, and a thread, from another thread."""
    loop = asyncio.get_running_loop()
    wakes: list[Callable[[], object]] = []
    asked = threading.Semaphore(0)

    def serve() -> None:
        for _ in range(2 * count):
            asked.acquire()
            wakes.pop()()

    thread = threading.Thread(target=serve)
    thread.start()
    began = processor()
    for _ in range(count):
        future = loop.create_future()
        wakes.append(partial(loop.call_soon_threadsafe, future.set_result, None))
        asked.release()
        await future
    between = processor()
    for _ in range(count):
        lock = threading.Lock()
        lock.acquire()
        wakes.append(lock.release)
        asked.release()
        lock.acquire()
    ended = processor()
    thread.join()
    return (between - began) / count, (ended - between) / count


def queues(zk: KazooClient, locks: int) -> int:
    """How many candidates there are in all."""
    folders = (zk.exists(f"/ZktoolsLocks/crowd-{n}") for n in range(locks))
    return sum(stat.numChildren for stat in folders)


async def crowd(hosts: str, waiters: int, locks: int) -> dict[str, float]:
    """Memory of so many tasks waiting for so many locks, and the time until all had their turn."""
    async with aio.client(hosts, timeout=60.0) as zk, aio.client(hosts) as holder:
        made = [aio.ZkLock(zk, f"crowd-{n}") for n in range(locks)]
        held = [await aio.ZkLock(holder, f"crowd-{n}").acquire() for n in range(locks)]

        async def wait(lock: aio.ZkLock) -> None:
            async with lock:
                pass

        before, threads_before = memory(), threading.active_count()
        began = time.perf_counter()
        tasks = [asyncio.create_task(wait(made[n % locks])) for n in range(waiters)]
        await asyncio.to_thread(wait_until, lambda: queues(zk, locks) == waiters + locks, 300)
        queued = time.perf_counter() - began
        figures = {
            "bytes": (memory() - before) / waiters,
            "threads": threading.active_count() - threads_before,
            "queued": queued,
        }
        began = time.perf_counter()
        for lease in held:
            assert lease is not None
            await lease.release()
        await asyncio.gather(*tasks)
        return figures | {"drained": time.perf_counter() - began}


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.awaiting", description=__doc__)
    parser.add_argument("--rounds", type=int, default=30)
    parser.add_argument("--waiters", type=int, default=10_000)
    parser.add_argument("--locks", type=int, default=100, help="that the waiters wait for")
    options = parser.parse_args()
    with Server() as server, Proxy(server.hosts) as proxy:
        near = asyncio.run(cycles(server.hosts, options.rounds))
        proxy.delay(LINK / 2)
        far = asyncio.run(cycles(proxy.hosts, max(options.rounds // 6, 1)))
        print("acquire + release       loopback    processor  ratio   round trips of 20 ms")
        for name, (wall, used, ratio) in near.items():
            trips = far[name].wall / LINK
            print(f"{name:20}{wall * 1e3:9.2f} ms{used * 1e3:10.2f} ms{ratio:7.2f}{trips:23.2f}")
        loop, thread = asyncio.run(woken(2000))
        print(
            f"to wake a loop {loop * 1e6:.0f} us of processor time, a thread {thread * 1e6:.0f} us"
        )
        found = asyncio.run(crowd(server.hosts, options.waiters, options.locks))
        print(f"{options.waiters} tasks waiting for {options.locks} locks:")
        print(
            f"  {found['bytes'] / 1e3:.1f} kB each, and {found['threads']:.0f} threads more in all"
        )
        print(f"  in the queues after {found['queued']:.1f} s")
        print(f"  through {found['drained']:.1f} s after the first release")


if __name__ == "__main__":
    main()
