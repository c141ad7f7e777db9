"""Live nodes and dictionaries: reading is local, writing and following are awaited."""

import asyncio
import gc

import pytest

from tests.live.support import watchers
from zktools import Node as BlockingNode
from zktools.aio import Changes, Node, NodeDict
from zktools.exceptions import ClientUnusableError, NotConnectedError
from zktools.testing import wait_until


def test_a_node_is_read_and_written(run, zk):
    """It is made when it is missing; what was written is shown when the call is back."""

    async def main():
        async with Node(zk, "/price", default=1) as price:
            assert (price.value, price.exists, price.version) == (1, True, 0)
            await price.set(2)
            assert price.value == 2
            assert await price.update(lambda value: value + 1) == 3
            assert (price.value, price.version) == (3, 2)
        assert price.value == 3
        with pytest.raises(ClientUnusableError, match="closed"):
            await price.set(4)

    run(main)
    assert zk.get("/price")[0] == b"3"


@pytest.mark.slow
def test_updates_of_many_tasks(run, zk, other):
    """None of a hundred increments by two clients is lost."""

    async def main():
        async with Node(zk, "/count", default=0) as one, Node(other, "/count", default=0) as two:
            increments = (node.update(lambda n: n + 1) for node in [one, two] for _ in range(50))
            await asyncio.gather(*increments)
            await one.update(lambda n: n)
            return one.value

    assert run(main) == 100


def test_following_a_node(run, zk, other):
    """The present first, then what is written; who is slow is told the last, not all."""
    seen = []

    async def main():
        async with Node(zk, "/price", default=1) as price, Node(other, "/price") as theirs:
            following = aiter(price)
            seen.append(await anext(following))
            await theirs.set(2)
            seen.append(await anext(following))
            for value in range(3, 20):
                await theirs.set(value)
            await asyncio.to_thread(wait_until, lambda: price.value == 19)
            seen.append(await anext(following))
            waiting = asyncio.create_task(anext(following))
            await asyncio.sleep(0.01)
            assert not waiting.done()
            await theirs.set(20)
            seen.append(await waiting)

    run(main)
    assert seen == [1, 2, 19, 20]


def test_following_ends_with_the_object(run, zk):
    """Closing ends the loop of whoever follows."""

    async def main():
        seen = []
        async with Node(zk, "/price", default=1) as price:

            async def follow():
                seen.extend([value async for value in price])
                return "ended"

            task = asyncio.create_task(follow())
            await asyncio.sleep(0)
        ended = await task
        return seen, ended

    assert run(main) == ([1], "ended")


def test_following_a_client_that_is_stopped(run, zk_client_factory):
    """Nothing can come any more: an error, not a wait without end."""
    client = zk_client_factory()

    async def main():
        async with Node(client, "/price", default=1) as price:
            following = aiter(price)
            await anext(following)
            task = asyncio.create_task(anext(following))
            await asyncio.sleep(0)
            await asyncio.to_thread(client.stop)
            with pytest.raises(ClientUnusableError):
                await task

    run(main)


def test_who_follows_no_more_is_forgotten(run, zk):
    """After a `break` nothing of the loop is kept."""

    async def main():
        async with Node(zk, "/price", default=1) as price:
            async for _ in price:
                break
            gc.collect()
            return len(price._subscribers._followers), len(price._subscribers._waiting)

    assert run(main) == (0, 0)


def test_children(run, zk):
    """Their names, from the first call on, and each change of them."""

    async def main():
        async with Node(zk, "/team") as team:
            assert await team.children() == ()
            following = await team.follow_children()
            assert await anext(following) == ()
            await asyncio.to_thread(zk.create, "/team/ann")
            assert await anext(following) == ("ann",)
            assert await team.children() == ("ann",)

    run(main)


def test_a_dictionary(run, zk):
    """A mapping to read; each way to write."""

    async def main():
        async with NodeDict(zk, "/rates") as rates:
            await rates.set("eur", 11)
            await rates.update({"usd": 9, "gbp": 13})
            assert dict(rates) == {"eur": 11, "usd": 9, "gbp": 13}
            assert await rates.pop("eur") == 11
            assert await rates.pop("eur", None) is None
            assert await rates.setdefault("usd", 5) == 9
            assert await rates.setdefault("chf", 5) == 5
            await rates.delete("chf")
            with pytest.raises(KeyError):
                await rates.delete("chf")
            with pytest.raises(KeyError):
                await rates.pop("a/b")
            assert sorted(rates) == ["gbp", "usd"]
            await rates.popitem()
            await rates.clear()
            assert len(rates) == 0
            with pytest.raises(KeyError):
                await rates.popitem()

    run(main)
    assert zk.get_children("/rates") == []


def test_following_a_dictionary(run, zk):
    """All there is, then what each transaction changed, together."""

    async def main():
        async with NodeDict(zk, "/rates") as rates:
            await rates.update({"a": 1, "b": 2})
            following = aiter(rates)
            assert await anext(following) == Changes({"a": 1, "b": 2}, {}, {})
            await rates.update({"a": 3, "c": 4})
            assert await anext(following) == Changes({"c": 4}, {"a": (1, 3)}, {})
            await rates.clear()
            assert (await anext(following)).removed == {"a": 3, "b": 2, "c": 4}

    run(main)


@pytest.mark.parametrize("kind", [Node, NodeDict])
def test_before_it_is_open(run, zk, kind):
    """Nothing was read yet, so nothing is shown: an error that says what to do."""
    made = kind(zk, "/price")
    looks = {Node: lambda: made.value, NodeDict: lambda: len(made)}
    with pytest.raises(ClientUnusableError, match="async with"):
        looks[kind]()

    async def main():
        with pytest.raises(ClientUnusableError, match="async with"):
            await made.update({} if kind is NodeDict else None)
        await made.open()
        with pytest.raises(ClientUnusableError, match="before"):
            await made.open()
        await made.close()
        await made.close()

    run(main)


def test_nothing_is_left(run, zk):
    """Closed, or given up while it opens, an object leaves no watcher in the client."""

    async def main():
        async with Node(zk, "/price", default=1), NodeDict(zk, "/rates"):
            pass
        opening = asyncio.create_task(Node(zk, "/price").open())
        await asyncio.sleep(0)
        opening.cancel()
        await asyncio.wait([opening])

    run(main)
    wait_until(lambda: watchers(zk) == 0)


def test_a_write_that_is_given_up(run, zk, zk_client_factory, zk_proxy):
    """Cancelled while there is no connection, it is not sent when there is one again."""
    far = zk_client_factory(zk_proxy.hosts, timeout=6.0)

    async def main():
        async with Node(far, "/price", default=1) as price:
            zk_proxy.refuse()
            zk_proxy.cut()
            await asyncio.to_thread(wait_until, lambda: not far.connected)
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.05):
                    await price.set(2)
            zk_proxy.heal()
            await asyncio.to_thread(wait_until, lambda: far.connected)
            await price.update(lambda value: value)
            return price.value

    assert run(main) == 1


def test_no_answer(run, zk_client_factory, zk_proxy):
    """Opening without a connection raises within the session timeout."""
    far = zk_client_factory(zk_proxy.hosts, timeout=0.6)
    zk_proxy.refuse()
    zk_proxy.cut()
    wait_until(lambda: not far.connected)

    async def main():
        async with Node(far, "/price"):
            pytest.fail("the body ran")

    with pytest.raises((NotConnectedError, ClientUnusableError)):
        run(main)


def test_faces_see_each_other(run, zk, other):
    """What one face writes, the other shows."""

    async def main():
        async with Node(zk, "/price", default=1) as price:
            theirs = await asyncio.to_thread(BlockingNode, other, "/price")
            await price.set(7)
            await asyncio.to_thread(wait_until, lambda: theirs.value == 7)
            await asyncio.to_thread(theirs.close)

    run(main)
