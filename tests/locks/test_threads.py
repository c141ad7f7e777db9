"""One object in many threads; cancelling; and what is left in the client after use: nothing."""

import gc
import threading
import time
import weakref

import pytest
from kazoo.exceptions import CancelledError

from tests.locks.faces import ZkLock
from tests.locks.support import NAME, Task, grab, queue, wait_for_queue, waiting
from zktools._engine.vigil import RENEW
from zktools._engine.wire.client import Wire
from zktools._engine.worker import LINGER
from zktools.exceptions import LockCancelled
from zktools.testing import wait_until


@pytest.mark.usefixtures("wire")
@pytest.mark.every_face
class TestSharing:
    """A lock object used by several threads, or greenlets."""

    @pytest.mark.every_face(but="asyncio")
    def test_each_thread_holds_for_itself(self, zk, lock):
        """What one thread holds, another neither sees as its own nor can release."""
        lock.acquire()

        def elsewhere():
            return lock.lease, lock.has_lock(), lock.revoked, lock.release(), repr(lock)

        lease, has, revoked, released, text = Task(zk, elsewhere).result()
        assert (lease, has, revoked, released) == (None, False, False, False)
        assert "not held here" in text
        assert lock.has_lock()

    def test_each_thread_queues_for_itself(self, zk, lock):
        """The second thread waits, and gets the lock as soon as the first releases it.

        kazoo's Lock, run: polls, and got it 0.7 s after a release; up to 60 s in the end.
        """
        lock.acquire()
        task = waiting(zk, zk, lock)
        assert not task.is_over
        began = time.monotonic()
        lock.release()
        assert task.result().is_held
        assert time.monotonic() - began < 0.4

    def test_a_lease_may_be_used_by_any_thread(self, zk, lock):
        """Handing the lease to another thread hands over the hold."""
        lease = Task(zk, grab, lock).result()
        assert lease.is_held
        lease.transaction().commit()
        assert lease.release() is True
        assert lock.acquire(timeout=5)

    @pytest.mark.every_face(but="asyncio")
    def test_a_reentrant_lock_is_reentrant_in_its_own_thread_only(self, zk):
        """Another thread waits all the same."""
        lock = ZkLock(zk, NAME, reentrant=True)
        lock.acquire()
        lock.acquire()
        task = waiting(zk, zk, lock)
        lock.release()
        assert not task.is_over
        lock.release()
        assert task.result().is_held

    def test_many_threads_one_at_a_time(self, zk, other):
        """Eight threads on two clients: never two inside, and all get their turns."""
        inside, most, turns = [0], [0], []

        def work(lock, who):
            for _ in range(5):
                with lock(timeout=20) as lease:
                    inside[0] += 1
                    most[0] = max(most[0], inside[0])
                    lease.lost.wait(0.002)
                    inside[0] -= 1
                    turns.append((lease.token, who))

        locks = [ZkLock(zk, NAME), ZkLock(other, NAME)]
        tasks = [
            Task(client, work, lock, (n, place))
            for place, (client, lock) in enumerate(zip((zk, other), locks, strict=True))
            for n in range(4)
        ]
        for task in tasks:
            task.result(30)
        assert most == [1]
        assert turns == sorted(turns)
        assert len({who for _, who in turns}) == 8


@pytest.mark.usefixtures("wire")
@pytest.mark.every_face
class TestCancelling:
    """lock.cancel()."""

    def test_a_pending_acquire(self, zk, lock, other, rival):
        """The waiting call raises LockCancelled, which is kazoo's CancelledError too."""
        lock.acquire()
        task = waiting(zk, other, rival)
        assert rival.cancel() is True
        with pytest.raises(LockCancelled) as raised:
            task.result()
        assert isinstance(raised.value, CancelledError)
        wait_for_queue(zk, 1)

    def test_nothing_to_cancel(self, lock, rival):
        """Idle or held: False, and the next acquire is not affected.

        kazoo's Lock, run: cancel() while held makes the next acquire() fail.
        """
        assert lock.cancel() is False
        lock.acquire()
        assert lock.cancel() is False
        assert lock.lease.is_held
        lock.release()
        assert lock.acquire(timeout=5)
        assert not rival.acquire(timeout=0)
        assert rival.cancel() is False

    def test_all_threads_of_this_object_and_nobody_else(self, zk, lock, other, rival):
        """Each thread that waits on the object is cancelled; other objects go on waiting."""
        lock.acquire()
        mine = [waiting(zk, other, rival) for _ in range(2)]
        bystander = waiting(zk, other, ZkLock(other, NAME))
        assert rival.cancel() is True
        for task in mine:
            with pytest.raises(LockCancelled):
                task.result()
        wait_for_queue(zk, 2)
        lock.release()
        assert bystander.result().is_held

    def test_the_attempt_after(self, zk, lock, other, rival):
        """A cancelled object acquires again as if nothing had been."""
        lock.acquire()
        task = waiting(zk, other, rival)
        rival.cancel()
        with pytest.raises(LockCancelled):
            task.result()
        lock.release()
        assert rival.acquire(timeout=5)


def watchers(client):
    """How many callbacks of ours kazoo's tables hold."""
    tables = (client._data_watchers, client._child_watchers)
    return sum(len(found) for table in tables for found in table.values())


def use(zk, lock, rival):
    """A little of everything."""
    for _ in range(5):
        with lock:
            assert not rival.acquire(timeout=0.01)
            assert not rival.acquire(timeout=0, revoke=True)
            lock.contenders()
    with lock:
        pass


def test_nothing_is_left_in_the_client(wire, zk_client_factory, zk_server):
    """After use: no listener, no watcher, no thread, here or on the server."""
    client, other = zk_client_factory(timeout=1.0), zk_client_factory(timeout=1.0)
    before = (len(client.state_listeners), watchers(client), threading.active_count())
    lock, rival = ZkLock(client, NAME), ZkLock(other, NAME)
    use(client, lock, rival)

    wait_for_queue(client, 0)
    wait_until(lambda: len(client.state_listeners) == before[0])
    wait_until(lambda: watchers(client) == before[1])
    wait_until(lambda: watchers(other) == before[1])
    wait_until(lambda: not zk_server.watches())
    patience = RENEW * 1.0 + 2 * LINGER + 2
    wait_until(lambda: threading.active_count() <= before[2], patience)


def test_waiters_that_give_up_leave_no_watcher(zk, lock, other):
    """Twenty objects that each ran out of time: nothing of them is left in kazoo's tables.

    kazoo's Lock, run: 20 of 20 watchers left.
    """
    lock.acquire()
    for _ in range(20):
        assert not ZkLock(other, NAME).acquire(timeout=0.01)
    wait_until(lambda: watchers(other) == 0)


def test_who_gives_up_before_the_watches_are_sent_leaves_none(monkeypatch, lock, other):
    """A watcher is entered when the request leaves: that may be after it was taken back."""
    entering, given_up = threading.Event(), threading.Event()
    enter = Wire.add_watchers

    def enter_late(*args):
        entering.set()
        given_up.wait(10)
        enter(*args)

    lock.acquire()
    assert not ZkLock(other, NAME).acquire(timeout=0)  # so that nothing else is being sent
    monkeypatch.setattr(Wire, "add_watchers", enter_late)
    assert not ZkLock(other, NAME).acquire(timeout=0.3)
    assert entering.is_set()
    given_up.set()
    assert other.exists("/") is not None  # what was sent before is answered
    wait_until(lambda: watchers(other) == 0)


def test_without_private_parts_watchers_go_with_the_blocker(monkeypatch, zk, lock, other):
    """By public calls a watcher cannot be taken back; those that are left go when it fires."""
    monkeypatch.setenv("ZKTOOLS_PUBLIC_ONLY", "1")
    lock.acquire()
    for _ in range(5):
        assert not ZkLock(other, NAME).acquire(timeout=0.05)
    lock.release()
    wait_until(lambda: watchers(other) == 0)


@pytest.mark.usefixtures("wire")
def test_what_is_over_can_be_collected(zk, lock, rival):
    """Neither the client nor a worker keeps a hold, or a refused attempt, alive."""
    lock.acquire()
    over = [weakref.ref(lock.lease), weakref.ref(lock.lease._claim)]
    rival.acquire(timeout=0.01)
    lock.release()
    lock.acquire()
    lock.release()

    def collected():
        gc.collect()
        return all(ref() is None for ref in over)

    wait_until(collected, 5)


def test_no_thread_for_a_waiter(zk, zk_client_factory, lock):
    """Waiters need no thread but the caller's own: two more for the client, for any number."""
    client = zk_client_factory()
    lock.acquire()
    before = threading.active_count()
    shared = ZkLock(client, NAME)
    tasks = [Task(client, grab, shared, timeout=10) for _ in range(20)]
    wait_for_queue(zk, 21)
    assert threading.active_count() <= before + 20 + 2
    shared.cancel()
    for task in tasks:
        with pytest.raises(LockCancelled):
            task.result()


def test_a_thread_that_dies_with_a_hold(zk, lock):
    """A new thread does not inherit what a dead one held: it stays held until its lease ends."""
    lease = Task(zk, grab, lock).result()
    for _ in range(3):
        assert Task(zk, lambda: lock.lease).result() is None
    assert lease.is_held
    assert len(queue(zk)) == 1
    lease.release()
