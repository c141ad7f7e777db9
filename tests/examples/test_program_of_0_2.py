"""A program as one wrote it for zktools 0.2, with only the import of its client changed."""

import decimal
import threading
from datetime import datetime

import pytest

# 0.2: from zc.zk import ZooKeeper
from zktools.locking import IMMEDIATE, ZkLock, ZkReadLock, ZkWriteLock
from zktools.node import ZkNode, ZkNodeDict
from zktools.testing import wait_until


@pytest.fixture
def conn(zk):
    """What was ``ZooKeeper("127.0.0.1:2181")``."""
    return zk


def test_nodes(conn):
    """A node is made with its default, follows data and children, and reads what it wrote."""
    node = ZkNode(conn, "/app_status", default=0)
    assert node.value == 0
    for value in (
        12,
        "text",
        True,
        None,
        decimal.Decimal("1.5"),
        datetime(2012, 2, 3, 4, 5, 6, 7),  # noqa: DTZ001 - 0.2 knew no time zones
    ):
        node.value = value
        assert node.value == value

    seen, told = [], threading.Event()

    @node.children
    def watch_children(children):
        seen.append(sorted(children))
        if seen[-1] == ["worker"]:
            told.set()

    conn.create("/app_status/worker")
    assert told.wait(10)
    assert seen[0] == []
    assert node.connected
    assert node.last_modified


def test_json_nodes(conn):
    """With use_json, dictionaries and lists are kept as JSON."""
    node = ZkNode(conn, "/app_config", default={"pool": 5}, use_json=True)
    assert node.value == {"pool": 5}


def test_dictionaries_of_nodes(conn):
    """One level of children as a dictionary; deleting returns when the local view shows it."""
    settings = ZkNodeDict(conn, "/settings/of/the/app")
    settings["workers"] = 4
    assert settings["workers"] == 4
    assert conn.get("/settings/of/the/app/workers")[0] == b"4"
    del settings["workers"]
    assert "workers" not in settings
    with pytest.raises(KeyError):
        settings["workers"]


def test_locks(conn, zk_client_factory):
    """Acquire, release, ask, destroy, look, clear, as the page of 0.2 showed them."""
    other = zk_client_factory()
    my_lock = ZkLock(conn, "my_lock_name")
    with my_lock:
        assert my_lock.has_lock()
        assert not ZkLock(other, "my_lock_name").acquire(timeout=0)
    assert not my_lock.has_lock()

    reader, writer = ZkReadLock(conn, "shared"), ZkWriteLock(other, "shared")
    assert reader.acquire(timeout=5) is True
    assert writer.acquire(timeout=0.2, revoke=True) is False
    assert reader.revoked
    assert reader.release() is True
    assert writer.acquire(timeout=5, revoke=True) is True

    assert reader.acquire(timeout=5, revoke=IMMEDIATE) is True
    wait_until(lambda: writer.revoked)
    assert writer.release() is False
    assert reader.revoke_all() is True
    reader.clear()
    assert reader.release() is False
    assert reader.connected
