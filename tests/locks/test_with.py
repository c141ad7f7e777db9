"""The lock as a context manager: the body never runs without the lock."""

import pytest
from kazoo.exceptions import LockTimeout as KazooLockTimeout

from tests.locks.faces import ZkReadLock
from tests.locks.support import NAME, queue, wait_for_queue
from zktools.exceptions import LockTimeout
from zktools.locks import IMMEDIATE
from zktools.testing import wait_until

pytestmark = [pytest.mark.usefixtures("wire"), pytest.mark.every_face]


def test_with_gives_the_lease(zk, lock):
    """`as` gives the lease of the hold, which is over after the body.

    kazoo's Lock, run: `as` gives None.
    """
    with lock as lease:
        assert lease.is_held
        assert lease is lock.lease
        assert len(queue(zk)) == 1
    assert not lease.is_held
    assert queue(zk) == []


def test_with_arguments(lock, rival):
    """`with lock(timeout=..., revoke=...)` acquires by these terms.

    kazoo's Lock, run: 'Lock' object is not callable.
    """
    with lock(timeout=5) as lease, rival(timeout=5, revoke=IMMEDIATE) as second:
        assert second.is_held
        wait_until(lambda: lease.revoked)
        assert not lease.is_held


def test_out_of_time_the_body_does_not_run(zk, lock, rival):
    """LockTimeout is raised instead: ours, kazoo's, and a TimeoutError; nothing is left behind."""
    with lock:
        for timeout in (0, 0.1):
            with pytest.raises(LockTimeout) as raised, rival(timeout=timeout):
                pytest.fail("the body ran without the lock")
            assert isinstance(raised.value, TimeoutError)
            assert isinstance(raised.value, KazooLockTimeout)
            assert "/ZktoolsLocks/x" in str(raised.value)
        wait_for_queue(zk, 1)


def test_an_error_in_the_body_releases(zk, lock):
    """Whatever the body raises goes on, and the lock is free."""
    for error in (ValueError, KeyboardInterrupt, SystemExit):
        with pytest.raises(error), lock(timeout=5):
            raise error
        assert queue(zk) == []


def test_one_acquisition_can_be_entered_again(lock):
    """`lock(timeout=5)` is terms, not a hold: it can be kept and used many times."""
    terms = lock(timeout=5)
    for _ in range(3):
        with terms as lease:
            assert lease.is_held


def test_a_hold_lost_in_the_body(zk, lock):
    """Leaving the body of a hold that was destroyed meanwhile is no error."""
    with lock as lease:
        zk.delete(lease.path)
        wait_until(lease.lost.is_set)


def test_a_lease_ended_in_the_body(lock, rival):
    """Releasing early, by the lease itself, leaves nothing for the end of the body to break."""
    with lock as lease:
        lease.release()
        rival.acquire(timeout=5)
    assert rival.lease.is_held


def test_readers_too(zk, other):
    """The same for shared locks."""
    with ZkReadLock(zk, NAME)(timeout=1) as one, ZkReadLock(other, NAME) as two:
        assert one.is_held
        assert two.is_held
