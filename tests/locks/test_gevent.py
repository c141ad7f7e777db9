"""What is particular to the gevent handler. Most other tests of the locks run under it as well."""

import gevent
import pytest

from tests.locks.support import NAME, queue, wait_for_queue
from zktools.exceptions import LockTimeout
from zktools.locks import ZkLock
from zktools.testing import handler_factory

pytestmark = [pytest.mark.usefixtures("wire"), pytest.mark.zk_handlers("gevent")]


def test_waiting_holds_up_no_other_greenlet(zk, lock, rival):
    """While one greenlet waits for the lock, the others run."""
    lock.acquire()
    waiter = gevent.spawn(rival.acquire)
    ticks = 0
    for _ in range(50):
        gevent.sleep(0.001)
        ticks += 1
    assert not waiter.ready()
    lock.release()
    assert waiter.get(timeout=5) is True
    assert ticks == 50


def test_greenlets_hold_for_themselves(zk, lock):
    """A hundred greenlets on one object: one at a time, in order of their tokens."""
    inside, tokens = [0], []

    def work():
        with lock(timeout=30) as lease:
            inside[0] += 1
            assert inside[0] == 1
            gevent.sleep(0)
            inside[0] -= 1
            tokens.append(lease.token)

    workers = [gevent.spawn(work) for _ in range(100)]
    gevent.joinall(workers, timeout=30, raise_error=True)
    assert tokens == sorted(set(tokens))
    assert len(tokens) == 100
    wait_for_queue(zk, 0)


def test_callbacks_run_in_a_greenlet_of_their_own(zk, lock, rival):
    """A callback may switch, wait, and take locks, while the holder's greenlet goes on."""
    seen = gevent.event.Event()

    def callback(lease, reason):
        assert gevent.getcurrent() is not main
        with ZkLock(zk, "another")(timeout=5):
            gevent.sleep(0.01)
        seen.set()

    main = gevent.getcurrent()
    lock.on_revoke(callback)
    lock.acquire()
    rival.revoke_all()
    assert seen.wait(5)
    assert len(queue(zk)) == 1


def test_its_own_timeouts_are_not_mistaken_for_others(lock, rival):
    """Our LockTimeout and the user's gevent.Timeout are told apart, whichever comes first."""
    lock.acquire()
    with gevent.Timeout(5), pytest.raises(LockTimeout), rival(timeout=0.05):
        pytest.fail("the body ran without the lock")
    with pytest.raises(gevent.Timeout), gevent.Timeout(0.05), rival(timeout=5):
        pytest.fail("the body ran without the lock")


def test_the_name_is_shared_with_threads(zk, lock, zk_client_factory):
    """A client under threads and one under gevent exclude each other."""
    threads = zk_client_factory(handler=handler_factory("threading"))
    lock.acquire()
    assert not ZkLock(threads, NAME).acquire(timeout=0)
