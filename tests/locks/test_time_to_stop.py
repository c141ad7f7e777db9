"""Between the moment a hold is lost by the clock and the moment another can hold the lock."""

import pytest

from tests.locks.support import NAME
from zktools import ZkLock
from zktools._engine.clock import now
from zktools.testing import Op, Proxy, wait_until

GRANTED = 4.0  # seconds, the most that the test server grants
# The lock goes by less. Otherwise kazoo may find the connection broken, and mend it, just before.
TIMEOUT = 2.0


@pytest.fixture
def far(zk_hosts, zk, zk_client_factory):
    """A lock, and the proxy between it and the server."""
    with Proxy(zk_hosts) as proxy:
        client = zk_client_factory(hosts=proxy.hosts, timeout=GRANTED)
        yield ZkLock(client, NAME, session_timeout=TIMEOUT), proxy


@pytest.mark.slow
def test_the_node_stays_while_others_may_not_have_the_lock_yet(far, zk):
    """Cut off from proofs only, the holder is told at two thirds; a rival gets it at the end.

    The connection is alive all the while, so the node could be deleted at once. That would hand the
    lock on before whoever was told to stop could do so.
    """
    lock, proxy = far
    begun = now()
    lock.acquire()
    told = []
    lock.on_revoke(lambda lease, reason: told.append((now(), lease.lost.is_set(), reason)))
    proxy.hold_reply(Op.MULTI, nth=1)  # this reply, and all that come after it
    ((at, was_set, _reason),) = wait_until(lambda: list(told), timeout=10)

    assert was_set
    assert at - begun < TIMEOUT * 0.95  # by its own clock, before the session may end
    assert zk.exists(lock.lease.path)
    rival = ZkLock(zk, NAME)
    assert rival.acquire(timeout=20)
    assert now() - at > TIMEOUT / 3 * 0.8
    rival.release()


def test_releasing_hands_it_on_at_once(far, zk):
    """Who has stopped says so by releasing, and the rival need not wait for the end."""
    lock, proxy = far
    lock.acquire()
    held = proxy.hold_reply(Op.MULTI, nth=1)
    assert lock.lease.lost.wait(10)
    held.release()
    assert lock.release() is False
    wait_until(lambda: not zk.exists(lock.lease.path), timeout=5)
