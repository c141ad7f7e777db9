"""Servers that have lost their quorum and answer reads only."""

import time

import pytest

from tests.locks.support import NAME, Task, grab
from zktools import NodeDict, ZkLock
from zktools.exceptions import NotConnectedError, OutcomeUnknownError
from zktools.testing import Ensemble, wait_until

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def without_quorum():
    """A function: kill two of three, so that the third takes reads only."""
    with Ensemble(
        jvm_options={"readonlymode.enabled": "true"},
        options={"localSessionsEnabled": "true", "localSessionsUpgradingEnabled": "true"},
    ) as ensemble:
        yield ensemble


@pytest.fixture
def zk_hosts(without_quorum):
    """Clients of these tests connect to it."""
    without_quorum.heal()
    return without_quorum.hosts


@pytest.fixture
def reader(zk_client_factory):
    """A client that takes a server without a quorum, too."""
    return zk_client_factory(timeout=6, read_only=True)


def lose_quorum(ensemble, client):
    """Return once the client is connected to the server that is left."""
    leader = ensemble.leader()
    leader.kill()
    next(member for member in ensemble if member is not leader).kill()
    wait_until(lambda: client.client_state == "CONNECTED_RO", 30)


@pytest.mark.slow
@pytest.mark.timeout(120)
def test_a_server_that_takes_reads_only(without_quorum, zk, reader):
    """For a lock it is as if there were none; values are there, and go on later.

    Who holds a lock never gets there: such a server takes no session that owns a node.
    """
    zk.ensure_path("/d")
    zk.create("/d/k", b"1")
    values = NodeDict(reader, "/d")
    assert ZkLock(zk, NAME).acquire(timeout=10)
    lose_quorum(without_quorum, reader)
    lock = ZkLock(reader, NAME)

    began = time.monotonic()
    assert not lock.acquire(timeout=0.5)
    assert 0.5 <= time.monotonic() - began < 2
    assert not lock.acquire(timeout=0)
    assert not lock.connected
    with pytest.raises(NotConnectedError, match="quorum") as caught:
        lock.revoke_all()
    assert not isinstance(caught.value, OutcomeUnknownError)
    assert values.connected
    assert values == {"k": 1}

    task = Task(reader, grab, ZkLock(reader, "free"), timeout=60)
    without_quorum.heal()
    assert task.result(60).is_held
    zk.retry(zk.set, "/d/k", b"2")
    wait_until(lambda: values == {"k": 2})
