"""Asking for a lock back, taking it, and asking with a time of grace."""

import time

import pytest

from tests.locks.faces import ZkLock, ZkReadLock, ZkWriteLock
from tests.locks.support import FOLDER, NAME, Calls, queue, settle, wait_for_queue, waiting
from zktools.locks import IMMEDIATE, Reason
from zktools.testing import Op, wait_until


def by_0_2(zk):
    """Ask everybody in the queue as zktools 0.2 does."""
    for name in queue(zk):
        zk.set(f"{FOLDER}/{name}", b"unlock")


def by_us(zk):
    """Ask everybody in the queue as we do, inside their records."""
    ZkLock(zk, NAME, identifier="asker").revoke_all()


MOMENTS = [
    ("reply", Op.CREATE2),
    ("request", Op.GET_CHILDREN),
    ("reply", Op.GET_CHILDREN),
    ("request", Op.SET_WATCHES),
    ("reply", Op.SET_WATCHES),
    ("request", Op.GET_DATA),
    ("reply", Op.GET_DATA),
]


def ask_at(proxy, moment, ask, zk):
    """Ask once, at the first frame of this kind."""
    kind, op = moment
    asked = []

    def once(_):
        if not asked:
            asked.append(True)
            wait_until(lambda: queue(zk), 2)  # the create has been sent before
            ask(zk)

    (proxy.on_request if kind == "request" else proxy.on_reply)(once, op)
    return asked


@pytest.mark.parametrize("ask", [by_0_2, by_us])
@pytest.mark.parametrize("moment", MOMENTS, ids=lambda m: f"{m[0]}-{m[1].name}")
def test_asked_at_any_moment_of_an_acquire(wire, zk, far, far_lock, zk_proxy, moment, ask):
    """A request that comes at any moment from the making of the node on is not missed.

    The holder is told once, with the reason, and holds the lock until it releases it.
    """
    if moment[1] is (Op.GET_DATA if wire == "private" else Op.SET_WATCHES):
        pytest.skip("this way of acquiring has no such moment")
    zk.ensure_path(FOLDER)
    calls = Calls(far_lock)
    asked = ask_at(zk_proxy, moment, ask, zk)

    assert far_lock.acquire(timeout=5)
    lease = far_lock.lease
    wait_until(lambda: lease.revoked)
    wait_until(lambda: calls)
    settle(zk, far_lock)

    assert asked
    assert calls == [Reason.ASKED]
    assert lease.reason is Reason.ASKED
    assert lease.is_held
    assert not lease.lost.is_set()
    assert far_lock.release() is True
    settle(zk, far_lock)
    assert calls == [Reason.ASKED]


@pytest.mark.parametrize("ask", [by_0_2, by_us])
@pytest.mark.parametrize(
    "moment",
    [("reply", Op.CREATE2), ("reply", Op.GET_CHILDREN), ("reply", Op.EVENT), ("request", Op.MULTI)],
    ids=lambda m: f"{m[0]}-{m[1].name}",
)
def test_asked_while_waiting_or_when_the_turn_comes(wire, zk, far, far_lock, zk_proxy, moment, ask):
    """A waiter that is asked, at its turn too, is told once it holds the lock; not before."""
    holder = ZkLock(zk, NAME)
    holder.acquire()
    calls = Calls(far_lock)
    asked = ask_at(zk_proxy, moment, ask, zk)
    task = waiting(zk, far, far_lock, timeout=8)
    if moment[1] is Op.EVENT:
        # The holder watches its node as well, so the server's list of watches does not tell.
        (claim,) = far_lock._queue._pending
        wait_until(lambda: claim._watches._child and claim._watches.are_confirmed)
    else:
        wait_until(lambda: asked)
        settle(zk, far_lock)
        assert calls == []
    holder.release()

    lease = task.result()
    wait_until(lambda: lease.revoked)
    wait_until(lambda: calls)
    settle(zk, far_lock)
    assert calls == [Reason.ASKED]
    assert lease.is_held


@pytest.mark.usefixtures("wire")
def test_asked_while_disconnected(zk, zk_client_factory, zk_proxy):
    """A request that comes while the holder is cut off reaches it when it is back."""
    far = zk_client_factory(zk_proxy.hosts, timeout=6.0)
    lock = ZkLock(far, NAME)
    calls = Calls(lock)
    lock.acquire()
    zk_proxy.refuse()
    zk_proxy.cut()
    wait_until(lambda: not lock.lease.is_held)
    by_us(zk)
    zk_proxy.heal()

    wait_until(lambda: calls == [Reason.ASKED])
    wait_until(lambda: lock.lease.is_held)


@pytest.mark.usefixtures("wire")
@pytest.mark.every_face
class TestAsking:
    """acquire(revoke=True)."""

    def test_a_holder_that_obeys(self, zk, lock, rival):
        """The holder lets go in its callback, and the one who asked gets the lock."""
        reasons = []

        def obey(lease, reason):
            reasons.append(reason)
            assert lease.release() is True

        lock.on_revoke(obey)
        lock.acquire()

        assert rival.acquire(timeout=5, revoke=True)
        assert reasons == [Reason.ASKED]
        assert not lock.lease.lost.is_set()
        assert queue(zk) == [rival.lease.path.rpartition("/")[2]]

    def test_a_holder_that_does_not(self, lock, rival):
        """Who is asked and goes on keeps the lock; the one who asked runs out of time."""
        calls = Calls(lock)
        lock.acquire()

        assert not rival.acquire(timeout=1.0, revoke=True)
        wait_until(lambda: lock.revoked)
        assert lock.lease.is_held
        assert lock.has_lock()
        wait_until(lambda: calls == [Reason.ASKED])

    def test_without_waiting(self, lock, rival):
        """acquire(timeout=0, revoke=True) asks and comes back at once."""
        lock.acquire()
        assert not rival.acquire(timeout=0, revoke=True)
        wait_until(lambda: lock.revoked)

    def test_the_record_stays_readable(self, zk, rival):
        """After being asked the node still says who holds the lock, and also who asked."""
        holder = ZkLock(zk, NAME, identifier="holder")
        asker = ZkLock(zk, NAME, identifier="asker")
        holder.acquire()
        asker.revoke_all()

        (contender,) = rival.contenders()
        assert contender.asked
        assert contender.who["identifier"] == "holder"
        assert contender.who["unlock"]["identifier"] == "asker"

    def test_all_readers_are_asked(self, zk, other, zk_client_factory):
        """A writer asks every reader ahead of it; a reader asks no reader."""
        readers = [ZkReadLock(zk_client_factory(), NAME) for _ in range(3)]
        for reader in readers:
            reader.acquire()
            reader.on_revoke(lambda lease, _: lease.release())
        also = ZkReadLock(other, NAME)
        assert also.acquire(timeout=5, revoke=True)
        assert not any(reader.revoked for reader in readers)
        assert also.release()
        assert ZkWriteLock(zk, NAME).acquire(timeout=10, revoke=True)
        assert all(reader.revoked for reader in readers)

    def test_it_is_reset_by_acquiring(self, lock, rival):
        """`revoked` belongs to a hold: True after its release too, False for the next one."""
        lock.acquire()
        rival.revoke_all()
        wait_until(lambda: lock.revoked)
        lock.release()
        assert lock.revoked
        lock.acquire()
        assert not lock.revoked

    def test_revoke_all(self, zk, lock, other, rival):
        """Holders and waiters are all asked; True if there were any."""
        lock.acquire()
        task = waiting(zk, other, rival)
        assert lock.revoke_all() is True
        wait_until(lambda: lock.revoked)
        lock.release()
        lease = task.result()
        wait_until(lambda: lease.revoked)

    def test_asked_twice_and_by_both(self, zk, lock, rival):
        """However often it is asked, and by whom, the holder is told once."""
        calls = Calls(lock)
        lock.acquire()
        rival.revoke_all()
        by_0_2(zk)
        rival.revoke_all()
        by_0_2(zk)
        wait_until(lambda: calls)
        settle(zk, lock)
        assert calls == [Reason.ASKED]

    def test_other_writing_is_not_a_request(self, zk, lock, rival):
        """Data that means nothing neither revokes nor makes deaf for a request that follows."""
        lock.acquire()
        for junk in (b"", b"0", b"{", b"unlock please", b"[" * 50_000):
            zk.set(lock.lease.path, junk)
            settle(zk, lock)
            assert not lock.revoked
            assert lock.lease.is_held
        rival.revoke_all()
        wait_until(lambda: lock.revoked)


@pytest.mark.usefixtures("wire")
@pytest.mark.every_face
class TestTaking:
    """acquire(revoke=IMMEDIATE)."""

    def test_at_once(self, lock, rival):
        """The holder's node is destroyed: it has lost the lock and hears so, once."""
        calls = Calls(lock)
        lock.acquire()

        assert rival.acquire(timeout=5, revoke=IMMEDIATE)
        assert rival.lease.token > lock.lease.token
        wait_until(lock.lease.lost.is_set)
        wait_until(lambda: calls == [Reason.DESTROYED])
        assert lock.lease.reason is Reason.DESTROYED
        assert lock.revoked
        assert not lock.lease.is_held
        assert not lock.has_lock()
        assert lock.release() is False

    def test_from_a_whole_queue(self, zk, zk_client_factory, other):
        """timeout=0 with IMMEDIATE takes the lock from all holders; who waits queues again.

        The last is destroyed first, so that no waiter is granted the lock only to lose it.
        """
        readers = [ZkReadLock(zk_client_factory(), NAME) for _ in range(3)]
        for reader in readers:
            reader.acquire()
        writer = ZkWriteLock(client := zk_client_factory(), NAME)
        task = waiting(zk, client, writer, timeout=8)

        lock = ZkWriteLock(other, NAME)
        assert lock.acquire(timeout=0, revoke=IMMEDIATE)
        for reader in readers:
            wait_until(reader.lease.lost.is_set)
        wait_for_queue(zk, 2)  # the waiter queues again, behind
        assert not task.is_over
        lock.release()
        assert task.result().is_held

    def test_a_reader_takes_from_writers_only(self, zk, other):
        """A reader's IMMEDIATE leaves other readers alone."""
        reader = ZkReadLock(zk, NAME)
        reader.acquire()
        assert ZkReadLock(other, NAME).acquire(timeout=0, revoke=IMMEDIATE)
        assert reader.has_lock()


@pytest.mark.usefixtures("wire")
@pytest.mark.every_face
class TestGrace:
    """acquire(revoke=True, grace=...)."""

    def test_first_asked_then_taken(self, lock, rival):
        """A holder that does not let go is asked, and destroyed when the time of grace is over."""
        reasons = Calls(lock)
        lock.acquire()
        began = time.monotonic()
        assert rival.acquire(timeout=5, revoke=True, grace=0.3)
        assert 0.3 <= time.monotonic() - began < 1.5
        wait_until(lock.lease.lost.is_set)
        assert reasons == [Reason.ASKED]  # once a hold, at the first reason
        assert lock.lease.reason is Reason.DESTROYED

    def test_who_lets_go_in_time_is_not_destroyed(self, lock, rival):
        """An obedient holder ends its hold by itself, long before the grace is over."""
        lock.on_revoke(lambda lease, _: lease.release())
        lock.acquire()
        began = time.monotonic()
        assert rival.acquire(timeout=5, revoke=True, grace=4)
        assert time.monotonic() - began < 2
        assert not lock.lease.lost.is_set()

    def test_out_of_time_before_the_grace(self, lock, rival):
        """Who gives up waiting destroys nobody afterwards."""
        lock.acquire()
        assert not rival.acquire(timeout=0.1, revoke=True, grace=0.3)
        began = time.monotonic()
        wait_until(lambda: time.monotonic() - began > 0.4)
        assert lock.has_lock()

    def test_no_grace_at_all(self, lock, rival):
        """grace=0 destroys right after asking."""
        lock.acquire()
        assert rival.acquire(timeout=5, revoke=True, grace=0)
