"""A leader that was deposed and does not know: what it says alone proves nothing.

Its links to the other members are half-open: they have elected another, it has heard nothing, and
goes on answering reads and syncs, and letting clients in. The victim's client sees no fault at all.
"""

import pytest

from tests.locks.support import NAME, Task, grab, has_stopped, queue, wait_for_queue
from zktools.locks import ZkLock
from zktools.testing import Ensemble, Op, Proxy, wait_until

pytestmark = pytest.mark.usefixtures("installed_zookeeper")

TIMEOUT = 2.0  # seconds; the leader misses its followers after 8 s only


@pytest.fixture(scope="module")
def cabled():
    """Three servers whose links to each other can be cut."""
    with Ensemble(cables=True, options={"syncLimit": 40}) as ensemble:
        yield ensemble


@pytest.fixture
def leader(cabled):
    """Who leads, and may be deposed; afterwards all is mended."""
    yield cabled.leader()
    cabled.heal()


@pytest.fixture
def zk_hosts(cabled, leader):
    """Whoever is not told otherwise is connected to those who go on."""
    return ",".join(member.hosts for member in cabled if member is not leader)


@pytest.fixture
def near_leader(leader):
    """The way to the leader, which can be cut."""
    with Proxy(leader.hosts) as proxy:
        yield proxy


@pytest.fixture
def victim(zk, zk_client_factory, near_leader):
    """A client that is connected to the leader, and to nobody else."""
    return zk_client_factory(near_leader.hosts, timeout=TIMEOUT)


@pytest.fixture
def waiting_rival(zk, zk_client_factory):
    """A function: let a rival queue, at those who go on, behind the holder; its task."""

    def queue_up():
        client = zk_client_factory(timeout=TIMEOUT)
        before = len(queue(zk))
        task = Task(client, grab, ZkLock(client, NAME), timeout=30)
        wait_for_queue(zk, before + 1)
        return task

    return queue_up


@pytest.mark.slow
@pytest.mark.usefixtures("wire")
@pytest.mark.zk_handlers("threading", "gevent")
def test_it_does_not_prove_a_hold(leader, victim, waiting_rival):
    """The holder has stopped when the rival is granted the lock.

    Proofs by sync, run: both believed, until the leader had missed its followers.
    """
    lock = ZkLock(victim, NAME)
    lock.acquire()
    lease = lock.lease
    task = waiting_rival()
    leader.isolate(half_open=True)

    wait_until(lambda: task.is_over, 30)
    has_stopped(lease)
    assert task.result().is_held


@pytest.mark.slow
@pytest.mark.usefixtures("wire")
def test_a_new_connection_to_it_is_no_proof(leader, victim, near_leader, waiting_rival):
    """Back in the same session at the deposed leader, its node before its eyes: not held."""
    lock = ZkLock(victim, NAME)
    lock.acquire()
    lease = lock.lease
    task = waiting_rival()
    leader.isolate(half_open=True)
    states = []
    victim.add_listener(states.append)
    near_leader.cut()
    wait_until(lambda: states[-2:] == ["SUSPENDED", "CONNECTED"])
    while not task.is_over:
        assert not lease.is_held
    has_stopped(lease)


@pytest.mark.slow
def test_it_does_not_say_that_the_lock_is_held(leader, victim, zk):
    """`has_lock` asks more than one server."""
    lock = ZkLock(victim, NAME)
    lock.acquire()
    assert lock.has_lock()
    leader.isolate(half_open=True)
    zk.retry(zk.delete, lock.lease.path)
    assert not lock.has_lock()


@pytest.mark.slow
def test_it_does_not_say_that_a_node_was_never_made(
    cabled, leader, zk, zk_hosts, zk_client_factory, near_leader
):
    """The reply to a create is lost, and the deposed leader lists the queue without its node.

    Who takes its word for it makes another node, and the first blocks the queue.
    """
    zk.ensure_path("/ZktoolsLocks/" + NAME)
    with Proxy(zk_hosts) as others:
        near_leader.refuse()
        client = zk_client_factory(f"{others.hosts},{near_leader.hosts}", timeout=20.0)
        leader.isolate(half_open=True)
        wait_until(lambda: client.connected and zk.connected)
        zk.retry(zk.exists, "/")  # they have a leader again
        others.on_reply(lambda _: (near_leader.heal(), others.refuse()), Op.CREATE2)
        others.drop_reply(Op.CREATE2)
        lock = ZkLock(client, NAME)
        task = Task(client, grab, lock, timeout=30)
        wait_until(lambda: near_leader.requests, 15)
        others.heal()
        cabled.heal()
        lease = task.result(30)
        assert lease.is_held
        assert queue(zk) == [lease.path.rpartition("/")[2]]
