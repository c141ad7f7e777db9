"""Asking many, and taking: whom it reaches, what it costs, and for whom it is done."""

import json

import pytest
from kazoo.security import make_acl

from tests.locks.support import (
    FOLDER,
    NAME,
    Calls,
    Task,
    grab,
    queue,
    settle,
    wait_for_queue,
    waiting,
)
from zktools._engine.arguments import MAX_VALUE
from zktools._queue import record
from zktools.locks import IMMEDIATE, Reason, ZkLock
from zktools.testing import Op, wait_until

pytestmark = [pytest.mark.usefixtures("wire"), pytest.mark.zk_handlers("threading", "gevent")]

MANY = 24


@pytest.fixture
def far(zk_client_factory, zk_proxy):
    """A client behind the proxy, with a session that outlives every break of these tests."""
    return zk_client_factory(zk_proxy.hosts, timeout=8.0)


def asked(zk):
    """Of each in the queue, in order, whether it was asked."""
    return [record.is_asked(zk.get(f"{FOLDER}/{name}")[0]) for name in queue(zk)]


class Made:
    """What went through the proxy since."""

    def __init__(self, proxy):
        self._proxy, self._before = proxy, proxy.requests

    def __getitem__(self, op):
        return self._proxy.requests[op] - self._before[op]


# -- what asking costs, and whom it reaches


@pytest.mark.parametrize("more", [{}, {"grace": 60}], ids=["asks", "with grace"])
def test_a_queue_that_grows(wire, zk, far, lock, zk_proxy, more):
    """Who joins asks the first and the last: a number of requests that the others do not raise.

    Each of those asked reads its own record once more; by public calls, once for its watch, too.
    """
    lock.acquire()
    patient = ZkLock(far, NAME)
    made = Made(zk_proxy)
    for number in range(MANY):
        waiting(zk, far, patient, timeout=60, revoke=True, **more)
        wait_until(lambda n=number: asked(zk) == [True] * (n + 1) + [False])
        settle(zk, patient)
    assert made[Op.MULTI] <= MANY + 1
    assert made[Op.GET_DATA] <= (4 if wire == "private" else 5) * MANY
    patient.cancel()
    wait_for_queue(zk, 1)


def test_all_at_once(zk, far, lock, zk_proxy):
    """Those who join together ask each other no more often: all are asked but the last."""
    lock.acquire()
    patient = ZkLock(far, NAME)
    made = Made(zk_proxy)
    for _ in range(MANY):
        Task(far, grab, patient, timeout=60, revoke=True)
    wait_for_queue(zk, MANY + 1)
    wait_until(lambda: asked(zk) == [True] * MANY + [False])
    settle(zk, patient)
    assert made[Op.MULTI] + made[Op.GET_DATA] < MANY * MANY / 2
    patient.cancel()
    wait_for_queue(zk, 1)


def test_the_one_who_asks_stands_far_behind(zk, far, lock, zk_client_factory):
    """All ahead are asked, and let go when their turn comes, though they ask for nothing."""
    lock.acquire()
    patient = ZkLock(far, NAME)
    calls = Calls(patient)
    patient.on_revoke(lambda lease, _: lease.release())
    for _ in range(MANY):
        waiting(zk, far, patient, timeout=60)
    eager = ZkLock(client := zk_client_factory(), NAME)
    task = Task(client, grab, eager, timeout=60, revoke=True)
    wait_until(lambda: asked(zk) == [True] * (MANY + 1) + [False])
    lock.release()
    assert task.result(30).is_held
    wait_until(lambda: calls == [Reason.ASKED] * MANY)


def test_somebody_asked_one_in_the_middle(zk, zk_client_factory, lock, other, rival):
    """Those ahead of it are asked at the latest when they hold; within a session timeout."""
    lock.acquire()
    first = waiting(zk, other, rival, timeout=60)
    middle = waiting(zk, other, rival, timeout=60)
    for name in queue(zk)[2:]:
        zk.set(f"{FOLDER}/{name}", record.UNLOCK)
    client = zk_client_factory(timeout=1.0)
    last = waiting(zk, other, rival, timeout=60)
    task = Task(client, grab, ZkLock(client, NAME), timeout=60, revoke=True)
    wait_until(lambda: asked(zk) == [True, False, True, True, False])

    lock.release()
    lease = first.result()
    wait_until(lambda: lease.revoked)
    for holder in (first, middle, last):
        holder.result().release()
    assert task.result().is_held


@pytest.mark.parametrize("asker", ["asked before", "asks meanwhile"])
def test_those_whom_others_asked_have_the_same_grace(zk, other, rival, zk_client_factory, asker):
    """When it is over they are looked at, and who was asked before it began is destroyed.

    Who was not asked by then, as its asker did not come to it, is asked, and has as much from then.
    """
    blocking = [ZkLock(client := zk_client_factory(), NAME) for _ in range(3)]
    for lock in blocking:
        Task(client, grab, lock, timeout=60)
    wait_for_queue(zk, 3)
    names = queue(zk)
    for name in names if asker == "asked before" else names[2:]:
        zk.set(f"{FOLDER}/{name}", record.UNLOCK)
    task = Task(other, grab, rival, timeout=30, revoke=True, grace=0.3)

    assert task.result().is_held
    assert not set(names) & set(queue(zk))


# -- for whom it is done


@pytest.mark.slow
def test_grace_counts_from_being_asked(zk, far, far_lock, lock, zk_proxy):
    """A request that did not get through is no request: nobody is destroyed unasked."""
    calls = Calls(lock)
    lock.acquire()
    zk_proxy.on_request(lambda _: zk_proxy.refuse(), Op.MULTI)
    lost = zk_proxy.drop_request(Op.MULTI)
    task = Task(far, grab, far_lock, timeout=20, revoke=True, grace=0.5)
    lost.wait()
    lock.lease.lost.wait(1.0)
    assert lock.lease.is_held
    assert calls == []

    zk_proxy.heal()
    wait_until(lambda: calls == [Reason.ASKED])
    assert lock.lease.is_held
    assert task.result().is_held
    wait_until(lambda: lock.lease.reason is Reason.DESTROYED)


@pytest.mark.parametrize("how", [{"revoke": True, "grace": 0.2}, {"revoke": IMMEDIATE}])
def test_given_up_while_disconnected(zk, far, lock, zk_proxy, how):
    """What was not sent before the connection broke is not sent for somebody who has gone."""
    lock.acquire()
    impatient = ZkLock(far, NAME)
    trap = zk_proxy.drop_request(Op.MULTI, nth=2 if "grace" in how else 1)
    zk_proxy.on_request(lambda _: zk_proxy.refuse(), Op.MULTI)
    task = Task(far, grab, impatient, timeout=1.0, **how)
    if "grace" in how:
        wait_until(lambda: lock.revoked)
        zk_proxy.refuse()
        zk_proxy.cut()
    else:
        trap.wait()
    assert task.result() is None
    zk_proxy.heal()

    wait_for_queue(zk, 1)
    settle(zk, impatient)
    assert lock.lease.is_held
    assert len(queue(zk)) == 1


@pytest.mark.slow
def test_the_server_checks_for_whom(zk, far, far_lock, lock, zk_proxy):
    """What is carried out after its asker has left the queue is refused; it asks for itself again.

    Here its node is deleted by somebody else while the request is on its way.
    """
    lock.acquire()
    held = zk_proxy.hold_request(Op.MULTI)
    task = waiting(zk, far, far_lock, timeout=20, revoke=IMMEDIATE)
    held.wait()
    impatient = queue(zk)[1]
    refused = zk_proxy.hold_request(Op.MULTI)
    zk.delete(f"{FOLDER}/{impatient}")
    held.release()
    refused.wait()
    zk.sync("/")
    assert lock.lease.is_held

    refused.release()
    assert task.result().is_held


# -- what strangers do


@pytest.mark.parametrize("size", [MAX_VALUE - 10, 700_000])
def test_a_strangers_record_is_not_sent_back(zk, far, far_lock, size):
    """A record as large as the server takes, or less: its owner is asked all the same.

    With a request in it, it would be larger, and break the connection of who asks, again and again.
    """
    zk.ensure_path(FOLDER)
    data = json.dumps({"x": "y" * size}).encode()
    path = zk.create(f"{FOLDER}/lock-", data, sequence=True, ephemeral=True)
    own = ZkLock(far, "own")
    own.acquire()
    broken = []
    far.add_listener(broken.append)
    task = Task(far, grab, far_lock, timeout=20, revoke=True)
    wait_until(lambda: zk.get(path)[0] == record.UNLOCK)
    zk.delete(path)
    assert task.result().is_held
    assert own.lease.is_held
    assert broken == []


def test_a_record_that_may_not_be_read(zk, zk_client_factory):
    """Its owner leaves, the server keeps back the event; a look each session timeout finds out."""
    nobody = [make_acl("digest", "a:b", all=True)]
    zk.ensure_path(FOLDER)
    path = zk.create(f"{FOLDER}/lock-", b"", acl=nobody, sequence=True, ephemeral=True)
    client = zk_client_factory(timeout=1.0)
    lock = ZkLock(client, NAME)
    task = waiting(zk, client, lock, timeout=30)
    settle(zk, lock)
    zk.delete(path)
    assert task.result(5).is_held
