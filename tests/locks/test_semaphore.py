"""Semaphores: permits for a whole fleet."""

import pytest

from tests.locks.faces import ZkSemaphore
from tests.locks.support import Task, grab
from zktools.exceptions import (
    AlreadyHeldError,
    LockTimeout,
    MissingNodeError,
    SemaphoreSizeError,
)
from zktools.locks import Reason
from zktools.testing import Op, wait_until

NAME = "slots"
FOLDER = f"/ZktoolsSemaphores/{NAME}"


def others(client_factory, number, permits=None):
    """Semaphores of clients of their own."""
    return [ZkSemaphore(client_factory(), NAME, permits) for _ in range(number)]


def waiting(zk, semaphore, **kw):
    """Queue in the background; return once the candidate is there."""
    before = set(zk.get_children(FOLDER))
    task = Task(zk, grab, semaphore, **kw)
    wait_until(lambda: set(zk.get_children(FOLDER)) - before, what="a new candidate")
    return task


def left(zk):
    """The candidates in the folder."""
    return [name for name in zk.get_children(FOLDER) if name.startswith("permit-")]


@pytest.mark.usefixtures("wire")
@pytest.mark.every_face
class TestPermits:
    """As many hold as there are permits for."""

    def test_as_many_hold_as_there_are_permits(self, zk, zk_client_factory):
        """With three permits three hold at once; the fourth waits for one of them."""
        first, second, third, fourth = others(zk_client_factory, 4, permits=3)
        leases = [grab(semaphore) for semaphore in (first, second, third)]
        assert all(lease.is_held for lease in leases)
        assert not fourth.acquire(timeout=0)

        task = waiting(zk, fourth)
        second.release()

        assert task.result().is_held
        assert len(left(zk)) == 3

    def test_nobody_is_overtaken(self, zk, zk_client_factory):
        """A heavy candidate that waits is served before a light one behind it that would fit."""
        first, heavy, light = others(zk_client_factory, 3, permits=3)
        assert first.acquire(weight=2)
        one = waiting(zk, heavy, weight=3)
        two = waiting(zk, light)

        assert not two.is_over
        first.release()

        assert one.result().is_held
        assert not two.is_over
        one.result().release()
        assert two.result().is_held

    def test_weights_add_up(self, zk, zk_client_factory):
        """Holds of two and one fill three permits; contenders() says who holds how many."""
        first, second, third = others(zk_client_factory, 3, permits=3)
        assert first.acquire(weight=2)
        assert second.acquire()
        waiting(zk, third)

        assert [(c.weight, c.holds) for c in first.contenders()] == [
            (2, True),
            (1, True),
            (1, False),
        ]

    def test_a_long_queue_is_served_in_order(self, zk, zk_client_factory):
        """Eight waiters for two permits are granted in the order in which they queued."""
        holder = ZkSemaphore(zk, NAME, 2)
        assert holder.acquire(weight=2)
        semaphores = others(zk_client_factory, 8, permits=2)
        tasks = [waiting(zk, semaphore) for semaphore in semaphores]

        holder.release()
        for place, task in enumerate(tasks):
            assert task.result().is_held
            wait_until(lambda place=place: sum(t.is_over for t in tasks) == min(place + 2, 8))
            task.result().release()


@pytest.mark.usefixtures("wire")
@pytest.mark.every_face
class TestHowMany:
    """The number of permits is the same for all."""

    def test_who_disagrees_is_told(self, zk, other):
        """Another number than the one written down is an error, and nothing is left behind."""
        assert ZkSemaphore(zk, NAME, 3).acquire()

        with pytest.raises(SemaphoreSizeError, match="has 3 permits, not 5"):
            ZkSemaphore(other, NAME, 5).acquire()

        wait_until(lambda: len(left(zk)) == 1)

    def test_none_takes_what_is_there(self, zk, other):
        """Without a number of one's own, the written one counts."""
        assert ZkSemaphore(zk, NAME, 2).acquire()
        semaphore = ZkSemaphore(other, NAME)

        assert semaphore.permits() == 2
        assert semaphore.acquire()

    def test_none_where_nothing_is_written(self, zk):
        """Nobody has said how many there are: an error that says what to do."""
        semaphore = ZkSemaphore(zk, NAME)
        assert semaphore.permits() is None

        with pytest.raises(MissingNodeError, match="say how many"):
            semaphore.acquire(timeout=5)

        wait_until(lambda: not left(zk))

    def test_more_than_there_are_is_an_error(self, zk, other):
        """A weight that can never be granted fails, by the own number and by the written one."""
        with pytest.raises(SemaphoreSizeError, match="weight=4"):
            ZkSemaphore(zk, NAME, 3).acquire(weight=4)
        assert ZkSemaphore(zk, NAME, 3).acquire()
        with pytest.raises(SemaphoreSizeError, match="weight=4"):
            ZkSemaphore(other, NAME).acquire(weight=4)

    def test_two_who_found_it_at_once_agree(self, zk, zk_client_factory):
        """Of two with different numbers one founds the semaphore, and the other is told."""
        semaphores = [ZkSemaphore(zk_client_factory(), NAME, permits) for permits in (2, 3)]
        tasks = [Task(zk, grab, semaphore) for semaphore in semaphores]
        wait_until(lambda: all(task.is_over for task in tasks))

        refused = 0
        for task in tasks:
            try:
                task.result()
            except SemaphoreSizeError:
                refused += 1

        assert refused == 1
        assert len([n for n in zk.get_children(FOLDER) if n.startswith("permits-")]) == 1

    def test_resize_serves_who_waits(self, zk, zk_client_factory):
        """With more permits, who waits is granted at once: it had agreed when it queued."""
        first, second, third = others(zk_client_factory, 3, permits=1)
        assert first.acquire()
        tasks = [waiting(zk, semaphore) for semaphore in (second, third)]

        ZkSemaphore(zk, NAME).resize(3)

        assert all(task.result().is_held for task in tasks)
        with pytest.raises(SemaphoreSizeError, match="has 3 permits, not 1"):
            ZkSemaphore(zk, NAME, 1).acquire()

    def test_resize_to_fewer_takes_nothing_away(self, zk, zk_client_factory):
        """Those who hold go on; nobody is granted until as many have let go."""
        first, second = others(zk_client_factory, 2, permits=3)
        leases = [grab(first, weight=2), grab(second)]

        ZkSemaphore(zk, NAME).resize(1)

        assert all(lease.is_held for lease in leases)
        third = ZkSemaphore(zk, NAME)
        task = waiting(zk, third)
        second.release()
        assert not task.is_over
        first.release()
        assert task.result().is_held


@pytest.mark.usefixtures("wire")
@pytest.mark.every_face
class TestHold:
    """A hold of permits is a lease as that of a lock."""

    def test_revocation_and_loss(self, zk, other):
        """Who is in the way is asked; who is destroyed has lost its permits."""
        mine, theirs = ZkSemaphore(zk, NAME, 1), ZkSemaphore(other, NAME, 1)
        reasons = []
        mine.on_revoke(lambda _, reason: reasons.append(reason))
        lease = grab(mine)
        task = waiting(zk, theirs, revoke=True)
        wait_until(lambda: reasons == [Reason.ASKED])
        assert lease.is_held

        zk.delete(lease.path)

        assert task.result().is_held
        assert lease.lost.wait(5)

    def test_with(self, zk, other):
        """``with`` gives a lease with a token and a transaction; a timeout raises."""
        mine, theirs = ZkSemaphore(zk, NAME, 2), ZkSemaphore(other, NAME, 2)
        zk.create("/cursor")
        with mine(weight=2, timeout=5) as lease:
            with lease.transaction() as t:
                t.set_data("/cursor", b"1")
            with pytest.raises(LockTimeout), theirs(timeout=0.2):
                pass
        with theirs as later:
            assert later.token > lease.token

    @pytest.mark.parametrize("weight", [0, -1, True, 1.5, "2", 10**10])
    def test_bad_weights(self, zk, weight):
        """A weight is a whole number of at least one; nothing was sent otherwise."""
        with pytest.raises((TypeError, ValueError), match="weight"):
            ZkSemaphore(zk, NAME, 2).acquire(weight=weight)
        with pytest.raises((TypeError, ValueError), match="permits"):
            ZkSemaphore(zk, NAME, weight)
        assert zk.exists(FOLDER) is None


def test_a_thread_cannot_wait_for_itself(zk):
    """A second hold of the same thread is an error: it asks for more at once instead."""
    semaphore = ZkSemaphore(zk, NAME, 2)
    assert semaphore.acquire()

    with pytest.raises(AlreadyHeldError):
        semaphore.acquire()


def test_requests_of_a_cycle(wire, zk, zk_client_factory, zk_proxy):
    """Acquire and release take create, list and delete, as a lock does; kazoo's take nine."""
    far = zk_client_factory(zk_proxy.hosts, timeout=6.0)
    semaphore = ZkSemaphore(far, NAME, 3)
    for _ in range(3):
        before = zk_proxy.requests
        semaphore.acquire()
        semaphore.release()
        made = zk_proxy.requests - before
    for also in (Op.SET_WATCHES, Op.GET_DATA):  # where the machine was slow
        made.pop(also, 0)

    assert made == {Op.CREATE2: 1, Op.GET_CHILDREN: 1, Op.DELETE: 1}
