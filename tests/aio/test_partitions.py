"""Partitions for asyncio: following the changes, and callbacks on the loop."""

import asyncio

import pytest

from zktools import aio
from zktools.aio import Assigned, Partitions, Revoked
from zktools.exceptions import ClientUnusableError

PATH = "/shop/shards"
ITEMS = ["a", "b", "c", "d"]


async def until(predicate):
    """Wait until it is true."""
    async with asyncio.timeout(15):
        while not predicate():  # noqa: ASYNC110 - of what another thread does
            await asyncio.sleep(0.005)


async def gather_all(changes, number):
    """The next so many changes."""
    return [await anext(changes) for _ in range(number)]


def test_following(run, zk, other):
    """What is held comes as assigned; what is revoked is let go when the next is asked for."""

    async def main():
        async with Partitions(zk, PATH, ITEMS, name="ana") as ana:
            await until(lambda: len(ana.mine) == 4)
            changes = aiter(ana)
            held = await gather_all(changes, 4)
            assert {change.item: change.lease for change in held} == ana.mine
            assert all(isinstance(change, Assigned) for change in held)

            async with Partitions(other, PATH, ITEMS, name="ben") as ben:
                revoked = await anext(changes)
                assert isinstance(revoked, Revoked)
                assert revoked.lease.is_held
                assert (await ben.owners())[revoked.item].name == "ana"
                following = asyncio.ensure_future(anext(changes))
                await until(lambda: revoked.item in ben.mine)
                second = await following
                assert isinstance(second, Revoked)
                await changes.aclose()
                await until(lambda: len(ben.mine) == 2)
            await until(lambda: len(ana.mine) == 4)

    run(main)


def test_the_end_of_following(run, zk):
    """After stop() all that was held has come as revoked, and then it ends."""

    async def main():
        ana = Partitions(zk, PATH, ITEMS, name="ana")
        seen = []

        async def follow():
            async for change in ana:
                seen.append(change)
                if len(seen) == 4:
                    stopping.append(asyncio.ensure_future(ana.stop()))

        stopping = []
        await ana.start()
        await follow()
        assert await stopping[0]
        assert [type(change) for change in seen] == [Assigned] * 4 + [Revoked] * 4
        assert {change.item for change in seen[4:]} == set(ITEMS)
        assert set((await ana.owners()).values()) == {None}

    run(main)


def test_callbacks(run, zk, caplog):
    """Plain or async, on the loop; of one item the second waits for the first to end."""

    async def main():
        told, may_end = [], asyncio.Event()
        loop = asyncio.get_running_loop()
        async with Partitions(zk, PATH, ["a"], name="ana") as ana:

            @ana.on_assigned
            async def assigned(item, lease):
                assert asyncio.get_running_loop() is loop
                await may_end.wait()
                told.append(("assigned", item, lease.revoked))

            @ana.on_revoked
            def revoked(item, lease):
                told.append(("revoked", item, lease.is_held))

            @ana.on_revoked
            async def fails(_item, _lease):
                raise RuntimeError("of the test")

            await until(lambda: ana.mine)
            stopping = asyncio.ensure_future(ana.stop())
            await until(lambda: all(lease.revoked for lease in ana.mine.values()))
            assert told == []
            may_end.set()
            assert await stopping
        assert told == [("assigned", "a", True), ("revoked", "a", True)]

    run(main)
    assert "of the test" in caplog.text


def test_a_start_that_is_cancelled(run, zk, other):
    """Nothing of it is left behind."""

    async def main():
        async with Partitions(zk, PATH, ["a"], name="ana"):
            second = Partitions(other, PATH, ["a"], name="ana")
            starting = asyncio.ensure_future(second.start())
            await asyncio.sleep(0)
            starting.cancel()
            with pytest.raises(asyncio.CancelledError):
                await starting
            with pytest.raises(ClientUnusableError):
                await second.start()
            assert await second.stop()

    run(main)
    assert zk.get_children(f"{PATH}/members") == []


def test_greenlets_are_refused(zk_hosts):
    """A client whose handler has no threads cannot call back to a loop."""
    gevent = pytest.importorskip("kazoo.handlers.gevent")
    from kazoo.client import KazooClient  # noqa: PLC0415

    client = KazooClient(zk_hosts, handler=gevent.SequentialGeventHandler())
    with pytest.raises(TypeError, match="handler with threads"):
        aio.Partitions(client, PATH, ["a"])
