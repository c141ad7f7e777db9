"""Sessions that end while waiting, in the middle of acquiring, and clients that are stopped."""

import time

import pytest

from tests.locks.faces import ZkLock
from tests.locks.support import FOLDER, NAME, Task, grab, queue, wait_for_queue, waiting
from zktools._engine.session import session_of
from zktools.exceptions import ClientUnusableError
from zktools.testing import Op, expire_session, wait_until


@pytest.mark.usefixtures("wire")
@pytest.mark.every_face
class TestWaiting:
    """What a waiter does when its session ends, or its client is stopped."""

    def test_it_queues_again_at_once(self, zk, zk_client_factory, lock):
        """A waiter whose session ended is back in the queue, in a new one, long before its turn."""
        client = zk_client_factory(timeout=1.0)
        lock.acquire()
        task = waiting(zk, client, ZkLock(client, NAME))
        old = queue(zk)[1]
        expire_session(client)

        wait_until(lambda: len(queue(zk)) == 2 and queue(zk)[1] != old)
        assert not task.is_over
        lock.release()
        lease = task.result()
        assert lease.is_held
        assert lease.session_id == client.client_id[0]
        assert len(queue(zk)) == 1

    def test_those_behind_it_move_up(self, zk, zk_client_factory, lock, other, rival):
        """Who waited behind it has its turn first; it comes after them."""
        client = zk_client_factory(timeout=1.0)
        lock.acquire()
        first = waiting(zk, client, ZkLock(client, NAME))
        second = waiting(zk, other, rival)
        old = queue(zk)[1]
        expire_session(client)
        wait_until(lambda: len(queue(zk)) == 3 and old not in queue(zk))
        lock.release()
        second.result().release()
        assert first.result().is_held

    def test_its_deadline_stays(self, zk, zk_client_factory, lock):
        """Queueing again does not give it more time."""
        client = zk_client_factory(timeout=1.0)
        lock.acquire()
        began = time.monotonic()
        task = waiting(zk, client, ZkLock(client, NAME), timeout=0.5)
        expire_session(client)
        assert task.result() is None
        assert time.monotonic() - began < 0.9
        wait_for_queue(zk, 1)

    def test_the_client_is_stopped(self, zk, zk_client_factory, lock):
        """Stopping its client is an error at once, whatever time is left."""
        client = zk_client_factory()
        lock.acquire()
        task = waiting(zk, client, ZkLock(client, NAME))
        began = time.monotonic()
        client.stop()
        with pytest.raises(ClientUnusableError, match="stopped"):
            task.result()
        assert time.monotonic() - began < 1
        wait_for_queue(zk, 1)

    def test_the_client_is_restarted(self, zk, zk_client_factory, lock):
        """restart() is a stop for those who wait; afterwards the lock can be acquired again."""
        client = zk_client_factory()
        waiter = ZkLock(client, NAME)
        lock.acquire()
        task = waiting(zk, client, waiter)
        client.restart()
        with pytest.raises(ClientUnusableError):
            task.result()
        wait_for_queue(zk, 1)
        lock.release()
        assert waiter.acquire(timeout=5)


def test_a_restart_is_no_giving_up(zk, zk_client_factory, lock):
    """Who waits hears that somebody stopped the client, even when it runs again by then."""
    client = zk_client_factory()
    lock.acquire()
    task = waiting(zk, client, ZkLock(client, NAME))
    held_up = client.handler.event_object()
    session_of(client).engine.post(held_up.wait, 10)
    client.restart()
    held_up.set()
    with pytest.raises(ClientUnusableError, match="was stopped"):
        task.result()


@pytest.mark.usefixtures("wire")
@pytest.mark.every_face
class TestHolding:
    """What becomes of a hold when its client is stopped."""

    def test_the_client_is_stopped(self, zk_client_factory, rival):
        """The lease is lost, and says so; the lock is free."""
        client = zk_client_factory()
        lock = ZkLock(client, NAME)
        lock.acquire()
        client.stop()
        lock.lease.lost.wait(5)
        assert lock.lease.lost.is_set()
        assert lock.revoked
        assert not lock.lease.is_held
        assert rival.acquire(timeout=5)

    def test_the_client_is_restarted(self, zk_client_factory, zk):
        """The old lease stays dead in the new session, and the object can acquire again."""
        client = zk_client_factory()
        lock = ZkLock(client, NAME)
        lock.acquire()
        lease = lock.lease
        client.restart()
        wait_until(lease.lost.is_set)
        assert lock.acquire(timeout=5)
        assert not lease.is_held
        assert lock.lease.is_held
        assert len(queue(zk)) == 1


@pytest.mark.slow
def test_the_server_is_restarted(zk, zk_server, zk_client_factory):
    """A server that crashes and comes back: the hold goes on or is lost, and so does the queue.

    Whether sessions survive is up to how soon kazoo reaches the new server.
    """
    holder, waiter = zk_client_factory(timeout=2.0), zk_client_factory(timeout=2.0)
    lock = ZkLock(holder, NAME)
    lock.acquire()
    task = waiting(zk, waiter, ZkLock(waiter, NAME), timeout=15)
    zk_server.restart()
    wait_until(lambda: lock.lease.is_held or lock.lease.lost.is_set())
    assert not task.is_over or lock.lease.lost.is_set()
    lock.release()
    assert task.result(15).is_held


MOMENTS = [
    ("request", Op.CREATE2),
    ("reply", Op.CREATE2),
    ("request", Op.GET_CHILDREN),
    ("reply", Op.GET_CHILDREN),
    ("request", Op.SET_WATCHES),
    ("reply", Op.SET_WATCHES),
    ("request", Op.GET_DATA),
    ("reply", Op.GET_DATA),
]


def happens(moment, wire):
    """Whether there is such a moment: watches are armed by one kind of request or by the other."""
    absent = Op.GET_DATA if wire == "private" else Op.SET_WATCHES
    return moment[1] is not absent


def expire_at(proxy, client, hosts, moment):
    """End the client's session at the first frame of this kind."""
    kind, op = moment
    session = client.client_id
    done = []

    def once(_):
        if not done:
            done.append(True)
            expire_session(client, hosts=hosts, client_id=session)

    (proxy.on_request if kind == "request" else proxy.on_reply)(once, op)
    return done


@pytest.mark.parametrize("moment", MOMENTS, ids=lambda m: f"{m[0]}-{m[1].name}")
def test_expiry_at_any_moment_of_an_acquire(wire, zk, far, far_lock, zk_proxy, zk_hosts, moment):
    """Whenever the session ends: held in the new session with one node, or known to be lost."""
    zk.ensure_path(FOLDER)
    if not happens(moment, wire):
        pytest.skip("this way of acquiring has no such moment")
    before = far.client_id[0]
    done = expire_at(zk_proxy, far, zk_hosts, moment)
    assert far_lock.acquire(timeout=8)
    lease = far_lock.lease
    wait_until(lambda: done)
    wait_until(lambda: (far.client_id or [before])[0] != before)
    wait_until(lambda: lease.lost.is_set() or lease.is_held)
    assert lease.is_held == (lease.session_id != before)
    if lease.lost.is_set():
        assert queue(zk) == []
        assert far_lock.acquire(timeout=8)
    assert queue(zk) == [far_lock.lease.path.rpartition("/")[2]]
    assert far_lock.lease.session_id == zk.exists(far_lock.lease.path).ephemeralOwner
    far_lock.release()
    wait_for_queue(zk, 0)


@pytest.mark.parametrize("moment", MOMENTS, ids=lambda m: f"{m[0]}-{m[1].name}")
def test_expiry_at_any_moment_of_a_wait(wire, zk, lock, far, far_lock, zk_proxy, zk_hosts, moment):
    """Whenever the session ends: the waiter queues again, with one node, and gets its turn."""
    if not happens(moment, wire):
        pytest.skip("this way of acquiring has no such moment")
    before = far.client_id[0]
    lock.acquire()
    done = expire_at(zk_proxy, far, zk_hosts, moment)
    task = Task(far, grab, far_lock, timeout=8)
    wait_until(lambda: done)
    wait_until(lambda: (far.client_id or [before])[0] != before)
    wait_for_queue(zk, 2)
    assert not task.is_over
    lock.release()
    lease = task.result()
    wait_until(lambda: lease.is_held)
    assert queue(zk) == [lease.path.rpartition("/")[2]]
