"""A call that is cancelled, at whichever of its awaits, leaves nothing behind.

Each call is run again and again, to its first suspension, its second, and so on, and cancelled
there: as soon as it waits, and in the moment in which what it waits for has come. Then the server
is asked who is in the queue.
"""

import asyncio

import pytest

from tests.aio.suspending import cancelled_at
from tests.locks.support import NAME, queue
from zktools.aio import Configuration, Node, NodeDict, ZkLock, ZkReadLock, ZkWriteLock
from zktools.testing import wait_until

moments = pytest.mark.parametrize("when", ["at once", "late"])


def settled(zk, length):
    """Wait until so many are in the queue."""
    wait_until(lambda: len(queue(zk)) == length, what=f"a queue of {length}: {queue(zk)}")


async def each_suspension(when, call, check, then=lambda: None):
    """How often `call` was cancelled, each time one suspension later, and ``check()`` held."""
    nth = 1
    while await cancelled_at(nth, when, call(), then):
        await asyncio.to_thread(check)
        nth += 1
        assert nth < 50
    return nth - 1


@moments
@pytest.mark.parametrize("kind", [ZkLock, ZkReadLock, ZkWriteLock])
def test_acquiring_what_is_free(run, zk, zk_client_factory, zk_proxy, wire, kind, when):
    """No node is left, though the lock may have been granted in that moment."""
    zk_proxy.delay(0.005)  # so that no reply is there before it is waited for
    lock = kind(zk_client_factory(zk_proxy.hosts), NAME)

    async def acquire():
        lease = await lock.acquire()
        await lease.release()

    async def main():
        assert await each_suspension(when, acquire, lambda: settled(zk, 0)) >= 2
        async with lock(timeout=5) as lease:
            assert lease.is_held

    run(main)


@pytest.mark.slow
@moments
def test_waiting_for_another(run, zk, other, wire, when):
    """No node is left of who waited, and the holder is none the worse."""
    lock, rival = ZkLock(zk, NAME), ZkLock(other, NAME)

    async def main():
        lease = await rival.acquire()
        for revoke in (False, True):

            async def wait(revoke=revoke):
                await lock.acquire(0.3, revoke)

            assert await each_suspension(when, wait, lambda: settled(zk, 1)) >= 1
        assert lease.is_held
        await lease.release()

    run(main)


@moments
def test_the_moment_of_the_grant(run, zk, other, wire, when):
    """Cancelled as its turn comes: the lock is free for the next."""
    lock, rival = ZkLock(zk, NAME), ZkLock(other, NAME)

    async def main():
        for _ in range(5):
            lease = await rival.acquire()
            task = asyncio.create_task(lock.acquire())
            await asyncio.to_thread(settled, zk, 2)
            releasing = asyncio.create_task(lease.release())
            if when == "late":
                await releasing
            task.cancel()
            await asyncio.wait([task, releasing])
            if not task.cancelled():
                await task.result().release()
            await asyncio.to_thread(settled, zk, 0)

    run(main)


@moments
def test_the_whole_of_a_with(run, zk, wire, when):
    """Entering, the body, leaving: the lock is released, or on its way to be."""
    lock = ZkLock(zk, NAME)

    async def use():
        async with lock(timeout=5) as lease:
            await asyncio.sleep(0)
            async with lease.transaction() as transaction:
                transaction.check("/", -1)
            await lease.exists()

    async def main():
        assert await each_suspension(when, use, lambda: settled(zk, 0)) >= 4

    run(main)


@moments
def test_the_whole_queue(run, zk, other, wire, when):
    """Looking at it, asking all in it, and clearing it."""
    lock, rival = ZkLock(zk, NAME), ZkLock(other, NAME)

    async def use():
        await lock.contenders()
        await lock.revoke_all()

    async def main():
        async with rival:
            assert await each_suspension(when, use, lambda: settled(zk, 1)) >= 3
        assert await each_suspension(when, lock.clear, lambda: settled(zk, 0)) >= 1

    run(main)


@pytest.mark.slow
@moments
@pytest.mark.parametrize("fault", ["cut", "swallow"])
def test_with_the_connection_cut_at_that_point(run, zk, zk_client_factory, zk_proxy, when, fault):
    """Once the client is connected again, or its session is over, nothing is left of it."""
    far = zk_client_factory(zk_proxy.hosts, timeout=1.5)
    lock = ZkLock(far, NAME)

    async def use():
        async with asyncio.timeout(5), lock as lease:
            await lease.exists()

    def break_it():
        getattr(zk_proxy, fault)()

    def check():
        zk_proxy.heal()
        wait_until(lambda: far.connected, 15)
        settled(zk, 0)

    async def main():
        nth = 1
        while await cancelled_at(nth, when, use(), break_it):
            await asyncio.to_thread(check)
            nth += 1
        assert nth >= 3

    run(main)


@moments
def test_live_objects(run, zk, wire, when):
    """Opening, writing and closing: afterwards the objects of others work, and see one state."""
    failures = []

    async def use():
        async with Node(zk, "/price", default=0) as price, NodeDict(zk, "/rates") as rates:
            await price.update(lambda value: value + 1)
            await rates.update({"a": 1, "b": 2})
            await price.children()
            await rates.pop("a")

    async def main():
        assert await each_suspension(when, use, lambda: None) >= 6
        async with Node(zk, "/price", default=0) as price, NodeDict(zk, "/rates") as rates:
            await price.set(0)
            await rates.update({"a": 1})
            assert (price.value, rates["a"]) == (0, 1)

    run(main)
    assert failures == []


@moments
def test_configurations(run, zk, wire, when):
    """A store that is given up is made whole or not at all."""

    async def use():
        async with Configuration(zk, "/config/shop") as config:
            await config.store({"db": {"host": "a", "port": 1}}, replace=True)
            await config.store({"db": {"host": "b", "port": 2}})
            await config.store({}, replace=True)

    async def main():
        assert await each_suspension(when, use, lambda: None) >= 3
        async with Configuration(zk, "/config/shop") as config:
            assert (config.get("db/host"), config.get("db/port")) in {
                ("a", 1),
                ("b", 2),
                (None, None),
            }

    run(main)
