"""What the server grants may be another timeout at each connection; and other slow surprises."""

import threading

import pytest

from tests.locks.support import FOLDER, NAME, has_stopped, waiting
from zktools.locks import Reason, ZkLock
from zktools.testing import Op, Proxy, Server, wait_until

pytestmark = pytest.mark.usefixtures("installed_zookeeper")

LESS = 4.0  # seconds
MORE = 60.0
#: kazoo would look for a server that takes long to start ever less often.
OFTEN = {"max_tries": -1, "delay": 0.1, "backoff": 1, "max_jitter": 0.1}


@pytest.fixture
def zk_server():
    """A server that grants what it is asked for, until it is told otherwise."""
    with Server() as server:
        yield server


@pytest.fixture
def held(zk_client_factory, zk_server, zk_hosts):
    """A lease that is held, by a client behind a proxy, after the server came to grant less."""
    with Proxy(zk_hosts) as proxy:
        client = zk_client_factory(proxy.hosts, timeout=MORE, connection_retry=OFTEN)
        lock = ZkLock(client, NAME)
        lock.acquire()
        states = []
        client.add_listener(states.append)
        proxy.refuse()  # a server that starts may let a client in, and forget to answer it
        zk_server.restart(max_session_timeout=LESS)
        proxy.heal()
        wait_until(lambda: states[-1:] == ["CONNECTED"] and lock.lease.is_held, 15)
        yield lock.lease, client, proxy


@pytest.mark.slow
@pytest.mark.usefixtures("wire")
def test_a_lease_follows_what_is_granted(held, zk):
    """A server that came to grant less gives the lock away by that; the holder has stopped by then.

    The client has other things to ask all the time, so that kazoo does not look at its pings.
    """
    lease, client, proxy = held
    over = threading.Event()

    def talk():
        while not over.wait(0.02):
            client.exists_async("/")

    talker = threading.Thread(target=talk)
    talker.start()
    try:
        wait_until(lambda: zk.connected)
        task = waiting(zk, zk, ZkLock(zk, NAME), timeout=30)
        proxy.swallow()
        wait_until(lambda: task.is_over, 20)
        has_stopped(lease)
        assert task.result().is_held
    finally:
        over.set()
        talker.join()


@pytest.mark.slow
@pytest.mark.usefixtures("wire")
def test_a_healthy_lease_is_renewed_by_what_is_granted(held):
    """No time is lost by what was granted before: it goes on."""
    lease, _, _ = held
    assert not lease.lost.wait(1.5 * LESS)
    assert lease.is_held


@pytest.mark.slow
@pytest.mark.usefixtures("wire")
def test_another_node_under_the_same_name(zk, zk_client_factory, zk_proxy):
    """Deleted and made again while the holder was cut off: lost, though the name is there."""
    far = zk_client_factory(zk_proxy.hosts, timeout=8.0)
    lock = ZkLock(far, NAME)
    lock.acquire()
    lease = lock.lease
    zk_proxy.refuse()
    zk_proxy.cut()
    wait_until(lambda: not lease.is_held)
    both = zk.transaction()
    both.delete(lease.path)
    both.create(lease.path, b"0", ephemeral=True)
    both.commit()
    zk_proxy.heal()

    assert lease.lost.wait(5)
    has_stopped(lease)
    assert lease.reason is Reason.DESTROYED
    assert not lease.exists()
    assert zk.exists(lease.path)  # it is not ours to delete


@pytest.mark.slow
def test_another_node_before_the_watch_is_armed(zk, zk_client_factory, zk_proxy, wire):
    """The same within the first milliseconds of a hold, when its node is not watched yet."""
    far = zk_client_factory(zk_proxy.hosts, timeout=8.0)
    zk.ensure_path(FOLDER)
    lock = ZkLock(far, NAME)
    arming = zk_proxy.hold_request(Op.SET_WATCHES if wire == "private" else Op.GET_DATA)
    lock.acquire()
    arming.wait()
    both = zk.transaction()
    both.delete(lock.lease.path)
    both.create(lock.lease.path, b"0", ephemeral=True)
    both.commit()
    arming.release()

    assert lock.lease.lost.wait(5)
    assert lock.lease.reason is Reason.DESTROYED


def test_a_reason_does_not_go_back(zk, zk_client_factory):
    """Destroyed is destroyed: a request to let go that is read later does not change it."""
    lock = ZkLock(zk_client_factory(), NAME)
    lock.acquire()
    zk.delete(lock.lease.path)
    assert lock.lease.lost.wait(5)
    hold = lock.lease._hold
    over = threading.Event()
    lock._session.engine.post(lambda: (hold.ask(), over.set()))
    assert over.wait(5)
    assert lock.lease.reason is Reason.DESTROYED
