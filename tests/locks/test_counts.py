"""What locks cost: requests by kind, events, round trips."""

import struct
import time
from collections import Counter

import pytest

from tests.locks.support import FOLDER, NAME, Task, grab, wait_for_queue
from zktools.exceptions import LockCancelled
from zktools.locks import ZkLock, ZkReadLock, ZkWriteLock
from zktools.testing import Op, wait_until

WAITERS = 8


@pytest.fixture
def far(zk_client_factory, zk_proxy):
    """A client behind the proxy, with a session that a busy machine does not endanger."""
    return zk_client_factory(zk_proxy.hosts, timeout=6.0)


def cycle(lock):
    """Acquire and release, without staying."""
    lock.acquire()
    lock.release()


def test_requests_of_a_cycle(wire, zk, far, zk_proxy):
    """Acquire and release make three requests: create, list, delete."""
    zk.ensure_path(FOLDER)
    lock = ZkLock(far, NAME)
    for _ in range(3):
        before = zk_proxy.requests
        cycle(lock)
        made = zk_proxy.requests - before
        watching = made.pop(Op.SET_WATCHES, 0) + made.pop(Op.GET_DATA, 0)
        assert made == {Op.CREATE2: 1, Op.GET_CHILDREN: 1, Op.DELETE: 1}
        assert watching <= 1  # where the machine was slow


def test_requests_of_the_first_use_of_a_name(wire, zk, far, zk_proxy):
    """A folder that is missing costs its creation, and the pair of requests once more."""
    zk.ensure_path("/ZktoolsLocks")
    before = zk_proxy.requests
    cycle(ZkLock(far, NAME))
    made = zk_proxy.requests - before
    assert made[Op.CREATE2] == made[Op.GET_CHILDREN] == 2
    assert made[Op.DELETE] == 1
    assert made[Op.CREATE] + made[Op.EXISTS] <= 5


def test_requests_of_a_long_hold(wire, zk, far, zk_proxy):
    """A hold that lasts watches its own node, once; and proves its session a few times."""
    zk.ensure_path(FOLDER)
    lock = ZkLock(far, NAME)
    before = zk_proxy.requests
    with lock as lease:
        lease.lost.wait(1.0)
    made = zk_proxy.requests - before
    assert made[Op.SET_WATCHES if wire == "private" else Op.GET_DATA] == 1
    assert made[Op.MULTI] <= 4  # a session of six seconds, renewed each sixth of it
    assert sum(made.values()) - made[Op.MULTI] == 4


def test_round_trips_of_a_cycle(wire, zk, far, zk_proxy):
    """Two round trips for acquire and release; kazoo's Lock takes four."""
    zk.ensure_path(FOLDER)
    lock = ZkLock(far, NAME)
    cycle(lock)
    zk_proxy.delay(0.03)
    took = []
    for _ in range(5):
        began = time.monotonic()
        cycle(lock)
        took.append((time.monotonic() - began) / 0.06)
    assert 1.9 < min(took) < 2.5


class Traffic:
    """Who was sent what from the moment it is made: requests and deletions by connection."""

    def __init__(self, proxy):
        self.requests = []
        self.deletions = []
        proxy.on_request(lambda f: self.requests.append((f.connection, f.op)))
        proxy.on_reply(self._event, Op.EVENT)

    def _event(self, frame):
        kind, _, length = struct.unpack_from("!iii", frame.payload, 16)
        path = frame.payload[28 : 28 + length].decode()
        if kind == 2:
            self.deletions.append((path, frame.connection))


@pytest.fixture
def row(zk, zk_client_factory, zk_proxy):
    """A holder and eight waiters, each with a client of its own behind the proxy, in order."""
    holder = ZkLock(zk_client_factory(zk_proxy.hosts), NAME)
    holder.acquire()
    locks = [ZkLock(zk_client_factory(zk_proxy.hosts), NAME) for _ in range(WAITERS)]
    tasks = []
    for place, lock in enumerate(locks):
        tasks.append(Task(lock._session.client, grab, lock, timeout=20))
        wait_for_queue(zk, place + 2)
    settled(zk_proxy)
    return holder.lease, tasks


def settled(proxy):
    """Wait until all that was sent has been answered, and nothing follows from it."""
    last = None

    def same():
        nonlocal last
        before, last = last, (proxy.requests, proxy.events)
        return before == last

    for _ in range(3):
        time_to_answer = time.monotonic() + 0.03
        wait_until(lambda until=time_to_answer: time.monotonic() > until)
        wait_until(same)


@pytest.mark.slow
def test_a_departure_wakes_two_waiters_at_most(wire, row, zk_proxy):
    """Each deletion is told to its owner, the next in the queue, and the one behind that.

    The next has the lock by that alone; only the other lists again, so as to be next in its turn.
    """
    lease, tasks = row
    traffic = Traffic(zk_proxy)
    before = zk_proxy.requests
    for task in tasks:
        lease.release()
        lease = task.result()
        settled(zk_proxy)
    made = zk_proxy.requests - before

    told = Counter(path for path, _ in traffic.deletions)
    assert len(told) == WAITERS
    assert max(told.values()) <= 3
    assert made[Op.DELETE] == WAITERS
    assert made[Op.GET_CHILDREN] <= WAITERS
    assert made[Op.SET_WATCHES] <= 2 * WAITERS
    assert made[Op.GET_DATA] <= 2 * WAITERS
    assert [made[op] for op in (Op.CREATE2, Op.EXISTS, Op.SET_DATA)] == [0, 0, 0]


def test_the_grant_needs_no_request(wire, row, zk_proxy):
    """Between the departure and the grant the next waiter sends nothing."""
    lease, tasks = row
    for task in tasks[:4]:
        hook = zk_proxy.hold_request(Op.GET_CHILDREN)  # whoever asks, gets no answer
        lease.release()
        lease = task.result(5)
        assert lease.is_held
        hook.release()
        settled(zk_proxy)


@pytest.mark.slow
def test_round_trips_of_a_handover(wire, row, zk_proxy):
    """From release() called to the next acquire() returned: about one round trip."""
    lease, tasks = row
    zk_proxy.delay(0.08)  # much more than a busy machine adds
    took = []
    for task in tasks[:5]:
        lease.lost.wait(0.24)  # the section takes longer than a round trip
        began = time.monotonic()
        releasing = Task(lease._claim.session.client, lease.release)
        lease = task.result()
        took.append((time.monotonic() - began) / 0.16)
        releasing.result()
    took.sort()
    assert 0.9 < took[len(took) // 2] < 1.5


def test_readers_that_leave_wake_no_readers(wire, zk, zk_client_factory, zk_proxy):
    """Eight readers, one writer: a departing reader is told to the writer, and to no reader."""
    readers = [ZkReadLock(zk_client_factory(zk_proxy.hosts), NAME) for _ in range(8)]
    for reader in readers:
        reader.acquire()
    writer = ZkWriteLock(client := zk_client_factory(zk_proxy.hosts), NAME)
    task = Task(client, grab, writer, timeout=20)
    wait_for_queue(zk, 9)
    settled(zk_proxy)
    traffic = Traffic(zk_proxy)
    for reader in readers:
        reader.release()
    assert task.result().is_held
    settled(zk_proxy)
    told = Counter(path for path, _ in traffic.deletions)
    assert all(count <= 2 for count in told.values())  # its owner and the writer


@pytest.mark.parametrize("kind", [ZkLock, ZkWriteLock])
def test_a_queue_of_one_client_is_not_listed_again(zk, far, zk_proxy, kind):
    """Who held the lock alone had nobody ahead: all who wait by the same client know that."""
    first = Task(far, grab, kind(far, NAME)).result()
    waiting = []
    for number in range(2, 7):
        waiting.append(Task(far, cycle, kind(far, NAME)))
        wait_for_queue(zk, number)
    before = zk_proxy.requests
    first.release()
    for task in waiting:
        task.result()

    assert Op.GET_CHILDREN not in zk_proxy.requests - before


def test_of_readers_others_may_be_left(zk, far, zk_proxy):
    """One that held the lock beside another says nothing of that: the queue is listed again."""
    reader, another = (Task(far, grab, ZkReadLock(far, NAME)).result() for _ in range(2))
    locks = [ZkWriteLock(far, NAME) for _ in range(2)]
    tasks = []
    for number, lock in enumerate(locks, 3):
        tasks.append(Task(far, grab, lock))
        wait_for_queue(zk, number)
    before = zk_proxy.requests
    another.release()
    wait_until(lambda: (zk_proxy.requests - before)[Op.GET_CHILDREN] == 1)
    locks[0].cancel()
    with pytest.raises(LockCancelled):
        tasks[0].result()
    wait_for_queue(zk, 2)

    assert reader.exists()
    assert not tasks[1].is_over
    reader.release()
    assert tasks[1].result().is_held
