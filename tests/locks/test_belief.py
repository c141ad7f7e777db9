"""Never two believers: who cannot prove to hold the lock does not believe it.

Whenever somebody else comes to hold the lock, the one before has stopped believing by then:
`is_held` is False, `revoked` True, `lost` set.
"""

import threading
import time

import pytest

from tests.locks.faces import ZkLock, ZkReadLock, ZkWriteLock
from tests.locks.support import FOLDER, NAME, has_stopped, queue, waiting
from zktools._engine.life import SAFE
from zktools.exceptions import LockLost
from zktools.locks import IMMEDIATE, Reason
from zktools.testing import Op, expire_session, wait_until


@pytest.fixture
def far(zk_client_factory, zk_proxy):
    """A client behind the proxy, with a short session."""
    return zk_client_factory(zk_proxy.hosts, timeout=0.8)


@pytest.fixture(params=["quiet", "busy"])
def chatter(request):
    """Let a client send requests all the time, in the busy variant: kazoo then never pings."""
    over = threading.Event()
    talkers = []

    def talk(client):
        while not over.wait(0.01):
            client.exists_async("/")

    def start(client):
        if request.param == "busy":
            talkers.append(threading.Thread(target=talk, args=(client,)))
            talkers[-1].start()

    yield start
    over.set()
    for talker in talkers:
        talker.join()


@pytest.mark.parametrize("way", ["both", "to_server"])
@pytest.mark.usefixtures("wire")
def test_in_a_black_hole(zk, far, far_lock, other, zk_proxy, chatter, way):
    """A holder that is cut off without being told stops before the server gives the lock away.

    kazoo's Lock, run: a rival acquired after 1.1 s, and `is_acquired` stayed True.
    """
    far_lock.acquire()
    lease = far_lock.lease
    reasons = []
    far_lock.on_revoke(lambda _, reason: reasons.append(reason))
    chatter(far)
    task = waiting(zk, other, ZkLock(other, NAME), timeout=8)
    zk_proxy.swallow(way)

    wait_until(lambda: task.is_over)
    has_stopped(lease)
    assert task.result().is_held
    assert lease.reason is Reason.SESSION_LOST
    wait_until(lambda: reasons == [Reason.SESSION_LOST])

    zk_proxy.heal()
    wait_until(lambda: far.connected)
    has_stopped(lease)
    assert far_lock.release() is False
    assert task.result().is_held
    assert queue(zk) == [task.result().path.rpartition("/")[2]]


def test_when_no_answer_comes_back(zk, far, far_lock, other, zk_proxy, chatter):
    """Requests arrive, answers do not: the holder stops in time although its session lives on."""
    far_lock.acquire()
    lease = far_lock.lease
    chatter(far)
    task = waiting(zk, other, ZkLock(other, NAME), timeout=8)
    began = time.monotonic()
    zk_proxy.swallow("to_client")
    wait_until(lease.lost.is_set)
    assert time.monotonic() - began < SAFE * 0.8 + 0.3
    has_stopped(lease)

    zk_proxy.cut()  # what was swallowed is lost
    zk_proxy.heal()
    assert task.result().is_held
    has_stopped(lease)


def test_the_server_stands_still(zk_client_factory, zk_server):
    """When the server is paused nobody can take the lock; the holder stops all the same."""
    client = zk_client_factory(timeout=1.0)
    lock = ZkLock(client, NAME)
    lock.acquire()
    zk_server.pause()
    wait_until(lock.lease.lost.is_set)
    zk_server.resume()
    wait_until(lambda: client.connected)
    has_stopped(lock.lease)
    assert lock.acquire(timeout=8)


@pytest.mark.usefixtures("wire")
@pytest.mark.every_face
def test_a_short_break(zk, zk_client_factory, zk_proxy):
    """Cut off, the lock is not held at once; back in time with the session, it is held again."""
    far = zk_client_factory(zk_proxy.hosts, timeout=6.0)
    lock = ZkLock(far, NAME)
    reasons = []
    lock.on_revoke(lambda _, reason: reasons.append(reason))
    with lock as lease:
        zk_proxy.refuse()
        zk_proxy.cut()
        wait_until(lambda: not lease.is_held, 1)
        assert not lease.revoked
        with pytest.raises(LockLost, match="may come back"):
            lease.check()
        zk_proxy.heal()
        wait_until(lambda: lease.is_held)
        lease.check()
        assert not lease.revoked
        assert len(queue(zk)) == 1
    assert reasons == []


@pytest.mark.usefixtures("wire")
def test_destroyed_during_a_break(zk, other, zk_client_factory, zk_proxy):
    """A node deleted while its holder was cut off: lost as soon as the holder is back."""
    far = zk_client_factory(zk_proxy.hosts, timeout=6.0)
    lock = ZkLock(far, NAME)
    lock.acquire()
    lease = lock.lease
    zk_proxy.refuse()
    zk_proxy.cut()
    wait_until(lambda: not lease.is_held)
    rival = ZkLock(other, NAME)
    assert rival.acquire(timeout=5, revoke=IMMEDIATE)
    assert not lease.is_held

    zk_proxy.heal()
    wait_until(lease.lost.is_set)
    has_stopped(lease)
    assert lease.reason is Reason.DESTROYED
    assert rival.lease.is_held


@pytest.mark.usefixtures("wire")
@pytest.mark.every_face
def test_the_session_ends(zk_client_factory, zk, rival):
    """When the session is ended by the server the lease is dead, for good, whatever comes.

    kazoo's Lock, run: `is_acquired` stays True, and acquire() on that object hangs.
    """
    client = zk_client_factory(timeout=1.0)
    lock = ZkLock(client, NAME)
    lock.acquire()
    lease, session = lock.lease, client.client_id[0]
    expire_session(client)
    wait_until(lease.lost.is_set)
    has_stopped(lease)
    assert lease.reason is Reason.SESSION_LOST

    wait_until(lambda: client.connected and client.client_id[0] != session)
    has_stopped(lease)
    assert not lock.has_lock()
    assert lock.acquire(timeout=5)
    assert lock.lease.is_held
    has_stopped(lease)
    assert lease.release() is False
    with pytest.raises(LockLost):
        lease.transaction().commit()
    assert lock.release() is True
    assert rival.acquire(timeout=0)


@pytest.mark.parametrize("kind", [ZkReadLock, ZkWriteLock])
def test_shared_locks_too(zk, far, other, zk_proxy, kind):
    """A reader or writer that is cut off has stopped before a writer gets in."""
    held = kind(far, NAME)
    held.acquire()
    task = waiting(zk, other, ZkWriteLock(other, NAME), timeout=8)
    zk_proxy.swallow()
    wait_until(lambda: task.is_over)
    has_stopped(held.lease)


@pytest.mark.slow
@pytest.mark.every_face
def test_nothing_is_lost_without_reason(zk_client_factory):
    """On a good network a hold of several session timeouts is held all the time."""
    client = zk_client_factory(timeout=1.5)  # a busy machine may stand still for a third of it
    lock = ZkLock(client, NAME)
    with lock as lease:
        began = time.monotonic()
        while time.monotonic() - began < 3.75:
            assert lease.is_held
            lease.lost.wait(0.005)
        assert not lease.revoked


@pytest.mark.usefixtures("wire")
@pytest.mark.every_face
def test_a_turn_that_comes_after_a_long_wait(zk, zk_client_factory, lock, other, rival):
    """A waiter whose last proof of its session has grown old gets a new one before the lock."""
    client = zk_client_factory(timeout=0.8)
    lock.acquire()
    waiting(zk, other, rival, timeout=2)
    ahead = queue(zk)
    task = waiting(zk, client, ZkLock(client, NAME), timeout=8)
    old = time.monotonic() + 0.8
    wait_until(lambda: time.monotonic() > old)
    both = zk.transaction()
    for name in ahead:
        both.delete(f"{FOLDER}/{name}")
    both.commit()

    lease = task.result()
    assert lease.is_held
    assert not lease.revoked


def _keep_busy(lock):
    """Stop the engine of the lock's client until the event that this returns is set."""
    busy, enough = threading.Event(), threading.Event()
    lock._session.engine.post(lambda: (busy.set(), enough.wait(10)))
    assert busy.wait(5)
    return enough


def _drain(lock):
    """Wait until the engine of the lock's client has done all that it had to do."""
    over = threading.Event()
    lock._session.engine.post(over.set)
    assert over.wait(5)


@pytest.mark.usefixtures("wire")
def test_news_from_before_a_break_is_no_grant(zk, zk_client_factory, zk_proxy):
    """A departure that is noticed when the connection is gone already: first to see what is left.

    The engine is kept busy until the connection has broken, with the news in its queue.
    """
    far = zk_client_factory(zk_proxy.hosts, timeout=6.0)
    holder, lock = ZkLock(zk, NAME), ZkLock(far, NAME)
    holder.acquire()
    task = waiting(zk, far, lock, timeout=8)
    wait_until(lambda: far._child_watchers or far._data_watchers)
    _drain(lock)
    enough = _keep_busy(lock)
    holder.release()
    wait_until(lambda: len(lock._session.engine._items))
    zk_proxy.refuse()
    zk_proxy.cut()
    wait_until(lambda: lock._session.epoch)
    enough.set()
    _drain(lock)
    assert not task.is_over

    zk_proxy.heal()
    assert task.result().is_held


@pytest.mark.slow
def test_revoked_never_goes_back(zk, zk_client_factory, zk_proxy):
    """Once `revoked` was True it stays so, though an answer on its way proves a little more time.

    The engine is kept busy past the proof that it has, with the answer to the next one in its
    queue, as on a machine that stands still for a moment.
    """
    far = zk_client_factory(zk_proxy.hosts, timeout=3.0)
    lock = ZkLock(far, NAME)
    lock.acquire()
    lease = lock.lease
    answer = zk_proxy.hold_reply(Op.MULTI)
    answer.wait()
    enough = _keep_busy(lock)
    answer.release()
    wait_until(lambda: lease.revoked, 5)
    enough.set()

    _drain(lock)
    assert lease.revoked
    assert not lease.is_held
    wait_until(lease.lost.is_set)
