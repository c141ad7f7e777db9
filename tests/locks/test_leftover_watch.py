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


def test_a_watch_of_an_earlier_wait_grants_nothing(zk, lock, far):
    """A blocker's departure counts once the watch on the own node is known to be armed.

    An earlier wait of the same client has left its watch on the blocker with the server. While the
    packet that arms the watches of the next wait is on its way, that wait's own node is deleted,
    which nobody tells it, and then the blocker's, which the old watch tells it. It must not take
    that for its turn: a third client holds the lock then.
    """
    client, proxy = far
    lock.acquire()
    patient = ZkLock(client, NAME)
    assert not patient.acquire(timeout=0.3)
    wait_for_queue(zk, 1)

    armed = proxy.hold_request(Op.SET_WATCHES)
    attempt = waiting(zk, client, patient, timeout=20)
    armed.wait(5)
    third = waiting(zk, zk, ZkLock(zk, NAME))
    blocker, own, _ = queue(zk)
    zk.delete(f"{FOLDER}/{own}")
    zk.delete(f"{FOLDER}/{blocker}")
    assert third.result().is_held
    told = proxy.events
    wait_until(lambda: proxy.events == told and client.connected)
    assert not attempt.is_over

    armed.release()
    wait_for_queue(zk, 2)  # it has found out, and queues again
    assert not attempt.is_over
    third.result().release()
    assert attempt.result().is_held


def test_the_reply_that_arms_the_watches_does_not_overtake_an_event(zk, lock, far):
    """As above, while something keeps kazoo's event thread busy when the reply arrives.

    kazoo brings replies and events by different threads, so the deletion of the own node may still
    be on its way when the watches are known to be armed.
    """
    client, proxy = far
    lock.acquire()
    patient = ZkLock(client, NAME)
    assert not patient.acquire(timeout=0.3)
    wait_for_queue(zk, 1)

    armed = proxy.hold_request(Op.SET_WATCHES)
    attempt = waiting(zk, client, patient, timeout=20)
    (claim,) = patient._pending
    armed.wait(5)
    third = waiting(zk, zk, ZkLock(zk, NAME))
    blocker, own, _ = queue(zk)
    zk.delete(f"{FOLDER}/{own}")
    zk.delete(f"{FOLDER}/{blocker}")
    assert third.result().is_held
    wait_until(lambda: not claim._blocking)  # the old watch has told it
    busy, go_on = (client.handler.event_object() for _ in range(2))
    client.handler.dispatch_callback(Callback("watch", lambda: (busy.set(), go_on.wait(20)), ()))
    busy.wait(5)

    armed.release()
    client.sync("/")  # its reply came after that of the held request
    settle(zk, patient)
    assert not claim.is_granted
    go_on.set()
    wait_for_queue(zk, 2)
    third.result().release()
    assert attempt.result().is_held


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
