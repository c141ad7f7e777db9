"""The program's other work with its client, and calls of zktools in kazoo's own callbacks."""

import time

import pytest

from tests.live.support import Calls as Values
from tests.live.support import eventually
from tests.locks.support import NAME, Calls, Task, grab, wait_for_queue, waiting
from zktools.exceptions import ClientUnusableError, NotConnectedError
from zktools.locks import IMMEDIATE, Reason, ZkLock
from zktools.node import Node
from zktools.testing import wait_until

MANY = 400  # more than kazoo's socket pair takes


def both(test):
    """Run a test under both handlers, with and without kazoo's private parts."""
    test = pytest.mark.usefixtures("wire")(test)
    return pytest.mark.zk_handlers("threading", "gevent")(test)


@pytest.mark.slow
@both
def test_many_requests_while_disconnected_do_not_keep_back_the_loss(far, zk_proxy):
    """`lost` is set, callbacks are called, and each caller is told that there is no connection."""
    lock = ZkLock(far, NAME)
    calls = Calls(lock)
    lock.acquire()
    lease = lock.lease
    zk_proxy.refuse()
    zk_proxy.cut()
    wait_until(lambda: not far.connected)
    tasks = [Task(far, ZkLock(far, f"n{number}").contenders) for number in range(MANY)]
    assert lease.lost.wait(5)
    wait_until(lambda: calls == [Reason.SESSION_LOST])
    for task in tasks:
        with pytest.raises(NotConnectedError):
            task.result()
    zk_proxy.heal()
    wait_until(lambda: far.connected)
    assert ZkLock(far, "after").acquire(timeout=5)


@pytest.mark.slow
@pytest.mark.zk_handlers("threading", "gevent")
def test_many_requests_of_the_program_do_not_either(far, zk_proxy, zk):
    """The bytes that wake kazoo are counted where they do not fit; all requests are carried out."""
    lock = ZkLock(far, NAME)
    lock.acquire()
    lease = lock.lease
    zk_proxy.refuse()
    zk_proxy.cut()
    wait_until(lambda: not far.connected)
    results = [far.create_async(f"/r{number}") for number in range(MANY)]
    assert lease.lost.wait(5)
    zk_proxy.heal()
    for result in results:
        result.wait(10)
        assert result.ready()
    missing = [number for number, result in enumerate(results) if not result.successful()]
    assert set(zk.get_children("/")) >= {f"r{n}" for n in range(MANY) if n not in missing}
    wait_until(lambda: far.connected)
    assert [far.create_async(f"/s{n}").get(5) for n in range(3)] == ["/s0", "/s1", "/s2"]


@pytest.fixture
def hanging_watch(zk, other):
    """A DataWatch of the program, on the client `zk`, that hangs until the test is over."""
    over, hangs = zk.handler.event_object(), zk.handler.event_object()
    zk.create("/theirs", b"")

    @zk.DataWatch("/theirs")
    def hang(data, _):
        if data:
            hangs.set()
            over.wait(20)

    def begin():
        other.set("/theirs", b"1")
        wait_until(hangs.is_set)

    yield begin
    over.set()


@pytest.mark.zk_handlers("threading", "gevent")
def test_a_watch_callback_that_hangs_keeps_back_no_news(zk, other, rival, hanging_watch):
    """Grants, losses, requests to let go and new values come while it does."""
    rival.acquire()
    turn = waiting(other, zk, ZkLock(zk, NAME))
    held = ZkLock(zk, "held")
    asked = Calls(held)
    lease = Task(zk, grab, held).result()
    node = Node(zk, "/node", 0)
    values = node.subscribe(Values())
    hanging_watch()
    rival.release()
    assert turn.result(5).is_held
    ZkLock(other, "held").revoke_all()
    wait_until(lambda: asked == [Reason.ASKED])
    other.set("/node", b"1")
    values.wait_for(1)
    assert ZkLock(other, "held").acquire(timeout=5, revoke=IMMEDIATE)
    wait_until(lambda: not lease.is_held)


@pytest.mark.slow
def test_with_public_calls_alone_it_is_named_in_the_log(
    monkeypatch, zk_client_factory, other, caplog
):
    """Kazoo calls one watcher after the other then; a warning says what news had to wait for."""
    monkeypatch.setenv("ZKTOOLS_PUBLIC_ONLY", "1")
    client = zk_client_factory()
    node = Node(client, "/node", 0)
    busy, over = client.handler.event_object(), client.handler.event_object()
    client.create("/theirs", b"")

    @client.DataWatch("/theirs")
    def hang(data, _):
        if data:
            busy.set()
            over.wait(20)

    other.set("/theirs", b"1")
    assert busy.wait(5)
    writing = Task(client, setattr, node, "value", 1)
    eventually(lambda: other.get("/node")[0], b"1")
    began = time.monotonic()
    wait_until(lambda: time.monotonic() - began > 1.5)
    over.set()
    writing.result()
    assert "a slow watch callback held up zktools for" in caplog.text


@pytest.mark.zk_handlers("threading", "gevent")
def test_in_a_watch_callback_everything_may_be_done(zk, other, rival):
    """Making objects, subscribing, writing, waiting for a lock: what it needs comes past it."""
    done = []
    rival.acquire()

    def work(_):
        node = Node(zk, "/made", 0)
        node.subscribe(Values())
        node.value = 5
        with ZkLock(zk, NAME)(timeout=8) as lease:
            done.append((node.value, lease.is_held))

    zk.exists("/trigger", watch=work)
    other.create("/trigger")
    wait_for_queue(other, 2)
    rival.release()
    wait_until(lambda: done)
    assert done == [(5, True)]


def _refused(zk):
    """What is refused at once, one after another; how."""
    node, lock = Node(zk, "/node", 0), ZkLock(zk, "y")
    calls = [
        lock.acquire,
        lock.contenders,
        lambda: Node(zk, "/new", 0),
        lambda: setattr(node, "value", 1),
    ]

    def call_all():
        errors = []
        for call in calls:
            try:
                call()
            except ClientUnusableError as error:
                errors.append(str(error))
        return errors

    return call_all


@pytest.mark.zk_handlers("threading", "gevent")
def test_in_a_state_listener_waiting_is_refused_and_letting_go_is_not(far, zk_proxy, zk):
    """Kazoo's connection thread calls it, which is to bring the answers."""
    call_all, told = _refused(far), []
    lock = ZkLock(far, NAME)
    lease = Task(far, grab, lock).result()

    def listener(state):
        if state == "CONNECTED":
            began = time.monotonic()
            told.append((call_all(), lease.release(), time.monotonic() - began))

    far.add_listener(listener)
    zk_proxy.cut()
    wait_until(lambda: told)
    errors, released, took = told[0]
    assert len(errors) == 4
    assert all("spawn" in error for error in errors)
    assert (released, took < 0.5) == (False, True)
    wait_for_queue(zk, 0)


def test_in_a_callback_of_a_result_waiting_is_refused(zk):
    """Kazoo's one thread for results calls it, which is to bring those that are waited for."""
    call_all, told = _refused(zk), []
    zk.get_async("/").rawlink(lambda _: told.append(call_all()))
    wait_until(lambda: told)
    assert len(told[0]) == 4


@pytest.mark.zk_handlers("threading", "gevent")
def test_with_public_calls_alone_waiting_is_refused_in_a_watch_callback(
    monkeypatch, zk_client_factory, other
):
    """Kazoo's one thread for events calls it, which is to bring those that are waited for."""
    monkeypatch.setenv("ZKTOOLS_PUBLIC_ONLY", "1")
    client = zk_client_factory()
    call_all, told = _refused(client), []
    client.exists("/trigger", watch=lambda _: told.append(call_all()))
    other.create("/trigger")
    wait_until(lambda: told)
    assert len(told[0]) == 4
    assert all("watch callback" in error for error in told[0])
    # Other threads go on as ever, and so does this one's client.
    assert ZkLock(client, NAME).acquire(timeout=5)
