"""What observers are told."""

import queue
import threading

import gevent
import pytest

from zktools import Node, ZkLock, hooks
from zktools.exceptions import LockCancelled
from zktools.locks import IMMEDIATE
from zktools.node import NodeDict
from zktools.testing import expire_session, wait_until

FOLDER = "/ZktoolsLocks/x"
PATIENCE = 10  # seconds


class Heard:
    """An observer that keeps what it is told."""

    def __init__(self):
        self._events = queue.Queue()

    def __call__(self, event):
        """Keep it."""
        self._events.put(event)

    def next(self, kind):
        """The next event of this kind; those of other kinds before it are dropped."""
        while True:
            event = self._events.get(timeout=PATIENCE)
            if event.kind == kind:
                return event


@pytest.fixture
def heard():
    """An observer of everything, for as long as the test takes."""
    observer = hooks.observe(Heard())
    yield observer
    hooks.forget(observer)


@pytest.fixture
def lock(zk):
    """A lock of the first client."""
    return ZkLock(zk, "x")


@pytest.fixture
def rival(zk_client_factory):
    """The same lock, of a second client."""
    return ZkLock(zk_client_factory(), "x")


def test_a_hold_is_waited_for_and_held(heard, lock):
    """Acquiring and releasing tell how long each took, and of which lock."""
    lock.acquire()
    lock.release()

    waited, held = heard.next("waited"), heard.next("held")
    assert (waited.path, waited.detail) == (FOLDER, "granted")
    assert (held.path, held.detail) == (FOLDER, "released")
    assert waited.seconds > 0
    assert held.seconds >= 0


def test_waiting_in_vain_says_how_it_ended(heard, lock, rival):
    """Not waiting is refused, running out of time abandons, a cancelled attempt has failed."""
    lock.acquire()
    assert heard.next("waited").detail == "granted"

    rival.acquire(timeout=0)
    assert heard.next("waited").detail == "refused"

    rival.acquire(timeout=0.05)
    abandoned = heard.next("waited")
    assert abandoned.detail == "abandoned"
    assert abandoned.seconds >= 0.05

    outcome = []

    def wait_to_be_cancelled():
        with pytest.raises(LockCancelled):
            rival.acquire()
        outcome.append("cancelled")

    waiting = threading.Thread(target=wait_to_be_cancelled)
    waiting.start()
    wait_until(lambda: len(lock.contenders()) == 2)
    rival.cancel()
    waiting.join(PATIENCE)
    assert outcome == ["cancelled"]
    assert heard.next("waited").detail == "cancelled"


def test_asking_revokes_and_does_not_lose(heard, lock, rival):
    """A holder that was asked is revoked once; what it then does is release."""
    lock.acquire()
    lock.on_revoke(lambda lease, _reason: lease.release())

    assert rival.acquire(timeout=PATIENCE, revoke=True)

    assert heard.next("revoked").detail == "asked"
    assert heard.next("held").detail == "released"


def test_a_destroyed_hold_is_revoked_and_lost(heard, lock, rival):
    """``lost`` says for how long the lock had been held."""
    lock.acquire()

    assert rival.acquire(timeout=PATIENCE, revoke=IMMEDIATE)

    assert heard.next("revoked").detail == "destroyed"
    lost = heard.next("lost")
    assert (lost.path, lost.detail) == (FOLDER, "destroyed")
    assert lost.seconds > 0


def test_a_hold_is_lost_with_its_session(heard, zk, lock):
    """The reason is the session's end."""
    lock.acquire()

    expire_session(zk)

    assert heard.next("lost").detail == "session lost"


def test_live_objects_are_resynced_after_an_interruption(heard, zk_client_factory, zk_proxy):
    """Each tells its root, how long it took and how many nodes it has."""
    far = zk_client_factory(zk_proxy.hosts)
    with NodeDict(far, "/rates") as rates:
        rates.update({"a": 1, "b": 2})

        zk_proxy.cut()

        event = heard.next("resynced")
    assert (event.path, event.detail) == ("/rates", "3")
    assert event.seconds > 0


def test_observers_may_use_zookeeper(zk, lock):
    """They do not run on kazoo's threads, so a request in one is answered."""
    seen = queue.Queue()

    @hooks.observe
    def look(event):
        seen.put((event.kind, zk.exists(FOLDER) is not None))

    try:
        lock.acquire()
        assert seen.get(timeout=PATIENCE) == ("waited", True)
    finally:
        hooks.forget(look)


def test_one_that_fails_stops_nobody(heard, lock, caplog):
    """Its name is in the log; the others are told, and the lock is none the worse."""

    @hooks.observe
    def breaks(event):
        raise RuntimeError("metrics are down")

    try:
        lock.acquire()
        assert heard.next("waited").detail == "granted"
        wait_until(lambda: "breaks" in caplog.text)
    finally:
        hooks.forget(breaks)
    assert lock.release()


@pytest.mark.zk_handlers("threading", "gevent")
@pytest.mark.parametrize("error", [SystemExit, gevent.Timeout, pytest.fail.Exception])
def test_what_is_no_exception_ends_nothing_either(zk, lock, error):
    """An observer that calls ``sys.exit()`` is told the next event, too."""
    kinds = []

    @hooks.observe
    def exits(event):
        kinds.append(event.kind)
        raise error

    try:
        lock.acquire()
        lock.release()
        wait_until(lambda: kinds == ["waited", "held"])
    finally:
        hooks.forget(exits)


@pytest.mark.zk_handlers("threading", "gevent")
def test_one_that_hangs_keeps_nothing_from_anybody(zk, lock, other, caplog, monkeypatch):
    """Other observers, subscribers and callbacks hear on; what it misses is bounded, and logged."""
    monkeypatch.setattr(hooks, "BACKLOG", 3)
    node = Node(zk, "/node", 0)
    heard, told, asked, enough = [], [], [], zk.handler.event_object()
    node.subscribe(told.append)
    lock.on_revoke(lambda lease, _: asked.append(lease))

    @hooks.observe
    def hangs(event):
        heard.append(event.kind)
        enough.wait(10)

    kinds = []

    @hooks.observe
    def quick(event):
        kinds.append(event.kind)

    try:
        for number in range(1, 5):
            lock.acquire()
            lock.release()
            wait_until(lambda number=number: heard and len(kinds) == 2 * number)
        other.set("/node", b"1")
        wait_until(lambda: told == [0, 1])
        lock.acquire()
        ZkLock(other, "x").revoke_all()
        wait_until(lambda: asked == [lock.lease])
        enough.set()
        wait_until(lambda: len(heard) == 4)
        wait_until(lambda: "missed 6 events" in caplog.text)
    finally:
        enough.set()
        hooks.forget(hangs)
        hooks.forget(quick)
    assert caplog.text.count("hangs is far behind") == 1


def test_observing_twice_is_once_and_forgetting_ends_it(zk, lock):
    """An observer that is forgotten hears nothing more; forgetting again is harmless."""
    kinds = []

    def note(event):
        kinds.append(event.kind)

    hooks.observe(hooks.observe(note))
    lock.acquire()
    wait_until(lambda: kinds)
    hooks.forget(note)
    hooks.forget(note)
    lock.release()
    last = hooks.observe(Heard())
    try:
        lock.acquire()
        last.next("waited")
    finally:
        hooks.forget(last)
    wait_until(lambda: zk._zktools_session.delivery.observers.is_idle)

    assert kinds == ["waited"]


def test_what_cannot_be_called_is_refused():
    """At the call, by the name of the argument."""
    with pytest.raises(TypeError, match="observer must be callable"):
        hooks.observe("metrics")
