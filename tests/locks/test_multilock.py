"""Several locks at once: all, or none."""

import pytest
from kazoo.security import make_acl

from tests.locks.faces import ZkLock, ZkReadLock, ZkSemaphore, ZkWriteLock, multilock
from tests.locks.support import Task, grab
from zktools import ZkLock as PlainLock
from zktools import ZkMultiLock
from zktools.exceptions import AccessDeniedError, LockLost, LockTimeout, ValueTooLargeError
from zktools.locks import Reason
from zktools.testing import Op, wait_until

A, B = "/ZktoolsLocks/a", "/ZktoolsLocks/b"


def both(client, names="ab"):
    """A multi-lock of these names, in this order."""
    return multilock([ZkLock(client, name) for name in names])


def queued(zk, folder, number):
    """Wait for so many candidates in a folder."""
    wait_until(lambda: zk.exists(folder) and len(zk.get_children(folder)) == number)


@pytest.mark.usefixtures("wire")
@pytest.mark.every_face
class TestAllOrNone:
    """What a multi-lock holds."""

    def test_all_are_held_and_let_go_together(self, zk, other):
        """While it is held nobody else gets any of them; afterwards everybody can."""
        lock = both(zk)
        assert lock.acquire()

        assert lock.lease.is_held
        for name in "ab":
            assert not ZkLock(other, name).acquire(timeout=0)
        assert lock.release()
        assert both(other).acquire(timeout=5)

    def test_none_is_held_where_one_cannot_be(self, zk, other):
        """Without waiting it is refused if any is taken, and leaves no candidate anywhere."""
        assert ZkLock(other, "b").acquire()

        assert not both(zk).acquire(timeout=0)
        assert not both(zk).acquire(timeout=0.3)

        queued(zk, A, 0)
        queued(zk, B, 1)

    def test_a_mix(self, zk, other):
        """Readers share, semaphores count: each part is held as what it is."""
        zk.ensure_path("/ZktoolsLocks")
        mine = multilock([ZkReadLock(zk, "a"), ZkWriteLock(zk, "b"), (ZkSemaphore(zk, "s", 3), 2)])
        assert mine.acquire()

        assert ZkReadLock(other, "a").acquire(timeout=5)
        assert not ZkReadLock(other, "b").acquire(timeout=0)
        semaphore = ZkSemaphore(other, "s")
        assert not semaphore.acquire(timeout=0, weight=2)
        assert semaphore.acquire(timeout=5)

    def test_no_deadlock_whatever_the_order(self, zk, zk_client_factory):
        """Four who name three locks in different orders all get them, time and again."""
        clients = [zk_client_factory() for _ in range(4)]
        orders = ["abc", "bca", "cab", "cba"]

        def rounds(client, names):
            for _ in range(5):
                with both(client, names)(timeout=30) as lease:
                    assert lease.is_held
            return True

        tasks = [
            Task(zk, rounds, client, names) for client, names in zip(clients, orders, strict=True)
        ]

        assert all(task.result(60) for task in tasks)

    def test_one_token_and_one_transaction(self, zk, other):
        """All nodes have one czxid. A transaction is refused when any of them is gone."""
        lock = both(zk)
        assert lock.acquire()
        zk.create("/cursor")
        with lock.lease.transaction() as t:
            t.set_data("/cursor", b"1")
        tokens = {zk.exists(f"{folder}/{zk.get_children(folder)[0]}").czxid for folder in (A, B)}
        assert tokens == {lock.lease.token}

        (node,) = other.get_children(B)
        other.delete(f"{B}/{node}")

        with pytest.raises(LockLost), lock.lease.transaction() as t:
            t.set_data("/cursor", b"2")
        assert zk.get("/cursor")[0] == b"1"

    def test_lost_when_any_is_lost(self, zk, other):
        """One node destroyed: the lease is lost and the callback runs; releasing frees the rest."""
        lock = both(zk)
        reasons = []
        lock.on_revoke(lambda _, reason: reasons.append(reason))
        lease = grab(lock)
        (node,) = other.get_children(B)

        other.delete(f"{B}/{node}")

        assert lease.lost.wait(5)
        assert not lease.is_held
        wait_until(lambda: reasons == [Reason.DESTROYED])
        assert not lock.release()
        queued(zk, A, 0)

    def test_asked_by_way_of_any(self, zk, other):
        """Who wants one of them asks; the holder lets go of all."""
        lock = both(zk)
        lock.on_revoke(lambda lease, _: lease.release())
        assert lock.acquire()

        assert ZkLock(other, "b").acquire(timeout=10, revoke=True)

        queued(zk, A, 0)

    def test_a_part_destroyed_while_others_are_waited_for(self, zk, other):
        """It queues again, everywhere, and is granted in the end."""
        blocker = ZkLock(other, "b")
        assert blocker.acquire()
        lock = both(zk)
        task = Task(zk, grab, lock)
        queued(zk, B, 2)
        (node,) = zk.get_children(A)

        other.delete(f"{A}/{node}")
        wait_until(lambda: zk.get_children(A) not in ([], [node]))
        assert not task.is_over
        blocker.release()

        assert task.result().is_held
        queued(zk, A, 1)
        queued(zk, B, 1)

    @pytest.mark.parametrize("gone", ["a", "ab"])
    def test_parts_destroyed_as_soon_as_they_are_made(self, zk, zk_client_factory, zk_proxy, gone):
        """Before their number is known: it enters anew, and no node of the first try stays."""
        zk.ensure_path(A)
        zk.ensure_path(B)
        lock = both(far := zk_client_factory(zk_proxy.hosts, timeout=20.0))
        lock.connected  # noqa: B018 - what comes before the first request is over
        hold = zk_proxy.hold_request(Op.EXISTS)
        task = Task(far, grab, lock)
        hold.wait()
        for name in gone:
            (node,) = zk.get_children(f"/ZktoolsLocks/{name}")
            zk.delete(f"/ZktoolsLocks/{name}/{node}")
        hold.release()

        assert task.result().is_held
        queued(zk, A, 1)
        queued(zk, B, 1)

    def test_who_may_not_read_its_own_nodes(self, zk):
        """Either it is held, or the server refuses, and nothing is left behind."""
        zk.ensure_path(A)
        zk.ensure_path(B)
        blind = [make_acl("world", "anyone", create=True, delete=True, write=True)]
        lock = multilock([ZkLock(zk, name, acl=blind) for name in "ab"])
        try:
            granted = lock.acquire(timeout=5)
        except AccessDeniedError:
            granted = False

        queued(zk, A, int(granted))
        queued(zk, B, int(granted))

    def test_the_reply_is_lost(self, zk, zk_client_factory, zk_proxy):
        """The transaction is carried out, its reply is lost: it finds its nodes, one in each."""
        zk.ensure_path(A)
        zk.ensure_path(B)
        lock = both(zk_client_factory(zk_proxy.hosts, timeout=4.0))
        lock.connected  # noqa: B018 - what comes before the first request is over
        zk_proxy.drop_reply(Op.MULTI)

        assert lock.acquire(timeout=20)

        assert lock.lease.is_held
        queued(zk, A, 1)
        queued(zk, B, 1)


def test_with_a_timeout(zk, other):
    """``with`` raises when the time runs out."""
    assert PlainLock(other, "b").acquire()
    lock = ZkMultiLock([PlainLock(zk, "a"), PlainLock(zk, "b")])

    with pytest.raises(LockTimeout), lock(timeout=0.2):
        pass


def test_bad_arguments(zk, other):
    """Nothing, one name twice, two clients, no lock, a weight of a lock: errors, nothing sent."""
    a = PlainLock(zk, "a")
    with pytest.raises(ValueError, match="empty"):
        ZkMultiLock([])
    with pytest.raises(ValueError, match="twice"):
        ZkMultiLock([a, PlainLock(zk, "a")])
    with pytest.raises(ValueError, match="one client"):
        ZkMultiLock([a, PlainLock(other, "b")])
    with pytest.raises(TypeError, match="not 'b'"):
        ZkMultiLock([a, "b"])
    with pytest.raises(ValueError, match="weight"):
        ZkMultiLock([(a, 2)])
    with pytest.raises(TypeError, match="multi-locks"):
        ZkMultiLock([ZkMultiLock([a]), PlainLock(zk, "b")])
    assert zk.exists("/ZktoolsLocks") is None


def test_requests_of_a_cycle(zk, zk_client_factory, zk_proxy):
    """Two locks: one transaction and a listing each; one look for the token; a delete each."""
    zk.ensure_path(A)
    zk.ensure_path(B)
    far = zk_client_factory(zk_proxy.hosts, timeout=6.0)
    lock = ZkMultiLock([PlainLock(far, "a"), PlainLock(far, "b")])
    for _ in range(3):
        before = zk_proxy.requests
        lock.acquire()
        lock.release()
        made = zk_proxy.requests - before
    made.pop(Op.SET_WATCHES, 0)  # where the machine was slow

    assert made[Op.GET_CHILDREN] == made[Op.DELETE] == 2
    assert made[Op.EXISTS] == 1
    assert made[Op.MULTI] <= 2  # the second is a proof of life, where the machine was slow


def test_more_than_a_request_takes(zk):
    """An error at the call: a server would break the connection, and with it all other leases."""
    identifier = "x" * 60_000
    states = []
    many = ZkMultiLock([PlainLock(zk, f"lock-{n}", identifier=identifier) for n in range(18)])
    zk.add_listener(states.append)
    with pytest.raises(ValueTooLargeError, match="hold fewer locks at once"):
        many.acquire(timeout=5)
    most = ZkMultiLock([PlainLock(zk, f"lock-{n}", identifier=identifier) for n in range(17)])
    assert most.acquire(timeout=5)
    assert most.release()
    assert states == []
