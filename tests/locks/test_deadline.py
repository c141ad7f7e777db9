"""One deadline for everything, also while there is no connection."""

import time

import pytest

from tests.locks.faces import ZkLock
from tests.locks.support import FOLDER, NAME, Task, grab, queue, wait_for_queue, waiting
from zktools.exceptions import NotConnectedError
from zktools.testing import wait_until

MARGIN = 0.4  # seconds that a busy machine may add

both_handlers = pytest.mark.every_face


@pytest.fixture
def watch():
    """A stopwatch: seconds since the test's last ``watch.start()``."""

    class Watch:
        def start(self):
            self.began = time.monotonic()

        def seconds(self):
            return time.monotonic() - self.began

    return Watch()


@both_handlers
@pytest.mark.parametrize("fault", ["refused", "swallowed", "paused"])
def test_acquire_without_an_answer(zk_client_factory, zk_proxy, zk_server, watch, fault):
    """acquire(timeout=...) comes back in time, with False, whatever is wrong with the server.

    kazoo's Lock, run: acquire(timeout=1) while disconnected had not come back after 4 s.
    """
    far = zk_client_factory(zk_proxy.hosts, timeout=1.0)
    lock = ZkLock(far, NAME)
    if fault == "refused":
        zk_proxy.refuse()
        zk_proxy.cut()
        wait_until(lambda: not far.connected)
    elif fault == "swallowed":
        zk_proxy.swallow()
    else:
        zk_server.pause()
    watch.start()
    assert lock.acquire(timeout=0.3) is False
    assert 0.3 <= watch.seconds() < 0.3 + MARGIN


def test_not_waiting_without_a_connection(far, far_lock, zk_proxy, watch):
    """acquire(timeout=0) is False at once when the client is known to be disconnected."""
    zk_proxy.refuse()
    zk_proxy.cut()
    wait_until(lambda: not far.connected)
    watch.start()
    assert far_lock.acquire(timeout=0) is False
    assert watch.seconds() < MARGIN


def test_not_waiting_for_a_server_that_does_not_answer(far_lock, zk_proxy, watch):
    """acquire(timeout=0) gives the server one session timeout to answer, no more."""
    zk_proxy.swallow()
    watch.start()
    assert far_lock.acquire(timeout=0) is False
    assert watch.seconds() < 1.0 + MARGIN


@both_handlers
def test_the_connection_comes_back_in_time(zk, zk_client_factory, zk_proxy):
    """An acquire that began without a connection goes on as soon as there is one."""
    far = zk_client_factory(zk_proxy.hosts, timeout=5.0)
    lock = ZkLock(far, NAME)
    zk_proxy.refuse()
    zk_proxy.cut()
    wait_until(lambda: not far.connected)
    task = Task(far, grab, lock, timeout=10)
    zk_proxy.heal()

    assert task.result().is_held
    assert len(queue(zk)) == 1


def test_the_time_does_not_begin_anew_at_each_wake(zk, zk_client_factory, lock, rival, watch):
    """Blockers that leave one after the other do not lengthen the wait.

    kazoo's Lock, run: acquire(timeout=1) with two departures came back after 2.6 s.
    """
    holders = [ZkLock(zk_client_factory(), NAME) for _ in range(4)]
    tasks = [waiting(zk, zk, holder) for holder in holders]
    watch.start()
    task = waiting(zk, zk, rival, timeout=0.6)
    for left in (3, 2, 1):  # from the back, so that it is its own predecessor that leaves
        wait_until(lambda left=left: watch.seconds() > 0.6 - 0.15 * left)
        holders[left].cancel()
        wait_until(lambda left=left: tasks[left].is_over)
    assert task.result() is None
    assert 0.6 <= watch.seconds() < 0.6 + MARGIN


@both_handlers
def test_waiting_through_a_break(zk, zk_client_factory, zk_proxy, watch):
    """The deadline of a waiter holds when the connection goes in the middle of the wait."""
    far = zk_client_factory(zk_proxy.hosts, timeout=1.0)
    ZkLock(zk, NAME).acquire()
    watch.start()
    task = waiting(zk, far, ZkLock(far, NAME), timeout=0.5)
    zk_proxy.refuse()
    zk_proxy.cut()
    assert task.result() is None
    assert 0.5 <= watch.seconds() < 0.5 + MARGIN


@both_handlers
def test_release_without_a_connection(zk, zk_client_factory, zk_proxy, watch):
    """release() comes back at once and says False; the node is deleted once connected again.

    kazoo's Lock, run: release() while disconnected had not come back after 3 s.
    """
    far = zk_client_factory(zk_proxy.hosts, timeout=5.0)
    lock = ZkLock(far, NAME)
    lock.acquire()
    zk_proxy.refuse()
    zk_proxy.cut()
    wait_until(lambda: not far.connected)
    watch.start()
    assert lock.release() is False
    assert watch.seconds() < MARGIN
    assert len(queue(zk)) == 1

    session = lock.lease.session_id
    zk_proxy.heal()
    wait_for_queue(zk, 0)
    wait_until(lambda: far.client_id)
    assert far.client_id[0] == session


def test_release_into_a_black_hole(zk, far_lock, zk_proxy, watch):
    """release() gives the server one session timeout, then says False: it is not known."""
    far_lock.acquire()
    zk_proxy.swallow()
    watch.start()
    assert far_lock.release() is False
    assert watch.seconds() < 1.0 + MARGIN
    zk_proxy.heal()
    wait_for_queue(zk, 0)


@pytest.mark.slow
def test_questions_without_a_connection(zk_client_factory, zk_proxy, watch):
    """contenders(), revoke_all(), clear() and has_lock() end within the session timeout."""
    far = zk_client_factory(zk_proxy.hosts, timeout=0.6)
    far_lock = ZkLock(far, NAME)
    far_lock.acquire()
    zk_proxy.refuse()
    zk_proxy.cut()
    wait_until(lambda: not far.connected)
    # Each asks once: kazoo keeps the request until it is connected, or the session is over.
    for question in (far_lock.contenders, far_lock.revoke_all, far_lock.clear):
        watch.start()
        with pytest.raises(NotConnectedError):
            question()
        assert watch.seconds() < 0.6 + MARGIN
    watch.start()
    assert far_lock.has_lock() is False
    assert watch.seconds() < 0.6 + MARGIN


def test_what_was_given_up_is_not_carried_out_later(zk, far, far_lock, zk_proxy):
    """An acquire that ran out of time while disconnected leaves no node after reconnecting.

    kazoo, run: the queued create is sent after the reconnect.
    """
    zk.ensure_path(FOLDER)
    zk_proxy.refuse()
    zk_proxy.cut()
    wait_until(lambda: not far.connected)
    assert far_lock.acquire(timeout=0.05) is False
    zk_proxy.heal()
    wait_until(lambda: far.connected)
    far.sync("/")
    assert queue(zk) == []
