"""Acquiring and releasing an exclusive lock."""

import pytest
from kazoo.client import KazooClient

from tests.locks.faces import ZkLock, ZkReadLock, ZkWriteLock
from tests.locks.support import FOLDER, NAME, Task, grab, queue, wait_for_queue, waiting
from zktools.exceptions import AlreadyHeldError, LockCancelled
from zktools.testing import wait_until

pytestmark = [pytest.mark.usefixtures("wire"), pytest.mark.every_face]


def test_acquire_and_release(zk, lock):
    """A lock nobody holds is acquired at once; releasing deletes the one node and says True."""
    assert lock.acquire() is True
    assert lock.has_lock()
    assert lock.lease.is_held
    assert not lock.revoked
    assert queue(zk) == [lock.lease.path.rpartition("/")[2]]

    assert lock.release() is True
    assert not lock.has_lock()
    assert not lock.lease.is_held
    assert queue(zk) == []


def test_releasing_again_is_harmless(lock):
    """Only the first release of a hold says True; without any hold it is False."""
    assert lock.release() is False
    lock.acquire()
    lease = lock.lease
    assert lock.release() is True
    assert lock.release() is False
    assert lease.release() is False
    assert not lease.revoked


def test_an_object_can_be_used_again_and_again(zk, lock):
    """Each hold is a new one, with a node of its own; the old leases stay over."""
    leases = []
    for _ in range(3):
        lock.acquire()
        leases.append(lock.lease)
        lock.release()

    assert len({lease.path for lease in leases}) == 3
    assert not any(lease.is_held for lease in leases)
    assert queue(zk) == []


def test_making_a_lock_sends_nothing(zk_client_factory, zk_proxy):
    """The constructor needs no connection, and no server."""
    client = zk_client_factory(zk_proxy.hosts)
    before = zk_proxy.requests
    for number in range(20):
        ZkLock(client, f"lock-{number}")
    ZkLock(zk_client_factory(start=False), NAME)

    assert zk_proxy.requests == before


def test_held_by_another(lock, rival):
    """What one client holds another does not get: not at once, not in time, and is told False.

    kazoo's Lock, run: False with blocking=False, but LockTimeout is raised with a timeout,
    and both together are a ValueError.
    """
    lock.acquire()

    assert rival.acquire(timeout=0) is False
    assert rival.acquire(timeout=0.1) is False
    assert not rival.has_lock()
    assert rival.lease is None
    lock.release()
    assert rival.acquire(timeout=0) is True


def test_refusals_leave_nothing(zk, lock, rival):
    """A refused acquire has no node in the queue afterwards."""
    lock.acquire()
    rival.acquire(timeout=0)
    rival.acquire(timeout=0.05)

    assert wait_for_queue(zk, 1) == [lock.lease.path.rpartition("/")[2]]


def test_first_come_first_served(zk, zk_client_factory, lock):
    """Waiters get the lock in the order in which they queued, each after the release before."""
    lock.acquire()
    clients = [zk_client_factory() for _ in range(5)]
    tasks = [waiting(zk, client, ZkLock(client, NAME)) for client in clients]

    lease = lock.lease
    for place, task in enumerate(tasks):
        assert not any(later.is_over for later in tasks[place:])
        lease.release()
        lease = task.result()
        assert lease.is_held
    lease.release()
    wait_for_queue(zk, 0)


def test_waiters_that_leave_in_mid_queue(zk, zk_client_factory, lock):
    """Those behind one that gives up go on waiting for those ahead, and then get their turn."""
    lock.acquire()
    locks = [ZkLock(zk_client_factory(), NAME) for _ in range(5)]
    tasks = [waiting(zk, zk, each) for each in locks]
    for place in (1, 3, 0):
        assert locks[place].cancel()
        with pytest.raises(LockCancelled):
            tasks[place].result()
    wait_for_queue(zk, 3)
    assert not tasks[2].is_over

    lock.release()
    lease = tasks[2].result()
    assert not tasks[4].is_over
    lease.release()
    assert tasks[4].result().is_held


def test_locks_of_other_names_and_roots_are_other_locks(zk, lock, other):
    """Only the same name under the same root excludes."""
    lock.acquire()

    assert ZkLock(other, "y").acquire(timeout=0)
    assert ZkLock(other, NAME, "/elsewhere/deep").acquire(timeout=0)
    assert ZkLock(other, NAME, "/").acquire(timeout=0)
    assert not ZkLock(other, NAME, "/ZktoolsLocks/").acquire(timeout=0)
    assert zk.exists("/elsewhere/deep/x")
    assert zk.exists("/x")


def test_lock_and_write_lock_are_one(lock, other):
    """ZkLock and ZkWriteLock of one name exclude each other, and readers."""
    lock.acquire()

    assert not ZkWriteLock(other, NAME).acquire(timeout=0)
    assert not ZkReadLock(other, NAME).acquire(timeout=0)


def test_a_node_deleted_while_waiting(zk, lock, other, rival):
    """A waiter whose node somebody deletes queues again, and gets its turn.

    kazoo's Lock, run: its waiter does not notice, and is out of the queue until the holder leaves.
    """
    lock.acquire()
    task = waiting(zk, other, rival)
    first = queue(zk)[1]
    zk.delete(f"{FOLDER}/{first}")

    wait_until(lambda: len(queue(zk)) == 2 and queue(zk)[1] != first)
    lock.release()
    assert task.result().is_held


def test_a_held_node_that_is_deleted(zk, lock):
    """A holder whose node somebody deletes has lost the lock, hears of it, and can acquire again.

    kazoo's Lock, run: `is_acquired` stays True.
    """
    lock.acquire()
    lease = lock.lease
    zk.delete(lease.path)

    lease.lost.wait(5)
    assert lease.lost.is_set()
    assert lease.revoked
    assert lock.revoked
    assert not lease.is_held
    assert not lock.has_lock()
    assert lease.release() is False
    assert lock.acquire(timeout=5)
    assert not lock.revoked


def test_the_folder_is_deleted_while_waiting(zk, lock, other, rival):
    """When the folder is deleted with all in it, the waiter makes it again and holds the lock.

    In one transaction, the last first: with the holder's node deleted first the waiter would hold
    the lock until the next event, as it would in two transactions.
    """
    lock.acquire()
    task = waiting(zk, other, rival)
    everything = zk.transaction()
    for name in reversed(queue(zk)):
        everything.delete(f"{FOLDER}/{name}")
    everything.delete(FOLDER)
    everything.commit()

    assert task.result().is_held
    lock.lease.lost.wait(5)
    assert lock.lease.lost.is_set()


def test_the_folder_is_deleted_between_holds(zk, lock):
    """A folder that is gone is made again by the next acquire."""
    lock.acquire()
    lock.release()
    zk.delete(FOLDER)

    assert lock.acquire(timeout=5)


def test_foreign_children_in_the_folder(zk, lock, rival):
    """Nodes that are nobody's candidates do not disturb (kazoo #309, #599; row 20)."""
    for name in ("stranger", "lock-", "write-12", "read-x-00000000001", "lock-x-0000000000y"):
        zk.create(f"{FOLDER}/{name}", makepath=True)
    zk.create(f"{FOLDER}/stranger-", sequence=True)

    assert lock.acquire(timeout=5)
    assert not rival.acquire(timeout=0)
    wait_until(lambda: len(lock.contenders()) == 1)


def test_contenders(zk, other, zk_client_factory):
    """The queue in order: kind, who, since when, asked or not, position, token."""
    writer = ZkWriteLock(zk, NAME, identifier="Größe ☃")
    writer.acquire()
    reader = ZkReadLock(other, NAME, identifier="reader")
    task = waiting(zk, other, reader)
    reader.revoke_all()

    first, second = writer.contenders()

    assert (first.position, first.kind, first.holds, first.asked) == (0, "write", True, True)
    assert first.who["identifier"] == "Größe ☃"
    assert first.token == writer.lease.token
    assert first.session_id == zk.client_id[0]
    assert f"{FOLDER}/{first.name}" == writer.lease.path
    assert (second.position, second.kind, second.holds) == (1, "read", False)
    assert second.who["identifier"] == "reader"
    assert first.since <= second.since
    writer.release()
    task.result()


def test_nobody_in_the_queue(lock):
    """Without a folder there is nobody to list, to ask, or to clear."""
    assert lock.contenders() == []
    assert lock.revoke_all() is False
    lock.clear()


def test_clear(zk, lock, other, rival):
    """All nodes are deleted: the holder has lost the lock, waiters queue again and get it.

    The last first, so that no waiter is granted what is destroyed the next moment.
    """
    lock.acquire()
    lease = lock.lease
    calls = []
    rival.on_revoke(lambda _, reason: calls.append(reason))
    task = waiting(zk, other, rival)

    ZkLock(zk, NAME).clear()

    wait_until(lease.lost.is_set)
    assert task.result().is_held
    assert len(wait_for_queue(zk, 1)) == 1
    assert rival.release() is False  # of the thread that waited, not of this one
    assert calls == []


@pytest.mark.every_face(but="asyncio")
def test_not_reentrant(lock):
    """Acquiring what the same thread holds is an error at once, not a deadlock.

    kazoo's Lock, run: waits for itself until the time runs out, or for ever.
    """
    lock.acquire()
    with pytest.raises(AlreadyHeldError):
        lock.acquire()
    assert lock.lease.is_held


@pytest.mark.every_face(but="asyncio")
def test_reentrant(zk):
    """With reentrant=True one thread may acquire again, and the last release lets go."""
    lock = ZkLock(zk, NAME, reentrant=True)
    with lock as outer:
        with lock as inner:
            assert inner is outer
            assert lock.acquire(timeout=0)
            assert lock.release() is True
            assert outer.is_held
        assert outer.is_held
        assert len(queue(zk)) == 1
    assert not outer.is_held
    assert queue(zk) == []


@pytest.mark.every_face(but="asyncio")
def test_what_it_says_of_itself(lock):
    """repr() tells the folder and whether it is held; a lease tells path, token and why not."""
    assert repr(lock) == f"<ZkLock {FOLDER} not held here>"
    lock.acquire()
    assert repr(lock) == f"<ZkLock {FOLDER} held by this thread>"
    assert f"token={lock.lease.token} held" in repr(lock.lease)
    lock.release()
    assert "not held: it was released" in repr(lock.lease)


def test_connected(zk, lock):
    """`connected` says whether the client is."""
    assert lock.connected
    zk.stop()
    assert not lock.connected


def test_two_objects_of_one_client(zk, lock):
    """Two objects of the same client exclude each other like anybody."""
    second = ZkLock(zk, NAME)
    lock.acquire()
    assert not second.acquire(timeout=0)
    task = Task(zk, grab, second, timeout=5)
    wait_for_queue(zk, 2)
    lock.release()
    assert task.result().is_held


def test_by_a_client_that_has_just_been_started(zk, zk_handler, zk_hosts):
    """Is not taken for one that gave up, though its connection has not begun to be made."""
    for _ in range(20):
        client = KazooClient(zk_hosts + zk.chroot, handler=zk_handler())
        client.start_async()
        assert ZkLock(client, NAME).acquire(10)
        client.stop()
        client.close()
