"""A network that swallows everything without a word."""

import pytest

from tests.locks.support import NAME, waiting
from zktools.locks import ZkLock
from zktools.testing import wait_until

TIMEOUT = 4.0  # seconds; kazoo blurs its pings by up to 0.4 s, which hides this at shorter ones


@pytest.mark.slow
def test_who_waits_in_a_black_hole_is_connected_elsewhere(zk, lock, zk_client_factory, zk_proxy):
    """The next in line asks for signs of life; that must not keep kazoo from missing its ping.

    Otherwise a client whose server has fallen silent would never turn to another one.
    """
    far = zk_client_factory(zk_proxy.hosts, timeout=TIMEOUT)
    lock.acquire()
    attempt = waiting(zk, far, ZkLock(far, NAME), timeout=30)

    zk_proxy.swallow()

    wait_until(lambda: far.state == "SUSPENDED", timeout=1.5 * TIMEOUT)
    zk_proxy.heal()
    lock.release()
    assert attempt.result(timeout=30) is not None


@pytest.mark.slow
def test_who_holds_in_a_black_hole_is_connected_elsewhere(zk_client_factory, zk_proxy):
    """The holder, too, asks for signs of life only until one is missing."""
    far = zk_client_factory(zk_proxy.hosts, timeout=TIMEOUT)
    lock = ZkLock(far, NAME)
    lock.acquire()

    zk_proxy.swallow()

    wait_until(lambda: far.state == "SUSPENDED", timeout=1.2 * TIMEOUT)
    assert lock.lease.lost.wait(TIMEOUT)
    zk_proxy.heal()
    assert lock.acquire(timeout=30)
