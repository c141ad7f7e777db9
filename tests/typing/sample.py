"""A program as users write it, for type checkers: it is checked, and never run.

Lines that are wrong on purpose are marked for both checkers, which complain where the mark is not
needed.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, assert_type

from kazoo.client import KazooClient

from zktools import (
    IMMEDIATE,
    Configuration,
    Election,
    Group,
    Lease,
    Node,
    NodeDict,
    Partitions,
    ZkLock,
    ZkMultiLock,
    ZkReadLock,
    ZkSemaphore,
    aio,
    hooks,
)
from zktools.configuration import from_environment
from zktools.contenders import Contender
from zktools.election import End, Leader, Term
from zktools.group import Membership
from zktools.lease import FencedTransaction
from zktools.locks import Reason
from zktools.node import Changes
from zktools.partitions import Owner
from zktools.values import Json, Text


def locks(zk: KazooClient) -> None:
    """What is held is a lease; what acquire answers is a bool."""
    lock = ZkLock(zk, "report", identifier="me", reentrant=True)
    assert_type(lock.acquire(5, True, grace=1.5), bool)
    assert_type(lock.acquire(revoke=IMMEDIATE), bool)
    assert_type(lock.lease, Lease | None)
    assert_type(lock.contenders(), list[Contender])
    with lock as lease:
        assert_type(lease, Lease)
    with ZkReadLock(zk, "report")(timeout=5, revoke=True) as lease:
        assert_type(lease.token, int)
        assert_type(lease.is_held, bool)
        assert_type(lease.reason, Reason | None)
        with lease.transaction() as t:
            assert_type(t, FencedTransaction)
            t.set_data("/report", b"done")

    lock.acquire("5")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    lock.acquire(revoke="yes")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    lock.lease.token  # type: ignore[union-attr]  # pyright: ignore[reportOptionalMemberAccess]  # noqa: B018


def callbacks(lock: ZkLock) -> None:
    """Decorators give back the function they were given."""

    @lock.on_revoke
    def let_go(lease: Lease, reason: Reason) -> int:
        return lease.token if reason is Reason.ASKED else 0

    returns_int: Callable[[Lease, Reason], int] = let_go
    print(returns_int)

    @hooks.observe
    def count(event: hooks.Event) -> float:
        return event.seconds

    count(hooks.Event("waited", "/x", 0.1, "granted")).is_integer()

    def too_few(lease: Lease) -> None:
        print(lease)

    lock.on_revoke(too_few)  # type: ignore[type-var]  # pyright: ignore[reportArgumentType]


def nodes(zk: KazooClient) -> None:
    """A node has the type of its default or of its codec."""
    price = Node(zk, "/price", default=1)
    assert_type(price, Node[int])
    assert_type(price.value, int)
    assert_type(price.update(lambda value: value + 1), int)
    price.value = 3
    price.value = "3"  # type: ignore[assignment]  # pyright: ignore[reportAttributeAccessIssue]

    assert_type(Node(zk, "/title", codec=Text()), Node[str])
    assert_type(Node(zk, "/anything").value, Any)
    declared: Node[Decimal] = Node(zk, "/rate")
    assert_type(declared.value, Decimal)
    assert_type(price.exists, bool)
    assert_type(price.version, int | None)
    assert_type(iter(price.children), Iterator[str])

    @price.subscribe
    def show(value: int) -> str:
        return str(value)

    show(3).upper()


def dictionaries(zk: KazooClient) -> None:
    """A dictionary of nodes is a mutable mapping of str to one type."""
    rates: NodeDict[float] = NodeDict(zk, "/rates")
    assert_type(rates["eur"], float)
    assert_type(rates.get("eur"), float | None)
    assert_type(rates.pop("eur", 0.0), float)
    rates.update({"usd": 1.1})
    rates[1] = 1.0  # type: ignore[index]  # pyright: ignore[reportArgumentType]
    assert_type(NodeDict(zk, "/titles", codec=Text())["a"], str)

    @rates.subscribe
    def follow(changes: Changes[float]) -> None:
        for key, (before, now) in changes.changed.items():
            print(key, now - before)

    follow(Changes({}, {}, {}))


@dataclass
class Shop:
    """A schema."""

    pool: int


def configuration(zk: KazooClient) -> None:
    """Values of a configuration may be anything; what is around them is typed."""
    config = Configuration(zk, "/config/shop", defaults={"db": {"pool": 5}}, codec=Json())
    assert_type(config.store({"db": {"pool": 10}}, version=config.load().version), int)
    assert_type(dict(config), dict[str, Any])

    @config.subscribe("db")
    def follow(changes: Changes[Any]) -> None:
        print(changes.keys)

    follow(Changes({}, {}, {}))

    anything: Configuration = config
    assert_type(anything["db/pool"], Any)
    assert_type(config.model, None)

    shop = Configuration(zk, "/config/shop", overrides=from_environment("SHOP_"), schema=Shop)
    assert_type(shop, Configuration[Shop])
    assert_type(shop.model.pool, int)
    assert_type(shop["pool"], Any)
    shop.model.size  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue]  # noqa: B018
    Configuration(zk, "/config", schema=3)  # type: ignore[call-overload]  # pyright: ignore[reportArgumentType, reportCallIssue]


def fleets(zk: KazooClient) -> None:
    """The recipes on the queue: what they give is a lease, or says so."""
    slots = ZkSemaphore(zk, "slots", permits=8)
    assert_type(slots.acquire(timeout=5, weight=3), bool)
    with slots(weight=2, timeout=1) as lease:
        assert_type(lease, Lease)
    with ZkMultiLock([ZkLock(zk, "a"), (slots, 2)])(timeout=5) as lease:
        assert_type(lease.token, int)

    election = Election(zk, "scheduler")
    with election.lead(timeout=5, data={"port": 80}) as term:
        assert_type(term, Term)
        assert_type(term.hand_over("lock-x-0000000001"), bool)
    assert_type(election.run(lambda term: term.token), End)
    assert_type(election.leader, Leader | None)
    assert_type(election.candidates(), list[Contender])

    group = Group(zk, "/workers")
    with group.join("me", {"port": 80}) as me:
        assert_type(me, Membership)
        assert_type(group.wait_for(3, timeout=5), dict[str, Any])
    assert_type(group.members, dict[str, Any])

    partitions = Partitions(zk, "/shards", ["a", "b"], weight=2, moving=3, grace=30)

    @partitions.on_revoked
    def let_go(item: str, lease: Lease) -> str:
        return f"{item} {lease.token}"

    let_go("a", lease).upper()
    with partitions as started:
        assert_type(started, Partitions)
        assert_type(started.mine, dict[str, Lease])
        assert_type(started.owners(), dict[str, Owner | None])
    partitions.items = ["a"]
    Partitions(zk, "/shards", [1])  # type: ignore[list-item]  # pyright: ignore[reportArgumentType]


async def awaiting(zk: KazooClient) -> None:
    """The awaiting face: what is acquired is a lease, and what is read needs no await."""
    lock = aio.ZkWriteLock(zk, "report", identifier="me")
    assert_type(await lock.acquire(timeout=5, revoke=True, grace=1.5), aio.Lease | None)
    assert_type(await lock.contenders(), list[Contender])
    async with lock as lease:
        assert_type(lease, aio.Lease)
    async with lock(timeout=5, on_loss="flag") as lease:
        assert_type(lease.token, int)
        assert_type(await lease.release(), bool)
        await lease.lost.wait()
        async with lease.transaction() as t:
            assert_type(t, aio.FencedTransaction)
            t.set_data("/report", b"done")

    @lock.on_revoke
    async def let_go(lease: aio.Lease, reason: Reason) -> None:
        await lease.release()

    await let_go(lease, Reason.ASKED)
    async with aio.client("127.0.0.1:2181", timeout=5.0):
        pass
    async with aio.Node(zk, "/price", 1) as price:
        assert_type(price.value, int)
        assert_type(await price.update(lambda value: value + 1), int)
        async for value in price:
            assert_type(value, int)
    async with aio.NodeDict(zk, "/notes", codec=Text()) as notes:
        assert_type(notes["a"], str)
        assert_type(await notes.pop("a", None), str | None)
        async for changes in notes:
            assert_type(changes, Changes[str])
    async with aio.Configuration(zk, "/shop", schema=Shop) as config:
        assert_type(config.model, Shop)
        assert_type(await config.store({"a": 1}), int)

    async with aio.ZkSemaphore(zk, "slots")(timeout=5, weight=2) as lease:
        assert_type(lease, aio.Lease)
    async with aio.ZkMultiLock([lock, (aio.ZkSemaphore(zk, "slots"), 2)])(timeout=5) as lease:
        assert_type(lease, aio.Lease)
    async with aio.Election(zk, "scheduler").lead(timeout=5) as term:
        assert_type(term, aio.Term)
    async with aio.Group(zk, "/workers") as group, group.join("me") as me:
        assert_type(me, aio.Membership)
    async with aio.Partitions(zk, "/shards", ["a"]) as partitions:
        assert_type(partitions.mine, dict[str, aio.Lease])
        async for change in partitions:
            assert_type(change, aio.Assigned | aio.Revoked)

    lock(on_loss="stop")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    await lock.acquire("5")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    (await lock.acquire()).token  # type: ignore[union-attr]  # pyright: ignore[reportOptionalMemberAccess]  # noqa: B018
