"""The fencing token rises from grant to grant, whatever happens."""

import pytest

from tests.locks.faces import ZkLock, ZkReadLock
from tests.locks.support import FOLDER, NAME, waiting
from zktools.testing import expire_session, wait_until

pytestmark = [pytest.mark.usefixtures("wire"), pytest.mark.every_face]


def test_the_token_is_the_czxid(zk, lock):
    """It is what the server says of the node, which anybody can look up."""
    with lock as lease:
        assert lease.token == zk.exists(lease.path).czxid
        assert lease.session_id == zk.client_id[0]


def test_it_rises_whatever_happens_to_the_folder(zk, lock, rival):
    """Deleting the folder starts the numbers in names at 0 again; tokens go on rising."""
    tokens = []
    for holder in (lock, rival) * 3:
        with holder as lease:
            tokens.append(lease.token)
            assert lease.path.endswith("-0000000000")
        zk.delete(FOLDER)

    assert tokens == sorted(set(tokens))


def test_it_rises_over_destruction_and_expiry(zk, zk_client_factory, lock, rival):
    """The next grant has a higher token, however the one before ended."""
    tokens = []

    def hold(one):
        assert one.acquire(timeout=5)
        tokens.append(one.lease.token)
        return one.lease

    def lose(lease):
        wait_until(lease.lost.is_set)

    doomed = ZkLock(client := zk_client_factory(timeout=1.0), NAME)
    first = hold(lock)
    zk.delete(first.path)
    second = hold(rival)
    lose(first)
    lock.clear()
    third = hold(doomed)
    lose(second)
    expire_session(client)
    hold(lock)
    lose(third)
    lock.release()
    wait_until(lambda: client.connected)
    hold(doomed)

    assert len(tokens) == 5
    assert tokens == sorted(set(tokens))


def test_it_is_known_to_waiters_and_readers(zk, lock, other):
    """A hold that was waited for, and one that is shared, have their tokens too."""
    lock.acquire()
    task = waiting(zk, other, ZkReadLock(other, NAME))
    first = lock.lease.token
    lock.release()
    lease = task.result()

    assert lease.token == zk.exists(lease.path).czxid > first
