"""Configurations: reading is local; storing, waiting and following are awaited."""

import asyncio
from dataclasses import dataclass

import pytest
from kazoo.client import KazooClient
from kazoo.security import make_digest_acl

from zktools import Configuration as BlockingConfiguration
from zktools.aio import Changes, Configuration
from zktools.exceptions import (
    AccessDeniedError,
    ClientUnusableError,
    ConflictError,
    InvalidValueError,
)
from zktools.testing import wait_until
from zktools.values import Text


@dataclass
class Database:
    """A section."""

    pool_size: int = 5
    host: str = "localhost"


@dataclass
class Settings:
    """The tree."""

    db: Database


def test_it_is_stored_and_read(run, zk):
    """What was stored is shown when the call is back, of one moment."""

    async def main():
        async with Configuration(zk, "/shop", {"db": {"host": "a"}}) as config:
            assert dict(config) == {"db/host": "a"}
            version = await config.store({"db": {"pool_size": 10}})
            assert config.as_dict() == {"db": {"host": "a", "pool_size": 10}}
            assert config.version == version == config.load().version
            await config.set("db/pool_size", 20)
            with pytest.raises(ConflictError):
                await config.store({"db": {"pool_size": 30}}, version=version)
            await config.store({}, replace=True)
            assert config.load() == {}
            await config.store({"a": 1, "b": 2})
            await config.store({}, remove=["a"])
            return config.load()

    assert run(main) == {"b": 2}


def test_arguments_are_checked(run, zk):
    """As in the blocking face, and before anything is sent."""

    async def main():
        async with Configuration(zk, "/shop") as config:
            with pytest.raises(TypeError, match="version"):
                await config.store({}, version="1")
            with pytest.raises(TypeError, match="remove"):
                await config.store({}, remove="a")
            with pytest.raises(ValueError, match="key"):
                await config.set("/a/", 1)

    run(main)
    assert zk.exists("/shop") is None


def test_a_schema(run, zk):
    """The model is typed and always valid; what does not fit is not stored."""

    async def main():
        async with Configuration(zk, "/shop", {"db/host": "a"}, schema=Settings) as config:
            assert config.model == Settings(Database(5, "a"))
            with pytest.raises(InvalidValueError):
                await config.store({"db": {"pool_size": "many"}})
            await config.store({"db": {"pool_size": 7}})
            return config.model.db.pool_size

    assert run(main) == 7


def test_a_codec(run, zk):
    """As in the blocking face."""

    async def main():
        async with Configuration(zk, "/shop", codec=Text()) as config:
            await config.set("zip", "00123")
            return config["zip"]

    assert run(main) == "00123"


def test_a_history(run, zk):
    """As in the blocking face: the engine is the same."""

    async def main():
        async with Configuration(zk, "/shop", history=9, author="me") as config:
            await config.store({"a": 1, "b": 1}, note="begin")
            await config.set("a", 2)
            plan = await config.plan({"b": 2})
            await config.apply(plan, note="planned")
            assert await config.at(1) == {"a": 1, "b": 1}
            assert await config.diff(1, 2) == Changes({}, {"a": (1, 2)}, {})
            assert await config.tag("good", 1) == 1
            assert not await config.plan_rollback(3)
            await config.rollback("good", note="back")
            await config.untag("good")
            await config.keep_history(2)
            history = await config.history()
            assert (history.tags, history[0].author) == ({}, "me")
            assert [each.note for each in history] == ["back", "planned", "", "begin"]
            return config.load()

    assert run(main) == {"a": 1, "b": 1}


@pytest.mark.slow
def test_a_cache(run, zk, zk_proxy, zk_client_factory, tmp_path):
    """As in the blocking face: it starts on what was shown last, and goes live."""
    file = tmp_path / "cache"
    zk_proxy.refuse()
    away = KazooClient(zk_proxy.hosts + zk_client_factory.chroot, timeout=1.0)
    away.start_async()

    async def main():
        async with Configuration(zk, "/shop", cache=file) as config:
            await config.store({"a": 1, "b": 1})
        async with Configuration(away, "/shop", cache=file) as late:
            assert (late.stale, late.load()) == (True, {"a": 1, "b": 1})
            following = aiter(late)
            await anext(following)
            zk.set("/shop/a", b"2")
            zk_proxy.heal()
            assert await anext(following) == Changes({}, {"a": (1, 2)}, {})
            assert not late.stale

    try:
        run(main)
    finally:
        away.stop()
        away.close()


def test_waiting_for_a_value(run, zk, other):
    """At once, when it is there; when it comes; and no longer than its time."""

    async def main():
        async with Configuration(zk, "/shop") as config:
            waiting = asyncio.create_task(config.wait_for("ready", lambda value: value > 1))
            theirs = await asyncio.to_thread(BlockingConfiguration, other, "/shop")
            await asyncio.to_thread(theirs.store, {"ready": 1})
            await config.wait_for("ready")
            assert not waiting.done()
            await asyncio.to_thread(theirs.store, {"ready": 2})
            assert await waiting == 2
            with pytest.raises(TimeoutError):
                await config.wait_for("never", timeout=0.01)
            last = asyncio.create_task(config.wait_for("never"))
            await asyncio.sleep(0)
            await asyncio.to_thread(theirs.close)
        with pytest.raises(ClientUnusableError):
            await last

    run(main)


def test_following(run, zk):
    """All there is; then one batch for each store, of what is below the prefix."""

    async def main():
        async with Configuration(zk, "/shop") as config:
            await config.store({"db": {"host": "a", "port": 1}, "other": 1})
            following, everything = config.follow("db"), aiter(config)
            assert await anext(following) == Changes({"db/host": "a", "db/port": 1}, {}, {})
            assert len((await anext(everything)).added) == 3
            await config.store({"other": 2})
            await config.store({"db": {"port": 2}}, remove=["db/host"])
            assert await anext(following) == Changes({}, {"db/port": (1, 2)}, {"db/host": "a"})
            assert (await anext(everything)).keys == {"other", "db/port", "db/host"}

    run(main)


def test_before_it_is_open(run, zk):
    """Its defaults alone would pass for what is stored: an error that says what to do."""
    config = Configuration(zk, "/shop", {"a": 1})
    for look in (lambda: config["a"], lambda: len(config), config.load, lambda: config.version):
        with pytest.raises(ClientUnusableError, match="async with"):
            look()

    async def main():
        with pytest.raises(ClientUnusableError, match="async with"):
            await config.store({"a": 2})
        async with config:
            return config["a"]

    assert run(main) == 1


def test_an_acl_hides_it(run, zk, zk_client_factory):
    """What cannot be read cannot be opened: the same error as in the blocking face."""
    zk.create("/shop", acl=[make_digest_acl("root", "secret", all=True)])

    async def main():
        async with Configuration(zk, "/shop"):
            pytest.fail("the body ran")

    with pytest.raises(AccessDeniedError):
        run(main)
    zk.add_auth("digest", "root:secret")
    wait_until(lambda: zk.exists("/shop"))
    zk.delete("/shop")
