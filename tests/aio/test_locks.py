"""What only the awaiting locks have: leases that belong to nobody, loops, and bodies that end."""

import asyncio

import pytest

from tests.locks.support import NAME, queue
from zktools.aio import Reason, ZkLock, ZkReadLock
from zktools.exceptions import LockLost, LockTimeout
from zktools.testing import wait_until


def settled(zk, length):
    """Wait until so many are in the queue."""
    wait_until(lambda: len(queue(zk)) == length, what=f"a queue of {length}")


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
