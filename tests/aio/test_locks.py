"""What only the awaiting locks have: leases that belong to nobody, loops, and bodies that end."""

import asyncio
import time

import pytest

from tests.locks.support import NAME, queue
from zktools.aio import Reason, ZkLock, ZkReadLock
from zktools.exceptions import LockLost, LockTimeout
from zktools.testing import wait_until


def settled(zk, length):
    """Wait until so many are in the queue."""
    wait_until(lambda: len(queue(zk)) == length, what=f"a queue of {length}")


def test_tasks_on_one_object_queue(run, zk):
    """Thirty tasks, one at a time, in the order in which they came."""
    lock, inside, turns = ZkLock(zk, NAME), [], []

    async def work(number):
        async with lock(timeout=30):
            inside.append(number)
            assert inside == [number]
            await asyncio.sleep(0)
            inside.remove(number)
            turns.append(number)

    async def main():
        assert await (await lock.acquire()).release()  # who finds no folder has to queue again
        await asyncio.gather(*(work(number) for number in range(30)))

    run(main)
    assert turns == list(range(30))
    settled(zk, 0)


def test_a_task_that_holds_waits_for_itself(run, zk):
    """Nothing is reentrant; readers share, though they are one task."""

    async def main():
        async with ZkReadLock(zk, NAME) as one, ZkReadLock(zk, NAME) as two:
            assert one.token < two.token
        lock = ZkLock(zk, NAME)
        async with lock:
            with pytest.raises(LockTimeout):
                async with lock(timeout=0.05):
                    pytest.fail("the body ran")

    run(main)


def test_a_lease_is_passed_on(run, zk):
    """One task acquires, another uses and releases; the first may be over by then."""
    lock = ZkLock(zk, NAME)

    async def main():
        lease = await asyncio.create_task(lock.acquire())
        await asyncio.create_task(lease.transaction().commit())
        assert await asyncio.create_task(lease.release()) is True
        assert await lease.release() is False

    run(main)


def test_lost_in_the_body(run, zk, other):
    """The body ends at once, LockLost comes out, and who waits next is not kept waiting."""
    lock, rival = ZkLock(zk, NAME), ZkLock(other, NAME)
    ended = []

    async def main():
        with pytest.raises(LockLost) as raised:  # noqa: PT012 - the body is what is tested
            async with lock as lease:
                try:
                    await rival.clear()
                    await asyncio.sleep(20)
                finally:
                    ended.append(lease.lost.is_set())
        assert isinstance(raised.value.__cause__, asyncio.CancelledError)
        async with rival(timeout=5):
            pass

    run(main)
    assert ended == [True]


@pytest.mark.slow
def test_cut_off(run, zk_client_factory, zk_proxy, other):
    """Without being told, the body ends before anybody else can hold the lock."""
    far = zk_client_factory(zk_proxy.hosts, timeout=1.0)
    times = {}

    async def hold():
        with pytest.raises(LockLost):  # noqa: PT012 - the body is what is tested
            async with ZkLock(far, NAME) as lease:
                zk_proxy.swallow()
                try:
                    await asyncio.sleep(20)
                finally:
                    times["ended"] = time.monotonic()
                    assert not lease.is_held

    async def main():
        holding = asyncio.create_task(hold())
        await asyncio.to_thread(settled, other, 1)
        async with ZkLock(other, NAME)(timeout=15):
            times["rival"] = time.monotonic()
        await holding

    run(main)
    assert times["ended"] < times["rival"]


def test_told_and_not_cancelled(run, zk, other):
    """With on_loss="flag" the body goes on, and leaving it is no error."""
    lock, rival = ZkLock(zk, NAME), ZkLock(other, NAME)

    async def main():
        async with lock(on_loss="flag") as lease:
            await rival.revoke_all()
            assert await lease.asked.wait() is True
            assert not lease.lost.is_set()
            await rival.clear()
            assert await lease.lost.wait() is True
            await asyncio.sleep(0.01)
            return lease.is_held

    assert run(main) is False
    with pytest.raises(ValueError, match="on_loss"):
        lock(on_loss="stop")


def test_being_asked_cancels_nothing(run, zk, other):
    """The body goes on, and still holds."""

    async def main():
        async with ZkLock(zk, NAME) as lease:
            await ZkLock(other, NAME).revoke_all()
            await lease.asked.wait()
            await asyncio.sleep(0.01)
            return lease.is_held

    assert run(main) is True


def test_callbacks(run, zk, other, caplog):
    """Plain and async ones are called once, in tasks of the loop; one that fails is logged."""
    lock, seen = ZkLock(zk, NAME), []

    @lock.on_revoke
    def plain(lease, reason):
        seen.append(("plain", asyncio.current_task() is not None, reason))

    @lock.on_revoke
    async def clumsy(lease, reason):
        raise ZeroDivisionError

    @lock.on_revoke
    async def obliging(lease, reason):
        await lease.release()
        seen.append(("obliging", True, reason))

    async def main():
        async with lock, ZkLock(other, NAME)(timeout=5, revoke=True):
            pass
        await asyncio.to_thread(wait_until, lambda: len(seen) == 2)

    run(main)
    assert sorted(seen) == [("obliging", True, Reason.ASKED), ("plain", True, Reason.ASKED)]
    assert "clumsy" in caplog.text
    with pytest.raises(TypeError, match="callable"):
        lock.on_revoke("no function")


def test_another_loop(run, zk):
    """A lock belongs to no loop, and neither does a lease."""
    lock = ZkLock(zk, NAME)
    lease = run(lock.acquire)

    async def main():
        assert await lock.acquire(timeout=0) is None
        assert await lease.exists()
        assert await lease.release()
        async with lock as second:
            return second.is_held

    assert run(main)


def test_a_loop_that_ends(run, zk, other):
    """What waits or holds when asyncio.run() ends is cancelled; nothing is left in the queue."""
    lock, rival = ZkLock(zk, NAME), ZkLock(other, NAME)
    kept = []

    async def hold(held):
        async with lock:
            held.set()
            await asyncio.sleep(20)

    async def main():
        held = asyncio.Event()
        kept.append(asyncio.create_task(hold(held)))
        await held.wait()
        kept.extend(asyncio.create_task(rival.acquire()) for _ in range(3))
        await asyncio.to_thread(settled, zk, 4)

    run(main)
    settled(zk, 0)


@pytest.mark.slow
def test_a_loop_that_is_blocked(run, zk_client_factory, zk_proxy):
    """For longer than the session, cut off: `is_held` is the clock's word; then LockLost."""
    far = zk_client_factory(zk_proxy.hosts, timeout=0.6)
    looks = []

    async def main():
        with pytest.raises(LockLost):  # noqa: PT012 - the body is what is tested
            async with ZkLock(far, NAME) as lease:
                zk_proxy.swallow()
                looks.append(lease.is_held)
                blocked = time.monotonic() + 0.7
                while time.monotonic() < blocked:  # as a computation would
                    pass
                looks.append(lease.is_held)
                await asyncio.sleep(20)

    run(main)
    assert looks == [True, False]


@pytest.mark.slow
def test_a_blocked_loop_loses_nothing(run, zk_client_factory):
    """The proof of life is renewed by zktools' own threads."""
    client = zk_client_factory(timeout=1.5)

    async def main():
        async with ZkLock(client, NAME) as lease:
            time.sleep(2.5)  # noqa: ASYNC251 - the loop is blocked, and other threads go on
            await asyncio.sleep(0)
            return lease.is_held

    assert run(main)


def test_a_grant_that_the_loop_comes_to_too_late(run, zk_client_factory, zk_proxy, zk):
    """Lost before the body began: it does not begin."""
    far = zk_client_factory(zk_proxy.hosts, timeout=0.6)
    lock = ZkLock(far, NAME)

    async def enter():
        async with lock:
            pytest.fail("the body ran")

    async def main():
        entering = asyncio.create_task(enter())
        await asyncio.sleep(0)
        while not queue(zk):  # the loop is blocked until the lock was granted,
            pass
        zk.delete(f"/ZktoolsLocks/{NAME}/{queue(zk)[0]}")  # and taken away
        time.sleep(0.3)  # noqa: ASYNC251 - the loop is blocked
        with pytest.raises(LockLost):
            await entering

    run(main)
