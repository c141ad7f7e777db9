"""Locks whose node stays between uses: what that saves, who is let in, what is believed."""

import pytest

from tests.locks.faces import ZkLock, ZkReadLock, ZkWriteLock
from tests.locks.support import (
    NAME,
    Calls,
    Task,
    candidate_of_0_2,
    grab,
    queue,
    settle,
    wait_for_queue,
    waiting,
)
from tests.locks.test_fork import run
from zktools import hooks
from zktools.exceptions import LockLost
from zktools.testing import Op, expire_session, wait_until

LONG = 60.0  # seconds: no test waits for so long a time of no use


@pytest.fixture
def sticky(zk):
    """A lock of the first client's whose node stays."""
    return ZkLock(zk, NAME, sticky=LONG)


@pytest.fixture
def far_sticky(far):
    """The same of the client behind the proxy."""
    return ZkLock(far, NAME, sticky=LONG)


def used(lock):
    """Acquire and release; the lease."""
    assert lock.acquire(timeout=10)
    assert lock.release()
    return lock.lease


@pytest.mark.every_face
class TestFaces:
    """What holds for each face alike."""

    def test_the_next_use_needs_no_request(self, zk, zk_client_factory, zk_proxy):
        """Five requests for the first use; for all that follow, none. The token stays the same."""
        far = zk_client_factory(zk_proxy.hosts, timeout=30.0)
        zk.ensure_path(f"/ZktoolsLocks/{NAME}")
        lock = ZkLock(far, NAME, sticky=LONG)
        before = zk_proxy.requests
        first = used(lock)

        def made():
            return sum((zk_proxy.requests - before).values())

        wait_until(lambda: made() >= 4, what="the watches")
        others = [used(lock) for _ in range(20)]
        assert made() <= 5  # create, list, watch two, and perhaps a proof
        assert {lease.token for lease in others} == {first.token}
        assert len(queue(zk)) == 1

    def test_who_queues_gets_it_at_once(self, zk, sticky, rival):
        """Kept, it is let go as soon as somebody else is there, and not when its time is up."""
        before = used(sticky)
        lease = grab(rival, timeout=10)
        assert lease.token > before.token
        assert len(queue(zk)) == 1
        assert not sticky.acquire(timeout=0)
        lease.release()
        assert used(sticky).token > lease.token

    def test_who_queued_while_it_was_used_is_next(self, zk, other, sticky, rival):
        """One hold is all that anybody waits for: the user cannot have it again before."""
        assert sticky.acquire()
        attempt = waiting(zk, other, rival, timeout=10)
        settle(zk, sticky)
        assert sticky.release()
        assert not sticky.acquire(timeout=0)
        assert attempt.result().release()

    def test_threads_of_one_object_take_turns(self, zk, sticky):
        """Another thread that waits is a candidate as any, and next; alone, it needs no node."""
        token = used(sticky).token
        assert Task(zk, used, sticky).result().token == token
        assert sticky.acquire()
        attempt = waiting(zk, zk, sticky, timeout=10)
        settle(zk, sticky)
        assert sticky.release()
        assert attempt.result().token > token

    def test_a_released_lease_stays_over(self, zk, sticky):
        """Whoever uses the node next: its leases say no, change nothing, and end nothing."""
        zk.create("/cursor", b"")
        old = used(sticky)
        assert sticky.acquire()
        new = sticky.lease
        assert new.path == old.path
        assert not old.is_held
        assert not old.exists()
        assert not old.release()
        assert not old.lost.is_set()
        with pytest.raises(LockLost), old.transaction() as transaction:
            transaction.set_data("/cursor", b"late")
        assert zk.get("/cursor")[0] == b""
        assert new.is_held
        assert new.exists()

    def test_asked_while_kept(self, zk, sticky, rival):
        """Nobody has to be told: the node goes."""
        calls = Calls(sticky)
        used(sticky)
        rival.revoke_all()
        wait_for_queue(zk, 0)
        settle(zk, sticky)
        assert calls == []
        assert not sticky.lease.revoked

    def test_asked_while_used(self, zk, sticky, rival):
        """The user is told, once; of several uses, the one that was asked. Then the node goes."""
        calls = Calls(sticky)
        first = used(sticky)
        assert sticky.acquire()
        rival.revoke_all()
        wait_until(lambda: sticky.lease.revoked)
        wait_until(lambda: len(calls) == 1)
        assert not first.revoked
        assert sticky.release()
        wait_for_queue(zk, 0)

    def test_destroyed(self, zk, sticky, rival):
        """Used, it is lost as ever; kept, nobody has lost anything, and the next use queues."""
        calls = Calls(sticky)
        kept = used(sticky)
        rival.clear()
        zk.sync("/")  # behind the news, which would find the node in use
        wait_until(lambda: used(sticky).token > kept.token)
        assert calls == []
        assert not kept.lost.is_set()
        assert sticky.acquire()
        rival.clear()
        assert sticky.lease.lost.wait(10)
        wait_until(lambda: len(calls) == 1)
        assert not sticky.release()

    def test_nothing_is_believed_without_a_proof(self, far, far_sticky, zk_proxy):
        """Cut off, a kept node grants nothing from when a hold would be lost."""
        gauge = ZkLock(far, "gauge")
        assert gauge.acquire()
        old = used(far_sticky)
        zk_proxy.swallow()
        assert gauge.lease.lost.wait(10)
        assert not far_sticky.acquire(timeout=0)
        zk_proxy.heal()
        assert used(far_sticky).token > old.token


@pytest.mark.usefixtures("wire")
def test_of_two_zero(zk, sticky):
    """A candidate of 0.2, which watches and cannot ask, is let in."""
    used(sticky)
    own = queue(zk)
    path = candidate_of_0_2(zk, "lock")
    wait_until(lambda: queue(zk) == [path.rpartition("/")[2]], what=f"{own} to leave")


@pytest.mark.parametrize("kind", ["Lock", "WriteLock", "ReadLock"])
def test_of_kazoos(zk, other, kind):
    """So is one of kazoo's; and excluded while it is used."""
    lock = ZkLock(zk, "/theirs/x", layout="kazoo", sticky=LONG)
    used(lock)
    rival = getattr(other, kind)("/theirs/x")
    assert rival.acquire(timeout=10)
    assert not lock.acquire(timeout=0)
    rival.release()
    assert lock.acquire(timeout=10)
    assert not rival.acquire(blocking=False)


def test_of_curators(zk):
    """And one of Curator's."""
    lock = ZkLock(zk, "/theirs/x", layout="curator", sticky=LONG)
    used(lock)
    name = "_c_12345678-1234-1234-1234-123456789012-lock-"
    zk.create(f"/theirs/x/{name}", b"", ephemeral=True, sequence=True)
    wait_for_queue(zk, 1, "/theirs/x")
    assert queue(zk, "/theirs/x")[0].startswith(name)


def test_who_came_before_the_watch(zk, zk_client_factory, zk_proxy, rival):
    """It is seen in what is read when the watch is set, though the node is kept by then."""
    far = zk_client_factory(zk_proxy.hosts, timeout=30.0)
    zk.ensure_path(f"/ZktoolsLocks/{NAME}")
    lock = ZkLock(far, NAME, sticky=LONG)
    held = zk_proxy.hold_request(Op.GET_CHILDREN, nth=2)
    used(lock)
    attempt = waiting(zk, rival._session.client, rival, timeout=10)
    held.release()
    assert attempt.result() is not None


def test_not_used_for_long_enough(zk):
    """The node goes when nobody has used it for that time, and not before."""
    lock = ZkLock(zk, NAME, sticky=0.3)
    token = used(lock).token
    assert used(lock).token == token
    wait_for_queue(zk, 0)
    assert used(lock).token > token


def test_an_interruption_ends_it(far, far_sticky, zk_proxy):
    """What is kept when the connection breaks is let go with the next one."""
    old = used(far_sticky)
    zk_proxy.cut()
    wait_until(lambda: used(far_sticky).token > old.token)
    wait_until(lambda: used(far_sticky).token == used(far_sticky).token, what="a node that is kept")
    assert far_sticky.acquire(timeout=10)
    states = []
    far.add_listener(states.append)
    zk_proxy.cut()
    wait_until(lambda: "CONNECTED" in states and far_sticky.lease.is_held)
    token = far_sticky.lease.token
    assert far_sticky.release()
    assert used(far_sticky).token > token


def test_the_end_of_the_session(zk, sticky):
    """Kept, it loses nobody anything; the next use is another node's."""
    calls = Calls(sticky)
    old = used(sticky)
    ended = zk.client_id
    expire_session(zk)
    wait_until(lambda: zk.connected and zk.client_id not in {None, ended})
    assert used(sticky).token > old.token
    assert calls == []
    assert not old.lost.is_set()


def test_the_end_of_the_client(zk, other, sticky):
    """Nothing of it is left."""
    used(sticky)
    other.chroot = zk.chroot
    zk.stop()
    wait_for_queue(other, 0)


def test_a_child_of_a_fork_has_nothing(zk, zk_hosts):
    """What was kept is the parent's; a child that starts the client for itself queues."""
    program = """
        from zktools.exceptions import ClientUnusableError
        lock = ZkLock(client, "x", sticky=60)

        def use():
            assert lock.acquire(timeout=10) and lock.release()
            return lock.lease.token

        def fails():
            try:
                lock.acquire(timeout=10)
            except ClientUnusableError:
                return
            os._exit(1)

        def begins():
            client.start()
            assert use() > token
            client.stop()

        client.start()
        token = use()
        assert in_child(fails) == 0
        assert use() == token
        client.stop()
        assert in_child(begins) == 0
    """
    assert run(zk_hosts + zk.chroot, program) == (0, "")


def test_observers_are_told_of_each_use(sticky):
    """Of its beginning and its end, and of no loss while nobody holds."""
    told = []
    observer = hooks.observe(lambda event: told.append(f"{event.kind} {event.detail}"))
    try:
        for _ in range(3):
            used(sticky)
        sticky.clear()
        wait_until(lambda: len(told) == 6)
        settle(sticky._session.client, sticky)
    finally:
        hooks.forget(observer)
    assert told == ["waited granted", "held released"] * 3


@pytest.mark.slow
def test_interrupted_at_any_point_of_a_use(zk, sticky, rival, interrupted_at):
    """KeyboardInterrupt anywhere in acquire() or release(): nobody has it who does not know."""

    def use():
        sticky.acquire(timeout=5)
        sticky.release()

    nth = 1
    used(sticky)
    while interrupted_at(nth, use):
        nth += 1
        sticky.release()
        assert rival.acquire(timeout=5), f"interrupted at {nth - 1}"
        rival.release()
        used(sticky)
    assert nth > 20
    wait_for_queue(zk, 1)


def test_bad_input(zk):
    """What is wrong is named at the call."""
    for wrong, error in (("1", TypeError), (True, TypeError), (-1, ValueError)):
        with pytest.raises(error, match="sticky"):
            ZkLock(zk, NAME, sticky=wrong)
    with pytest.raises(ValueError, match="sticky"):
        ZkLock(zk, NAME, sticky=float("inf"))
    with pytest.raises(ValueError, match="sticky is for locks that exclude"):
        ZkReadLock(zk, NAME, sticky=1)
    used(ZkWriteLock(zk, NAME, sticky=LONG))
    assert len(queue(zk)) == 1
    used(ZkLock(zk, "y", sticky=0))
    assert queue(zk, "/ZktoolsLocks/y") == []


def test_who_gives_up_before_it_begins_queues_nowhere(zk, sticky):
    """What a claim needs in a queue is made when it begins: one cancelled before sends nothing."""
    used(sticky)
    zk.delete(f"/ZktoolsLocks/{NAME}/{queue(zk)[0]}")
    wait_until(lambda: not queue(zk))
    claim = sticky._queue.claim("lock", sticky._queue.demand(None, False, None), lambda _: None)
    assert claim.cancel()
    settle(zk, sticky)
    claim.start()
    settle(zk, sticky)
    assert queue(zk) == []
