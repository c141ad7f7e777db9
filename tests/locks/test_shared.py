"""Readers share, writers do not."""

import pytest

from tests.locks.faces import ZkReadLock, ZkWriteLock
from tests.locks.support import FOLDER, NAME, queue, wait_for_queue, waiting

pytestmark = [pytest.mark.usefixtures("wire"), pytest.mark.every_face]


@pytest.fixture
def clients(zk_client_factory):
    """Five clients."""
    return [zk_client_factory() for _ in range(5)]


def test_readers_share(clients):
    """Any number of readers hold at once and are listed as holders; a writer does not get in."""
    readers = [ZkReadLock(client, NAME) for client in clients[:4]]
    assert all(reader.acquire(timeout=0) for reader in readers)

    assert not ZkWriteLock(clients[4], NAME).acquire(timeout=0)
    assert [c.holds for c in readers[0].contenders()] == [True] * 4


def test_a_writer_waits_for_every_reader_ahead(zk, clients):
    """Not only for the first, nor only for the last: in whatever order they leave."""
    readers = [ZkReadLock(client, NAME) for client in clients[:4]]
    for reader in readers:
        reader.acquire()
    task = waiting(zk, clients[4], ZkWriteLock(clients[4], NAME))

    for reader in (readers[1], readers[3], readers[0]):
        reader.release()
        wait_for_queue(zk, len(queue(zk)))
        assert not task.is_over
    readers[2].release()
    assert task.result().is_held


def test_a_reader_waits_for_the_writer_ahead_of_it_only(zk, clients):
    """A reader waits for writers ahead, never for readers, nor for writers that came later.

    kazoo, run: right since 2.9 (#649, #650), where a reader used to wait for later writers.
    """
    writer = ZkWriteLock(clients[0], NAME)
    writer.acquire()
    first = waiting(zk, clients[1], ZkReadLock(clients[1], NAME))
    second = waiting(zk, clients[2], ZkReadLock(clients[2], NAME))
    late = waiting(zk, clients[3], ZkWriteLock(clients[3], NAME))
    last = waiting(zk, clients[4], ZkReadLock(clients[4], NAME))

    writer.release()
    one, two = first.result(), second.result()
    assert one.is_held
    assert two.is_held
    assert not late.is_over
    assert not last.is_over
    two.release()
    one.release()
    late.result().release()
    assert last.result().is_held


def test_a_readers_predecessor_is_the_last_writer_ahead(zk, clients):
    """With two writers ahead, a reader waits for the second, whatever the first does."""
    tasks = []
    holder = ZkReadLock(clients[0], NAME)
    holder.acquire()
    for client, kind in zip(clients[1:], (ZkWriteLock, ZkWriteLock, ZkReadLock), strict=False):
        tasks.append(waiting(zk, client, kind(client, NAME)))
    holder.release()
    first = tasks[0].result()
    assert not tasks[2].is_over

    first.release()
    second = tasks[1].result()
    assert not tasks[2].is_over
    second.release()
    assert tasks[2].result().is_held


def test_a_writer_in_mid_queue_gives_up(zk, clients):
    """When the only writer between readers leaves, the readers behind it hold at once."""
    reader = ZkReadLock(clients[0], NAME)
    reader.acquire()
    writer = waiting(zk, clients[1], ZkWriteLock(clients[1], NAME), timeout=0.4)
    behind = waiting(zk, clients[2], ZkReadLock(clients[2], NAME))

    assert writer.result() is None
    assert behind.result().is_held
    assert reader.lease.is_held


def test_many_readers_and_writers_in_a_row(zk, clients):
    """A mixed queue is served in order: readers between two writers hold together, nobody else."""
    kinds = [ZkWriteLock, ZkReadLock, ZkReadLock, ZkWriteLock, ZkReadLock]
    first = ZkWriteLock(zk, NAME)
    first.acquire()
    tasks = [
        waiting(zk, client, kind(client, NAME)) for client, kind in zip(clients, kinds, strict=True)
    ]
    first.release()
    lease = tasks[0].result()
    assert [task.is_over for task in tasks] == [True, False, False, False, False]
    lease.release()
    readers = [task.result() for task in tasks[1:3]]
    assert [task.is_over for task in tasks] == [True, True, True, False, False]
    for reader in readers:
        assert reader.is_held
        reader.release()
    tasks[3].result().release()
    assert tasks[4].result().is_held
    assert len(zk.get_children(FOLDER)) == 1
