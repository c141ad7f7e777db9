"""Servers that grant a shorter session than the client asked for, which kazoo does not tell."""

import pytest

from tests.locks.support import FOLDER, NAME, has_stopped, waiting
from zktools.locks import ZkLock
from zktools.testing import Op, Server, wait_until

GRANTED = 0.8  # seconds
ASKED = 10.0


@pytest.fixture(scope="module")
def strict_server():
    """A server that grants no more than that."""
    with Server(max_session_timeout=GRANTED) as server:
        yield server


@pytest.fixture
def zk_hosts(strict_server):
    """Clients of these tests connect to it."""
    return strict_server.hosts


@pytest.fixture(params=["found out", "told"])
def more(request, monkeypatch):
    """Say nothing; or, where it cannot be found out, say it with `session_timeout`."""
    if request.param == "found out":
        return {}
    monkeypatch.setenv("ZKTOOLS_PUBLIC_ONLY", "1")
    return {"session_timeout": GRANTED}


@pytest.mark.parametrize("when", ["at once", "later"])
def test_cut_off(zk, zk_client_factory, zk_proxy, more, when):
    """The timeout that counts is the server's, from the first moment of the hold on."""
    far = zk_client_factory(zk_proxy.hosts, timeout=ASKED)
    zk.ensure_path(FOLDER)
    lock = ZkLock(far, NAME, **more)
    if when == "at once":
        zk_proxy.on_request(lambda _: zk_proxy.swallow(), Op.SET_WATCHES, Op.GET_DATA)
        lock.acquire()
        zk_proxy.swallow()
        task = waiting(zk, zk, ZkLock(zk, NAME), timeout=8)
    else:
        lock.acquire()
        task = waiting(zk, zk, ZkLock(zk, NAME), timeout=8)
        wait_until(lambda: zk_proxy.requests[Op.MULTI])
        zk_proxy.swallow()

    wait_until(lambda: task.is_over)
    has_stopped(lock.lease)
    assert task.result().is_held
    zk_proxy.heal()


@pytest.mark.slow
def test_a_hold_goes_on(zk_client_factory, more):
    """The proof is renewed by the timeout that counts, not by the one that was asked for."""
    client = zk_client_factory(timeout=ASKED)
    with ZkLock(client, "patient"), ZkLock(client, NAME, **more) as lease:
        assert not lease.lost.wait(2 * GRANTED)
        assert lease.is_held
