"""The end of a session is known before the server is asked for it."""

import pytest
from kazoo.retry import KazooRetry

from tests.locks.support import NAME, Task, grab, has_stopped
from zktools import ZkLock
from zktools.exceptions import ClientUnusableError, LockLost
from zktools.testing import Op, wait_until


@pytest.mark.usefixtures("wire")
@pytest.mark.zk_handlers("threading", "gevent")
def test_stopped_while_holding(zk_client_factory, zk_proxy, zk):
    """Whoever gets the lock next gets it from somebody who has stopped believing."""
    far = zk_client_factory(zk_proxy.hosts, timeout=10)
    far_lock = ZkLock(far, NAME)
    far.restart()  # without kazoo's private parts, connections to come are told
    held = grab(far_lock)
    rival = Task(far, grab, ZkLock(zk, NAME), timeout=20)
    answer = zk_proxy.hold_reply(Op.CLOSE_SESSION)
    stopping = Task(far, far.stop)

    assert rival.result().is_held
    assert not held.is_held
    wait_until(held.lost.is_set)
    has_stopped(held)
    answer.release()
    stopping.result()


@pytest.mark.slow
def test_a_client_that_gave_up(zk_client_factory, zk_proxy, zk, caplog):
    """It is told as what it is, with what helps, to who holds and who waits, and in the log."""
    client = zk_client_factory(
        zk_proxy.hosts, timeout=2, connection_retry=KazooRetry(max_tries=1, delay=0.01)
    )
    held = grab(ZkLock(client, "held"))
    lock = ZkLock(zk, NAME)
    lock.acquire()
    waiter = Task(client, grab, ZkLock(client, NAME))
    wait_until(lambda: len(lock.contenders()) == 2)
    zk_proxy.refuse()
    zk_proxy.cut()

    with pytest.raises(ClientUnusableError, match=r"given up by itself.*start"):
        waiter.result()
    wait_until(held.lost.is_set)
    with pytest.raises(LockLost, match=r"session lost.*given up by itself.*start\(\) revives it"):
        held.check()
    with pytest.raises(ClientUnusableError, match=r"given up by itself.*start"):
        ZkLock(client, NAME).acquire()
    assert "client.start() revives it" in caplog.text
    zk_proxy.heal()
    client.start()
    assert ZkLock(client, "held").acquire(timeout=10)
