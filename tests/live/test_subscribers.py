"""Functions that are called when something changes."""

import logging
import threading

import gevent
import pytest
from gevent import GreenletExit

from tests.live.support import Calls, eventually
from zktools.configuration import Configuration
from zktools.locks import ZkLock
from zktools.node import Changes, Node, NodeDict
from zktools.testing import wait_until

pytestmark = [pytest.mark.usefixtures("wire"), pytest.mark.zk_handlers("threading", "gevent")]


def test_the_first_call_is_made_before_subscribing_returns(zk):
    """With the present state, whatever it is."""
    node, rates = Node(zk, "/node", 1), NodeDict(zk, "/rates")
    config = Configuration(zk, "/config", {"a": 1})

    assert node.subscribe(Calls()) == [1]
    assert node.children(Calls()) == [()]
    assert rates.subscribe(Calls()) == [Changes({}, {}, {})]
    assert config.subscribe(Calls()) == [Changes({"a": 1}, {}, {})]
    assert config.subscribe("b", Calls()) == [Changes({}, {}, {})]


def test_decorators_leave_the_function_as_it_is(zk):
    """It can be called, and unsubscribed, by its name."""
    node, config = Node(zk, "/node", 1), Configuration(zk, "/config")

    @node.subscribe
    def value_changed(value):
        return value

    @node.children
    def children_changed(names):
        return names

    @config.subscribe
    def config_changed(changes):
        return changes

    @config.subscribe("db")
    def db_changed(changes):
        return changes

    assert value_changed(3) == 3
    assert children_changed(()) == ()
    assert config_changed(1) == db_changed(1) == 1
    assert node.unsubscribe(value_changed)
    assert node.unsubscribe(children_changed)
    assert config.unsubscribe(db_changed)
    assert not config.unsubscribe(db_changed)


def test_unsubscribed_functions_are_not_called(zk, other):
    """The others are."""
    node = Node(zk, "/node", 1)
    gone, there = node.subscribe(Calls()), node.subscribe(Calls())
    node.unsubscribe(gone)
    other.set("/node", b"2")
    there.wait_for(2)

    assert gone == [1]


def test_one_that_fails_is_named_in_the_log_and_stops_nobody(zk, other, caplog):
    """It is called again at the next change, and the others are called as ever."""
    node = Node(zk, "/node", 1)
    seen = []

    @node.subscribe
    def careless(value):
        seen.append(value)
        raise ZeroDivisionError

    careful = node.subscribe(Calls())
    with caplog.at_level(logging.ERROR, "zktools"):
        other.set("/node", b"2")
        careful.wait_for(2)
        eventually(lambda: seen, [1, 2])
    assert "careless of Node /node failed" in caplog.text
    assert "ZeroDivisionError" in caplog.text


def test_a_type_error_inside_is_an_error_like_any_other(zk, caplog):
    """It is called once, not tried with other arguments (kazoo's DataWatch calls it twice)."""
    calls = []

    def wrong(value):
        calls.append(value)
        raise TypeError("inside")

    Node(zk, "/node", 1).subscribe(wrong)
    assert calls == [1]


def test_a_subscriber_may_do_anything(zk, other):
    """Write and read nodes, take locks, subscribe others and itself off, close its own object."""
    node, echo = Node(zk, "/node", 0), Node(zk, "/echo", 0)
    lock, inner = ZkLock(zk, "lock"), Calls()

    @node.subscribe
    def busy(value):
        if value == 1:
            with lock(timeout=5):
                echo.value = value
            assert echo.value == 1
            assert zk.get("/echo")[0] == b"1"
            NodeDict(zk, "/made")["here"] = value
            echo.subscribe(inner)
            node.unsubscribe(busy)
            node.close()

    other.set("/node", b"1")
    inner.wait_for(1)
    wait_until(lambda: not node.connected)
    assert zk.get("/made/here")[0] == b"1"


def test_a_slow_subscriber_is_told_the_last_value_not_every_value(zk, other):
    """Whatever happens while it is busy comes in one call, the last value never missing."""
    node, rates = Node(zk, "/node", 0), NodeDict(zk, "/rates")
    rates.update(gone=0, kept=0)
    go_on, entered = zk.handler.event_object(), zk.handler.event_object()
    slow_too = zk.handler.event_object()
    values, batches = Calls(), Calls()

    def slow(value):
        values(value)
        if value == 1:
            entered.set()
            go_on.wait(10)

    def slow_for_batches(changes):
        batches(changes)
        if changes.changed == {"kept": (0, 1)}:
            slow_too.set()
            go_on.wait(10)

    node.subscribe(slow)
    rates.subscribe(slow_for_batches)
    other.set("/node", b"1")
    other.set("/rates/kept", b"1")
    wait_until(lambda: entered.is_set() and slow_too.is_set())
    for number in range(2, 30):
        other.set("/node", b"%d" % number)
        other.set("/rates/kept", b"%d" % number)
    other.delete("/rates/gone")
    other.create("/rates/new", b"1")
    other.create("/rates/brief", b"1")
    eventually(lambda: sorted(rates), ["brief", "kept", "new"])
    other.delete("/rates/brief")
    eventually(lambda: (node.value, sorted(rates)), (29, ["kept", "new"]))
    go_on.set()
    values.wait_for(29)
    batches.wait_for(Changes({"new": 1}, {"kept": (1, 29)}, {"gone": 0}))

    assert values == [0, 1, 29]


def test_subscribers_of_one_object_run_one_at_a_time(zk, other):
    """Each change is told to one after the other, on threads that are none of kazoo's."""
    rates = NodeDict(zk, "/rates")
    running, together, where = [], [], set()

    def subscriber(changes):
        if not changes.added:
            return  # the first call, which is made here
        running.append(1)
        together.append(len(running))
        where.add(threading.current_thread())
        zk.handler.sleep_func(0.005)
        running.pop()

    def another(changes):
        subscriber(changes)

    rates.subscribe(subscriber)
    rates.subscribe(another)
    for number in range(5):
        other.create(f"/rates/k{number}", b"1")
    eventually(lambda: len(rates), 5)
    wait_until(lambda: zk._zktools_session.delivery.subscribers.is_idle)

    assert set(together) == {1}
    assert not where & {*zk.handler._workers, zk._connection._connection_routine}


def test_one_that_hangs_keeps_nothing_from_others(zk, other):
    """Those of other objects go on, and first calls are made, also for the same object."""
    node, free = Node(zk, "/node", 0), Node(zk, "/free", 0)
    entered, go_on = zk.handler.event_object(), zk.handler.event_object()

    @node.subscribe
    def hangs(value):
        if value == 1:
            entered.set()
            go_on.wait(10)

    calls = free.subscribe(Calls())
    other.set("/node", b"1")
    wait_until(entered.is_set)
    try:
        other.set("/free", b"1")
        calls.wait_for(1)
        assert free.subscribe(Calls()) == [1]
        assert node.subscribe(Calls()) == [1]
    finally:
        go_on.set()


@pytest.mark.parametrize("error", [SystemExit, gevent.Timeout, pytest.fail.Exception, GreenletExit])
def test_what_is_no_exception_ends_nothing_either(zk, other, error, caplog):
    """``sys.exit()`` and the like are logged; that subscriber and the others are called again."""
    node, rates = Node(zk, "/node", 0), NodeDict(zk, "/rates")
    seen, others = [], rates.subscribe(Calls())

    @node.subscribe
    def exits(value):
        seen.append(value)
        if value == 1:
            raise error

    after = node.subscribe(Calls())
    other.set("/node", b"1")
    after.wait_for(1)
    other.set("/node", b"2")
    after.wait_for(2)
    other.create("/rates/k", b"1")
    others.wait_for(Changes({"k": 1}, {}, {}))

    assert seen == [0, 1, 2]
    assert "exits of Node /node failed" in caplog.text


def test_the_first_call_is_of_who_subscribes(zk, other):
    """On that thread; what is no error, such as an interrupt, comes out and ends it."""
    node, threads = Node(zk, "/node", 0), []

    def interrupted(_):
        threads.append(threading.get_ident())
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        node.subscribe(interrupted)
    calls = node.subscribe(Calls())
    node.value = 1
    calls.wait_for(1)

    assert threads == [threading.get_ident()]
    assert not node.unsubscribe(interrupted)


def test_the_first_call_is_made_whatever_becomes_of_the_node(zk, other):
    """A change during it is told after it, and never in the middle of it."""
    node = Node(zk, "/node")
    node.value = 1
    heard = []

    @node.subscribe
    def slow(value):
        heard.append(value)
        if value == 1:
            other.delete("/node")
            wait_until(lambda: not node.exists)
            heard.append("over")

    eventually(lambda: heard, [1, "over", None])


def test_subscribing_in_a_subscriber_calls_at_once(zk):
    """It does not wait for the subscriber that it is called in."""
    node, told = Node(zk, "/node", 0), []

    @node.subscribe
    def outer(value):
        if value == 1:
            told.append(list(node.subscribe(Calls())))

    node.value = 1
    eventually(lambda: told, [[1]])


def test_order_of_values_is_the_order_of_writes(zk, other):
    """However fast they come, a later value is never followed by an earlier one."""
    node = Node(zk, "/node", 0)
    calls = node.subscribe(Calls())
    results = [other.set_async("/node", b"%d" % number) for number in range(300)]
    for result in results:
        result.get()
    calls.wait_for(299)

    assert calls == sorted(calls)


@pytest.mark.parametrize(
    "subscribe",
    [
        lambda zk: Node(zk, "/node").subscribe(None),
        lambda zk: Node(zk, "/node").children("x"),
        lambda zk: NodeDict(zk, "/dict").subscribe(3),
        lambda zk: Configuration(zk, "/config").subscribe("a", "b"),
    ],
)
def test_what_cannot_be_called_is_refused(zk, subscribe):
    """At the call, not at the first change."""
    with pytest.raises(TypeError, match="must be callable"):
        subscribe(zk)
