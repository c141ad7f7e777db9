"""on_revoke: once a hold, with the reason, on a thread of its own."""

import os
import threading

import gevent
import pytest
from gevent import GreenletExit

from tests.locks.faces import ZkLock, ZkReadLock
from tests.locks.support import NAME, Calls, Task, grab, settle
from zktools import Node, hooks
from zktools._engine.delivery import THREADS
from zktools.locks import Reason
from zktools.testing import expire_session, wait_until


def both(test):
    """Run a test under both handlers, with and without kazoo's private parts."""
    test = pytest.mark.usefixtures("wire")(test)
    return pytest.mark.every_face(test)


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
    wait_until(lambda: "clumsy" in caplog.text)


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


@both
@pytest.mark.parametrize("error", [SystemExit, gevent.Timeout, pytest.fail.Exception, GreenletExit])
def test_what_is_no_exception_ends_nothing_either(zk, lock, rival, other, error, caplog):
    """``sys.exit()`` and the like are logged; other callbacks and other locks' are called."""

    def exits(lease, reason):
        raise error

    lock.on_revoke(exits)
    calls = Calls(lock)
    second = ZkLock(zk, "second")
    calls_of_second = Calls(second)
    lock.acquire()
    second.acquire()
    rival.revoke_all()
    wait_until(lambda: calls == [Reason.ASKED])
    ZkLock(other, "second").revoke_all()
    wait_until(lambda: calls_of_second == [Reason.ASKED])
    assert "exits failed" in caplog.text


@both
def test_one_may_wait_for_another(zk, lock, rival):
    """A callback that takes a lock of the same client, whose holder is asked by a callback too."""
    second, order = ZkLock(zk, "second"), []

    @lock.on_revoke
    def takes_the_other(lease, _):
        order.append(ZkLock(zk, "second").acquire(timeout=8, revoke=True))
        lease.release()

    @second.on_revoke
    def lets_go(lease, _):
        order.append("second")
        lease.release()

    for each in (lock, second):
        Task(zk, each.acquire).result()
    assert rival.acquire(timeout=10, revoke=True)
    assert order == ["second", True]


@both
def test_holds_of_one_object_do_not_wait_for_each_other(zk, rival):
    """Two readers share an object: the callback of one may wait for the end of the other."""
    shared = ZkReadLock(zk, NAME)
    released = zk.handler.event_object()
    first = Task(zk, grab, shared).result()
    second = Task(zk, grab, shared).result()

    @shared.on_revoke
    def in_turn(lease, _):
        if lease is first:
            released.wait(8)
        lease.release()
        if lease is second:
            released.set()

    assert rival.acquire(timeout=10, revoke=True)
    assert released.is_set()


@both
def test_a_slow_callback_holds_up_nobody(zk, lock, rival, other):
    """While a callback blocks, locks of the same client are acquired, asked, lost and released."""
    going, enough = zk.handler.event_object(), zk.handler.event_object()

    def slow(lease, reason):
        going.set()
        enough.wait(10)

    lock.on_revoke(slow)
    lock.acquire()
    rival.revoke_all()
    going.wait(5)
    assert going.is_set()
    try:
        another = ZkLock(zk, "another")
        calls = Calls(another)
        with another(timeout=2) as lease:
            ZkLock(other, "another").revoke_all()
            wait_until(lambda: calls == [Reason.ASKED])
            zk.delete(lease.path)
            assert lease.lost.wait(2)
        assert lock.release() is True
    finally:
        enough.set()


@both
def test_subscribers_and_observers_hold_up_no_revocation(zk, lock, rival, other):
    """With more of them hanging than may run at a time, callbacks of locks are called."""
    node, enough = Node(zk, "/n", 0), zk.handler.event_object()
    hanging = []

    def hangs(what):
        if what != 0:
            hanging.append(what)
            enough.wait(10)

    calls = Calls(lock)
    nodes = [Node(zk, "/n", 0) for _ in range(THREADS + 1)]
    for each in nodes:
        each.subscribe(hangs)
    hooks.observe(hangs)
    try:
        lock.acquire()
        other.set("/n", b"1")
        wait_until(lambda: node.value == 1 and len(hanging) == THREADS + 1)
        rival.revoke_all()
        wait_until(lambda: calls == [Reason.ASKED])
    finally:
        enough.set()
        hooks.forget(hangs)


def test_a_callback_that_forks_leaves_the_rest_to_the_parent(zk, lock, rival):
    """The child ends where the callback does, and calls nobody."""
    read, write = os.pipe()
    pids = []

    @lock.on_revoke
    def forks(lease, _):
        pids.append(os.fork())
        os.write(write, b"f")

    @lock.on_revoke
    def after(lease, _):
        os.write(write, b"a")

    second = ZkLock(zk, "second")
    second.on_revoke(lambda *_: os.write(write, b"2"))
    lock.acquire()
    second.acquire()
    rival.revoke_all()
    wait_until(lambda: pids and pids[0])
    assert os.waitpid(pids[0], 0)[0] == pids[0]
    zk.delete(second.lease.path)
    wait_until(second.lease.lost.is_set)
    settle(zk, lock)
    os.close(write)
    with os.fdopen(read, "rb") as told:
        assert sorted(told.read()) == sorted(b"ffaa2")


def test_not_on_kazoos_threads(zk, lock, rival):
    """Callbacks run neither on kazoo's threads nor on the caller's."""
    threads = []
    lock.on_revoke(lambda *_: threads.append(threading.current_thread()))
    lock.acquire()
    rival.revoke_all()
    wait_until(lambda: threads)

    kazoos = [*zk.handler._workers, zk._connection._connection_routine]
    assert threads[0] not in [*kazoos, threading.main_thread()]
