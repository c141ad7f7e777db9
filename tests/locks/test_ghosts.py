"""No candidate is ever left behind: not by errors, interrupts, lost replies or broken connections.

Each test counts the nodes in the folder at the end.
"""

import os
import signal
import threading

import gevent
import pytest
from kazoo.exceptions import ConnectionClosedError, ConnectionLoss
from kazoo.security import make_acl

from tests.locks.faces import ZkLock
from tests.locks.support import FOLDER, NAME, Task, grab, queue, wait_for_queue, waiting
from zktools._queue.requests import Reply
from zktools.exceptions import LockCancelled
from zktools.testing import Op, wait_until

OPS = [
    Op.CREATE2,
    Op.GET_CHILDREN,
    Op.SET_WATCHES,
    Op.GET_DATA,
    Op.MULTI,
    Op.EXISTS,
    Op.DELETE,
]


@pytest.fixture
def far(zk_client_factory, zk_proxy):
    """A client behind the proxy, with a session that outlives every break of these tests."""
    return zk_client_factory(zk_proxy.hosts, timeout=8.0)


def _lose(proxy, what, op):
    return (proxy.drop_reply if what == "reply" else proxy.drop_request)(op)


# -- lost requests and replies


@pytest.mark.usefixtures("wire")
@pytest.mark.parametrize("op", OPS, ids=lambda op: op.name)
@pytest.mark.parametrize("what", ["request", "reply"])
def test_one_is_lost_of_a_hold(zk, far, far_lock, zk_proxy, what, op):
    """Whichever request or reply is lost: one node while held, none after the release.

    kazoo's Lock, run with lost replies of create, getChildren, exists and delete: recovers too.
    """
    zk.ensure_path(FOLDER)
    _lose(zk_proxy, what, op)
    assert far_lock.acquire(timeout=8)
    wait_until(lambda: far_lock.lease.is_held)
    assert queue(zk) == [far_lock.lease.path.rpartition("/")[2]]
    assert far_lock.lease.token == zk.exists(far_lock.lease.path).czxid

    far_lock.release()
    wait_for_queue(zk, 0)
    assert not far_lock.lease.lost.is_set()


@pytest.mark.usefixtures("wire")
@pytest.mark.parametrize("op", OPS, ids=lambda op: op.name)
@pytest.mark.parametrize("what", ["request", "reply"])
def test_one_is_lost_of_a_waiter(zk, lock, far, far_lock, zk_proxy, what, op):
    """Whichever is lost while waiting: its turn comes, with one node in the queue and one watch."""
    lock.acquire()
    _lose(zk_proxy, what, op)
    task = Task(far, grab, far_lock, timeout=8)
    wait_for_queue(zk, 2)
    lock.release()
    lease = task.result()
    wait_until(lambda: lease.is_held)
    assert queue(zk) == [lease.path.rpartition("/")[2]]
    lease.release()
    wait_for_queue(zk, 0)


@pytest.mark.usefixtures("wire")
def test_one_after_the_other_is_lost(zk, far, far_lock, zk_proxy):
    """The reply to the create, then each of those by which it is looked for: still one node.

    Where the create's reply is lost and a later listing misses the node, kazoo's Lock makes a
    second and waits behind its own; ours lists once a majority has answered.
    """
    zk.ensure_path(FOLDER)
    for op in (Op.CREATE2, Op.GET_CHILDREN, Op.EXISTS, Op.MULTI, Op.GET_CHILDREN):
        zk_proxy.drop_reply(op)
    zk_proxy.drop_reply(Op.GET_CHILDREN, nth=2)
    assert far_lock.acquire(timeout=8)
    assert len(queue(zk)) == 1
    far_lock.release()
    wait_for_queue(zk, 0)


@pytest.mark.usefixtures("wire")
@pytest.mark.parametrize("op", [Op.CREATE2, Op.GET_CHILDREN, Op.DELETE], ids=lambda op: op.name)
@pytest.mark.parametrize("what", ["request", "reply"])
def test_one_is_lost_of_a_refusal(zk, lock, far, far_lock, zk_proxy, what, op):
    """Whichever is lost of an acquire that runs out of time: only the holder's node is left.

    kazoo's Lock, run with the delete lost: its node stays, and when the holder has left nobody gets
    the free lock (row 8, #732).
    """
    lock.acquire()
    trap = _lose(zk_proxy, what, op)
    assert far_lock.acquire(timeout=0.3) is False
    trap.wait()
    wait_until(lambda: far.connected)
    wait_for_queue(zk, 1)
    far.sync("/")
    assert len(queue(zk)) == 1


@pytest.mark.usefixtures("wire")
def test_the_connection_is_away_during_clean_up(zk, lock, far, far_lock, zk_proxy):
    """A node that cannot be deleted because the connection is away is deleted once it is back."""
    lock.acquire()
    task = waiting(zk, far, far_lock, timeout=0.3)
    zk_proxy.refuse()
    zk_proxy.cut()
    assert task.result() is None
    assert len(queue(zk)) == 2
    zk_proxy.heal()
    wait_for_queue(zk, 1)


@pytest.mark.usefixtures("wire")
def test_a_create_that_the_server_answers_late(zk, far, far_lock, zk_proxy):
    """The reply comes when nobody waits any more: the node that it tells of is deleted."""
    zk.ensure_path(FOLDER)
    held = zk_proxy.hold_reply(Op.CREATE2)
    assert far_lock.acquire(timeout=0.1) is False
    held.wait()
    assert len(queue(zk)) == 1
    held.release()
    wait_for_queue(zk, 0)


@pytest.mark.usefixtures("wire")
def test_a_create_that_reaches_the_server_late(zk, zk_client_factory, zk_proxy):
    """A request stuck in an old connection, with the client in a new one, makes no ghost."""
    zk.ensure_path(FOLDER)
    far = zk_client_factory(zk_proxy.hosts, timeout=2.0)
    lock = ZkLock(far, NAME)
    stuck = zk_proxy.hold_request(Op.CREATE2)
    task = Task(far, grab, lock, timeout=8)
    stuck.wait()
    lease = task.result()
    stuck.release()
    far.sync("/")
    assert lease.is_held
    assert queue(zk) == [lease.path.rpartition("/")[2]]
    lease.release()
    wait_for_queue(zk, 0)


# -- exceptions in the thread that waits


@pytest.mark.slow
def test_interrupted_at_any_point_of_an_acquire(zk, lock, interrupted_at):
    """KeyboardInterrupt at every point of acquire(): no node, and the client is as good as new.

    kazoo's Lock, run with one interrupt while waiting: its node stays.
    """
    nth = 1
    while interrupted_at(nth, lambda: lock.acquire(timeout=5)):
        nth += 1
        # Interrupted behind the grant, the hold is the thread's all the same: release() ends it.
        lock.release()
        wait_for_queue(zk, 0)
        assert lock.acquire(timeout=5)
        lock.release()
    assert nth > 20
    assert lock.release() is True


@pytest.mark.slow
def test_interrupted_at_any_point_of_entering_with(zk, lock, interrupted_at):
    """The same for `with lock(...)`, where nobody could release what was granted."""
    terms = lock(timeout=5)
    nth = 1
    while interrupted_at(nth, terms.__enter__):
        nth += 1
        wait_for_queue(zk, 0)
        assert lock.acquire(timeout=5)
        lock.release()
    assert nth > 20


def test_interrupted_at_any_point_of_a_release(zk, lock, interrupted_at):
    """The same for release(): interrupted, it may be called again, and the node goes."""
    nth = 1
    lock.acquire()
    while interrupted_at(nth, lock.release):
        nth += 1
        lock.release()
        wait_for_queue(zk, 0)
        assert lock.acquire(timeout=5)
    assert nth > 8


def test_interrupted_at_any_point_of_a_wait_in_vain(zk, lock, rival, interrupted_at):
    """The same for an acquire that runs out of time: nobody is left in the queue."""
    lock.acquire()
    nth = 1
    while interrupted_at(nth, lambda: rival.acquire(timeout=0.01)):
        nth += 1
        wait_for_queue(zk, 1)
    assert nth > 20


def test_interrupted_at_any_point_of_a_cancel(zk, other, lock, rival, interrupted_at):
    """Who waits is cancelled at once, or when it is cancelled again."""
    lock.acquire()
    nth, interrupted = 0, True
    while interrupted:
        nth += 1
        attempt = waiting(zk, other, rival, timeout=20)
        interrupted = interrupted_at(nth, rival.cancel)
        rival.cancel()
        with pytest.raises(LockCancelled):
            attempt.result()
        wait_for_queue(zk, 1)
    assert nth > 8


@pytest.mark.parametrize("what", ["has_lock", "contenders", "clear", "commit"])
def test_interrupted_at_any_point_of_another_request(zk, lock, interrupted_at, what):
    """The interrupt comes out, and the client works on."""
    zk.ensure_path("/written")
    lease = lock.acquire() and lock.lease
    rest = ZkLock(zk, "rest")

    def commit():
        with lease.transaction() as transaction:
            transaction.set_data("/written", b"")

    calls = {"has_lock": lock.has_lock, "contenders": lock.contenders, "clear": rest.clear}
    nth = 1
    while interrupted_at(nth, calls.get(what, commit)):
        nth += 1
        assert lock.has_lock()
    assert nth > 8


def test_what_is_sent_because_of_an_interrupt_is_not_interrupted_by_it():
    """In a program's `except KeyboardInterrupt`, a closed client is an answer like any other.

    And in kazoo's own, a broken connection: its timeout under gevent is no Exception.
    """
    answers = []

    def note(reply):
        answers.append(reply.exception)

    def run(function, reply):
        function(reply)

    def interrupt():
        raise KeyboardInterrupt

    early, error, loss = Reply(run, note, ()), ConnectionClosedError(), ConnectionLoss()
    try:
        interrupt()
    except KeyboardInterrupt:
        Reply(run, note, ()).set_exception(error)
        with pytest.raises(KeyboardInterrupt):  # what came up while kazoo was sending it
            early.set_exception(error)
        early.set_exception(loss)

    assert answers == [error, loss]


@pytest.mark.usefixtures("wire")
def test_interrupted_while_waiting(zk, lock, rival):
    """A real SIGINT in the middle of the wait: KeyboardInterrupt at once, and no node."""
    lock.acquire()

    def interrupt():
        wait_for_queue(zk, 2)
        os.kill(os.getpid(), signal.SIGINT)

    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        helper = threading.Thread(target=interrupt)
        helper.start()
        with pytest.raises(KeyboardInterrupt):
            rival.acquire(timeout=10)
        helper.join()
    finally:
        signal.signal(signal.SIGINT, before)
    wait_for_queue(zk, 1)


@pytest.mark.usefixtures("wire")
@pytest.mark.zk_handlers("gevent")
@pytest.mark.parametrize("seconds", [0, 0.001, 0.005, 0.2])
def test_gevent_timeout(zk, lock, rival, seconds):
    """gevent.Timeout, which is no Exception, ends an acquire at once and leaves no node.

    kazoo's Lock, run: its node stays.
    """
    lock.acquire()
    for acquire in (rival.acquire, rival(timeout=5).__enter__):
        with pytest.raises(gevent.Timeout), gevent.Timeout(seconds):
            acquire()
        wait_for_queue(zk, 1)
    lock.release()
    assert rival.acquire(timeout=5)


@pytest.mark.usefixtures("wire")
@pytest.mark.zk_handlers("gevent")
def test_a_greenlet_that_is_killed(zk, lock, rival):
    """Killing the greenlet that waits takes its node from the queue."""
    lock.acquire()
    waiter = gevent.spawn(rival.acquire)
    wait_for_queue(zk, 2)
    waiter.kill()
    wait_for_queue(zk, 1)


@pytest.mark.usefixtures("wire")
@pytest.mark.every_face
def test_cancelled(zk, lock, other, rival):
    """A cancelled acquire leaves no node."""
    lock.acquire()
    task = waiting(zk, other, rival)
    assert rival.cancel() is True
    with pytest.raises(LockCancelled):
        task.result()
    wait_for_queue(zk, 1)


def test_deleting_is_refused_for_a_while(zk, zk_client_factory, caplog):
    """A node that the server refuses to delete is tried again until it is gone."""
    everything = make_acl("world", "anyone", all=True)
    lock = ZkLock(zk, NAME)
    lock.acquire()
    zk.set_acls(FOLDER, [make_acl("world", "anyone", read=True, create=True, admin=True)])
    assert lock.release() is False
    assert len(queue(zk)) == 1
    assert "cannot be deleted" in caplog.text
    zk.set_acls(FOLDER, [everything])
    wait_for_queue(zk, 0)


@pytest.mark.usefixtures("wire")
def test_a_lost_reply_where_our_own_node_may_not_be_read(zk, far, zk_proxy):
    """From ZooKeeper 3.8.4 and 3.9.2 on nothing is learnt of such a node; the acquire goes on.

    Before, it may be looked at, and is taken over.
    """
    acl = [make_acl("world", "anyone", create=True, delete=True, write=True)]
    zk.ensure_path(FOLDER)
    lock = ZkLock(far, NAME, acl=acl)
    trap = zk_proxy.drop_reply(Op.CREATE2)
    assert lock.acquire(timeout=10)
    assert trap.wait(5)
    lock.release()
    wait_until(lambda: queue(zk) == [])
