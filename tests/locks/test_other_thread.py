"""Entered on one thread, left on another; and a thread that stands in its own way."""

from contextlib import ExitStack, contextmanager

import pytest

from tests.locks.support import NAME, Task, grab, queue, wait_for_queue
from zktools import ZkMultiLock, ZkSemaphore
from zktools.exceptions import AlreadyHeldError
from zktools.locks import IMMEDIATE, ZkLock, ZkReadLock, ZkWriteLock

pytestmark = [pytest.mark.usefixtures("wire"), pytest.mark.zk_handlers("threading", "gevent")]


def elsewhere(zk, function, *args):
    """Call it on another thread, or greenlet, which ends with the call."""
    return Task(zk, function, *args).result()


def as_a_dependency(lock):
    """As a web framework's: a generator whose two halves run on threads of a pool."""

    @contextmanager
    def dependency():
        with lock(timeout=5) as lease:
            yield lease

    made = dependency()
    return made.__enter__, lambda: made.__exit__(None, None, None)


def as_a_stream(lock):
    """As a response that is made bit by bit and closed by the server."""

    def rows():
        with lock(timeout=5) as lease:
            while True:
                yield lease

    made = rows()
    return lambda: next(made), made.close


def as_an_exit_stack(lock):
    """As a program's own list of what has to be closed."""
    stack = ExitStack()
    return lambda: stack.enter_context(lock(timeout=5)), stack.close


def as_itself(lock):
    """As the lock without arguments."""
    return lock.__enter__, lambda: lock.__exit__(None, None, None)


WAYS = [as_a_dependency, as_a_stream, as_an_exit_stack, as_itself]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("reentrant", [False, True])
def test_left_on_another_thread(zk, rival, way, reentrant):
    """What was entered is released, wherever the body ends; the thread may acquire anew."""
    lock = ZkLock(zk, NAME, reentrant=reentrant)
    enter, leave = way(lock)
    lease = elsewhere(zk, enter)
    elsewhere(zk, leave)

    assert not lease.is_held
    assert rival.acquire(timeout=5)


def test_left_by_who_has_a_hold_of_its_own(zk):
    """Leaving another's body ends the other's hold: the own one goes on."""
    lock = ZkReadLock(zk, NAME)
    terms = lock(timeout=5)
    theirs = elsewhere(zk, terms.__enter__)
    with lock(timeout=5) as own:
        terms.__exit__(None, None, None)

        assert not theirs.is_held
        assert lock.lease is own
        assert own.is_held
    assert queue(zk) == []


def test_many_threads_in_one_object(zk):
    """Where the same object was entered by several threads, each leaves what it entered."""
    lock = ZkReadLock(zk, NAME)
    with lock as own:
        theirs = elsewhere(zk, lock.__enter__)
        assert own.is_held
    assert not own.is_held
    assert theirs.is_held
    elsewhere(zk, lock.__exit__, None, None, None)
    assert not theirs.is_held


def test_a_part_of_a_reentrant_hold(zk):
    """Left elsewhere, an inner body takes back its own part and no more."""
    lock = ZkLock(zk, NAME, reentrant=True)
    inner = lock(timeout=5)
    with lock as lease:
        inner.__enter__()
        elsewhere(zk, inner.__exit__, None, None, None)
        assert lease.is_held
        assert len(queue(zk)) == 1
    assert not lease.is_held


def test_a_release_that_is_somebody_elses(zk, lock, caplog):
    """A thread that acquired nothing is told so, and its program where to look."""
    lease = elsewhere(zk, grab, lock)
    assert lock.release() is False
    assert lease.is_held
    assert "call release() of that" in caplog.text
    assert lease.release() is True

    caplog.clear()
    elsewhere(zk, lambda: lock.acquire() and lock.release() and lock.release())
    other = elsewhere(zk, grab, lock)
    assert lock.acquire(timeout=0.05) is False
    assert lock.release() is False  # as in a `finally`
    assert caplog.text == ""
    other.release()


class Counting(ZkLock):
    """A lock of a program's own."""

    def __init__(self, *args, **kw):
        super().__init__(*args, **kw)
        self.calls = []

    def acquire(self, timeout=7, **kw):
        """Acquire, and note how."""
        self.calls.append(("acquire", timeout, kw))
        return super().acquire(timeout, **kw)

    def release(self):
        """Release, and note it."""
        self.calls.append(("release",))
        return super().release()


def test_what_a_subclass_overrides(zk):
    """`with` goes by acquire() and release(), as a subclass has them, on any thread."""
    lock = Counting(zk, NAME)
    with lock as lease:
        assert lease is lock.lease
    with lock(timeout=3, revoke=True, grace=2):
        pass
    terms = lock(revoke=IMMEDIATE)
    elsewhere(zk, terms.__enter__)
    elsewhere(zk, terms.__exit__, None, None, None)

    assert lock.calls == [
        ("acquire", 7, {}),
        ("release",),
        ("acquire", 3, {"revoke": True, "grace": 2}),
        ("release",),
        ("acquire", 7, {"revoke": IMMEDIATE}),
        ("release",),
    ]
    assert queue(zk) == []


def test_a_subclass_that_fails_after_the_grant(zk):
    """What it acquired before is taken back: the body does not run, so nobody would leave it."""

    class Failing(ZkLock):
        def acquire(self, *args, **kw):
            super().acquire(*args, **kw)
            raise KeyboardInterrupt

    for reentrant in (False, True):
        lock = Failing(zk, NAME, reentrant=reentrant)
        with pytest.raises(KeyboardInterrupt), lock:
            pytest.fail("the body ran")
        wait_for_queue(zk, 0)


@pytest.mark.parametrize(
    ("first", "second"),
    [(ZkReadLock, ZkWriteLock), (ZkWriteLock, ZkReadLock), (ZkLock, ZkLock), (ZkLock, ZkReadLock)],
)
def test_waiting_for_oneself(zk, other, first, second):
    """An error at the call, as nobody could end that wait; also with a limit. Nothing is left."""
    held, wanted = first(zk, NAME), second(zk, NAME)
    held.acquire()
    for timeout in (None, 5):
        with pytest.raises(AlreadyHeldError, match="would wait for itself"):
            wanted.acquire(timeout)
        with pytest.raises(AlreadyHeldError, match="would wait for itself"), wanted(timeout):
            pytest.fail("the body ran")
    assert len(queue(zk)) == 1

    held.release()
    assert wanted.acquire(timeout=5)
    wanted.release()


@pytest.mark.parametrize("joint", [False, True])
def test_permits_that_one_has_oneself(zk, other, joint):
    """The same where only ZooKeeper knows how many there are; nothing is left, and others wait."""
    held, wanted = ZkSemaphore(zk, NAME, 2), ZkSemaphore(zk, NAME)
    if joint:
        wanted = ZkMultiLock([ZkLock(zk, NAME), wanted])
    held.acquire(weight=2)
    for timeout in (None, 5):
        with pytest.raises(AlreadyHeldError, match="would wait for itself"):
            wanted.acquire(timeout)
    assert len(held.contenders()) == 1
    assert wanted.acquire(timeout=0) is False
    assert elsewhere(zk, wanted.acquire, 0.05) is False

    held.resize(3)
    assert wanted.acquire(timeout=5)
    assert not ZkSemaphore(other, NAME).acquire(timeout=0)


def test_what_is_no_waiting_for_oneself(zk, lock):
    """Readers hold together; who does not wait is answered; who takes it from itself may."""
    readers = [ZkReadLock(zk, "read") for _ in range(2)]
    assert all(reader.acquire(timeout=5) for reader in readers)

    lock.acquire()
    again = ZkLock(zk, NAME)
    assert again.acquire(timeout=0) is False
    assert ZkLock(zk, NAME, "/another").acquire(timeout=5)
    assert elsewhere(zk, again.acquire, 0.05) is False
    lock.on_revoke(lambda lease, _: lease.release())
    assert again.acquire(timeout=5, revoke=True)
    assert lock.acquire(timeout=5, revoke=IMMEDIATE)
    assert again.release() is False
