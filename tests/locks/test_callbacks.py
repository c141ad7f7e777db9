"""on_revoke: once a hold, with the reason, on a thread of its own."""

import threading

import pytest

from tests.locks.support import NAME, Calls, Task, grab, settle
from zktools.locks import Reason, ZkLock, ZkReadLock
from zktools.testing import expire_session, wait_until


def both(test):
    """Run a test under both handlers, with and without kazoo's private parts."""
    test = pytest.mark.usefixtures("wire")(test)
    return pytest.mark.zk_handlers("threading", "gevent")(test)


@both
def test_once_a_hold_at_the_first_reason(zk_client_factory, zk, rival):
    """Asked, destroyed and expired: one call for the hold, and one for the next."""
    client = zk_client_factory(timeout=1.0)
    lock = ZkLock(client, NAME)
    calls = Calls(lock)
    lock.acquire()
    rival.revoke_all()
    wait_until(lambda: lock.revoked)
    zk.delete(lock.lease.path)
    wait_until(lock.lease.lost.is_set)
    expire_session(client)
    wait_until(lambda: client.connected)
    settle(zk, lock)
    assert calls == [Reason.ASKED]

    lock.acquire(timeout=5)
    lease = lock.lease
    expire_session(client)
    wait_until(lambda: len(calls) == 2)
    assert calls[1] is Reason.SESSION_LOST
    assert lease.reason is Reason.SESSION_LOST
    assert lease.lost.is_set()


@both
def test_releasing_is_no_revocation(zk, zk_server, lock):
    """A hold that was watched, and is released, sets no event and calls nobody."""
    calls = Calls(lock)
    lock.acquire()
    lease = lock.lease
    wait_until(lambda: f"{zk.chroot}{lease.path}" in zk_server.watches())
    lock.release()
    settle(zk, lock)
    assert calls == []
    assert not lease.lost.is_set()
    assert not lease.revoked
    assert lease.reason is None


@both
def test_they_may_use_zookeeper_and_take_locks(zk, lock, rival):
    """A callback may make requests, acquire and release locks, and take its time."""
    done = []

    def busy(lease, _):
        zk.create("/seen", lease.path.encode())
        with ZkLock(zk, "another")(timeout=5) as inner:
            assert inner.is_held
        assert not lock.acquire(timeout=0)  # a thread of its own: not the holder's
        lease.release()
        assert lock.acquire(timeout=5)
        lock.release()
        done.append(True)

    lock.on_revoke(busy)
    lock.acquire()
    rival.revoke_all()
    wait_until(lambda: done)


@both
def test_one_that_fails_does_not_stop_the_others(lock, rival, caplog):
    """What a callback raises is logged with its name; the next one is called."""

    def clumsy(lease, reason):
        raise ZeroDivisionError

    lock.on_revoke(clumsy)
    calls = Calls(lock)
    lock.acquire()
    rival.revoke_all()
    wait_until(lambda: calls == [Reason.ASKED])
    assert "clumsy" in caplog.text


@both
def test_they_are_told_which_lease(zk, lock, rival):
    """Two holds of one object, by two threads: each callback gets its own lease."""
    shared = ZkReadLock(zk, NAME)
    told = []
    shared.on_revoke(lambda lease, _: told.append(lease))
    first = Task(zk, grab, shared).result()
    second = Task(zk, grab, shared).result()
    zk.delete(second.path)
    wait_until(lambda: told == [second])
    zk.delete(first.path)
    wait_until(lambda: told == [second, first])


def test_a_slow_callback_holds_up_nobody(zk, lock, rival):
    """While a callback blocks, locks of the same client go on being acquired, lost and released."""
    going, enough = threading.Event(), threading.Event()

    def slow(lease, reason):
        going.set()
        enough.wait(10)

    lock.on_revoke(slow)
    lock.acquire()
    rival.revoke_all()
    assert going.wait(5)
    try:
        with ZkLock(zk, "another")(timeout=2) as lease:
            zk.delete(lease.path)
            assert lease.lost.wait(2)
        assert lock.release() is True
    finally:
        enough.set()


def test_not_on_kazoos_threads(zk, lock, rival):
    """Callbacks run neither on kazoo's threads nor on the caller's."""
    threads = []
    lock.on_revoke(lambda *_: threads.append(threading.current_thread()))
    lock.acquire()
    rival.revoke_all()
    wait_until(lambda: threads)

    kazoos = [*zk.handler._workers, zk._connection._connection_routine]
    assert threads[0] not in [*kazoos, threading.main_thread()]
