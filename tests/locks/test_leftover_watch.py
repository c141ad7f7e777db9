"""A notification that was not meant for this wait."""

import pytest
from kazoo.protocol.states import Callback

from tests.locks.support import FOLDER, NAME, queue, settle, wait_for_queue, waiting
from zktools.locks import ZkLock
from zktools.testing import Op, Proxy, wait_until


@pytest.fixture
def far(zk_hosts, zk_client_factory):
    """A client, and the proxy between it and the server."""
    with Proxy(zk_hosts) as proxy:
        yield zk_client_factory(hosts=proxy.hosts), proxy


class Late:
    """A waiter whose watches are not armed yet when its node is deleted, and then its blocker's.

    An earlier wait of the same client has left its watch on the blocker with the server, which so
    tells it of the one deletion and not of the other. A third client holds the lock then.
    """

    def __init__(self, zk, lock, client, proxy):
        lock.acquire()
        patient = ZkLock(client, NAME)
        assert not patient.acquire(timeout=0.3)
        wait_for_queue(zk, 1)
        self.armed = proxy.hold_request(Op.SET_WATCHES)
        self.attempt = waiting(zk, client, patient, timeout=20)
        (self.claim,) = patient._queue._pending
        self.armed.wait(5)
        third = waiting(zk, zk, ZkLock(zk, NAME))
        blocker, own, _ = queue(zk)
        zk.delete(f"{FOLDER}/{own}")
        zk.delete(f"{FOLDER}/{blocker}")
        self.third = third.result()
        assert self.third.is_held
        wait_until(lambda: not self.claim._watched)  # the old watch has told it

    def gets_its_turn(self, zk):
        """It finds out, queues again, and waits for the third."""
        wait_for_queue(zk, 2)
        assert not self.attempt.is_over
        self.third.release()
        assert self.attempt.result().is_held


def test_a_watch_of_an_earlier_wait_grants_nothing(zk, lock, far):
    """A blocker's departure counts once the watch on the own node is known to be armed."""
    late = Late(zk, lock, *far)
    assert not late.claim.is_granted

    late.armed.release()
    late.gets_its_turn(zk)


def test_the_reply_that_arms_the_watches_does_not_overtake_an_event(zk, lock, far):
    """As above, while something keeps kazoo's event thread busy when the reply arrives.

    kazoo brings replies and events by different threads, so the deletion of the own node may still
    be on its way when the watches are known to be armed.
    """
    client, _ = far
    late = Late(zk, lock, *far)
    busy, go_on = (client.handler.event_object() for _ in range(2))
    client.handler.dispatch_callback(Callback("watch", lambda: (busy.set(), go_on.wait(20)), ()))
    busy.wait(5)

    late.armed.release()
    client.sync("/")  # its reply came after that of the held request
    settle(zk, ZkLock(client, NAME))
    assert not late.claim.is_granted
    go_on.set()
    late.gets_its_turn(zk)


def test_asking_uses_up_no_watch_on_a_departure(zk, lock, far):
    """Asked to let go while it waits, and destroyed then, a waiter does not take its turn.

    A data watch on its own node would be used up by the request, and its deletion go unnoticed.
    """
    client, proxy = far
    lock.acquire()
    attempt = waiting(zk, client, ZkLock(client, NAME), timeout=20)
    blocker, own = queue(zk)
    wait_until(lambda: proxy.requests[Op.SET_WATCHES] > 0)
    zk.sync("/")

    reading = proxy.hold_request(Op.GET_DATA)
    zk.set(f"{FOLDER}/{own}", b"unlock")
    reading.wait(5)  # it has heard, and goes to see what was written
    third = waiting(zk, zk, ZkLock(zk, NAME))
    zk.delete(f"{FOLDER}/{own}")
    zk.delete(f"{FOLDER}/{blocker}")
    assert third.result().is_held
    wait_for_queue(zk, 1)
    assert not attempt.is_over

    reading.release()
    wait_for_queue(zk, 2)
    assert not attempt.is_over
    third.result().release()
    assert attempt.result().is_held
