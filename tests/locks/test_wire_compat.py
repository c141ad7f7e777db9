"""Old and new clients exclude each other: candidates as zktools 0.2 makes them.

What 0.2 does is in its release: children are sorted by what follows the last dash; whatever child
is first is the exclusive holder; a reader waits for earlier children whose names start with
``write-``. Its data is ``0``, and to be asked to let go is to have the data ``unlock``.
"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.locks.faces import ZkLock, ZkReadLock, ZkWriteLock
from tests.locks.support import FOLDER, NAME, Task, candidate_of_0_2, grab, queue, waiting
from zktools._queue.layouts import ZKTOOLS
from zktools._queue.order import standing
from zktools.locks import IMMEDIATE
from zktools.testing import wait_until


def holds_by_0_2(names, own):
    """Whether a client of 0.2 with the node `own` would take itself to hold the lock."""
    ordered = sorted(names, key=lambda name: name.rsplit("-", 1)[1])
    ahead = ordered[: ordered.index(own)]
    if own.startswith("read-"):
        return not any(name.startswith("write-") for name in ahead)
    return not ahead


@given(
    st.lists(st.tuples(st.sampled_from(["read", "write"]), st.booleans()), max_size=10),
    st.integers(0, 2**31 - 20),
)
def test_both_agree_on_who_holds(kinds, start):
    """In any queue of old and new candidates, by either's rules the same ones hold the lock.

    Up to the wrap of the numbers, which 0.2 does not survive among its own.
    """
    names = [
        f"{kind}-" + ("" if old else f"{place:032x}-") + f"{start + place:010d}"
        for place, (kind, old) in enumerate(kinds)
    ]
    for name in names:
        ours = not standing(ZKTOOLS.candidates(names), ZKTOOLS.parse(name)).blocking
        assert holds_by_0_2(names, name) == ours


@pytest.mark.usefixtures("wire")
@pytest.mark.every_face
class TestOldHolder:
    """Somebody with 0.2 was there first."""

    @pytest.mark.parametrize("kind", ["lock", "write"])
    def test_we_wait_for_it(self, zk, other, lock, kind):
        """We do not get what an old client holds, and get it when its node goes."""
        path = candidate_of_0_2(zk, kind)
        assert path == f"{FOLDER}/{kind}-0000000000"
        assert not lock.acquire(timeout=0)
        task = waiting(other, zk, lock)
        assert not task.is_over
        zk.delete(path)
        assert task.result().is_held

    def test_we_share_with_old_readers(self, zk, other):
        """An old reader and a new one hold together; a new writer waits for the old reader."""
        path = candidate_of_0_2(zk, "read")
        assert ZkReadLock(other, NAME).acquire(timeout=0)
        assert not ZkWriteLock(other, NAME).acquire(timeout=0)
        assert zk.exists(path)

    def test_asking_it(self, zk, lock):
        """It is asked in the only word it understands."""
        path = candidate_of_0_2(zk, "lock")
        assert not lock.acquire(timeout=0, revoke=True)
        wait_until(lambda: zk.get(path)[0] == b"unlock")
        (contender,) = [c for c in lock.contenders() if c.name in path]
        assert contender.asked
        assert contender.who is None
        assert contender.holds

    def test_revoke_all_asks_it(self, zk, lock):
        """So does revoke_all()."""
        path = candidate_of_0_2(zk, "lock")
        assert lock.revoke_all() is True
        assert zk.get(path)[0] == b"unlock"

    def test_destroying_it(self, zk, lock):
        """IMMEDIATE takes the lock from it."""
        path = candidate_of_0_2(zk, "write")
        assert lock.acquire(timeout=0, revoke=IMMEDIATE)
        assert not zk.exists(path)

    def test_grace(self, zk, lock):
        """Asked first, destroyed later."""
        path = candidate_of_0_2(zk, "lock")
        assert lock.acquire(timeout=5, revoke=True, grace=0.1)
        assert not zk.exists(path)


@pytest.mark.usefixtures("wire")
@pytest.mark.every_face
class TestOldWaiter:
    """We were there first."""

    @pytest.mark.parametrize("ours", [ZkLock, ZkWriteLock])
    def test_it_waits_for_us(self, zk, other, ours):
        """By 0.2's rules an old client behind us does not hold, and does once we have left."""
        with ours(zk, NAME) as lease:
            name = candidate_of_0_2(other, "write").rpartition("/")[2]
            assert holds_by_0_2(queue(zk), lease.path.rpartition("/")[2])
            assert not holds_by_0_2(queue(zk), name)
        assert holds_by_0_2(queue(zk), name)

    def test_an_old_reader_waits_for_our_writer_only(self, zk, other):
        """By 0.2's rules an old reader shares with our readers, and waits for our writer."""
        with ZkReadLock(zk, NAME):
            reader = candidate_of_0_2(other, "read").rpartition("/")[2]
            assert holds_by_0_2(queue(zk), reader)
        zk.delete(f"{FOLDER}/{reader}")
        with ZkWriteLock(zk, NAME):
            reader = candidate_of_0_2(other, "read").rpartition("/")[2]
            assert not holds_by_0_2(queue(zk), reader)

    def test_its_request_is_obeyed(self, zk, lock):
        """An old client asks us by overwriting our data with `unlock`."""
        with lock as lease:
            zk.set(lease.path, b"unlock")
            wait_until(lambda: lease.revoked)
            assert lease.is_held
            assert lock.release() is True

    def test_its_immediate_revocation_is_seen(self, zk, lock):
        """An old client takes the lock from us by deleting our node."""
        with lock as lease:
            zk.delete(lease.path)
            wait_until(lease.lost.is_set)
            assert not lease.is_held


@pytest.mark.usefixtures("wire")
@pytest.mark.every_face
def test_a_mixed_queue_is_first_come_first_served(zk, other, lock):
    """Old, new, old, new: each gets its turn in order, by either's rules."""
    first = candidate_of_0_2(zk, "lock")
    ours = waiting(zk, zk, lock)
    second = candidate_of_0_2(zk, "lock").rpartition("/")[2]
    last = Task(other, grab, ZkLock(other, NAME))
    wait_until(lambda: len(queue(zk)) == 4)

    zk.delete(first)
    lease = ours.result()
    assert not holds_by_0_2(queue(zk), second)
    lease.release()
    assert holds_by_0_2(queue(zk), second)
    assert not last.is_over
    zk.delete(f"{FOLDER}/{second}")
    assert last.result().is_held
