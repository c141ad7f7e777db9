"""What stays when a live object is gone: nothing."""

import gc
import threading
import weakref
from functools import partial

import pytest

from tests.live.support import Calls, errors_of, eventually, watchers
from zktools._engine import delivery, worker
from zktools._live.hub import hub_of
from zktools.configuration import Configuration
from zktools.exceptions import ClientUnusableError, ZkToolsError
from zktools.node import Node, NodeDict
from zktools.testing import Op, wait_until

MAKE = [
    lambda zk: Node(zk, "/node", 1),
    lambda zk: NodeDict(zk, "/dict"),
    lambda zk: Configuration(zk, "/config"),
]
KINDS = pytest.mark.parametrize("make", MAKE, ids=["Node", "NodeDict", "Configuration"])


@pytest.fixture(autouse=True)
def filled(zk):
    """Some nodes for each kind."""
    for path in ("/node/a", "/dict/a", "/dict/b", "/config/a/b", "/config/c"):
        zk.create(path, b"1", makepath=True)


@KINDS
def test_closing_leaves_nothing(zk, make):
    """No listener, no watch callback; twice is harmless; the last state stays readable."""
    live = make(zk)
    live.subscribe(Calls())
    shown = repr(live)
    live.close()
    live.close()

    assert not zk.state_listeners
    assert not hub_of(zk)._roots
    assert not live.connected
    eventually(lambda: watchers(zk), 0)  # some were being armed when it was closed
    assert shown[:-1] in repr(live)


@KINDS
@pytest.mark.usefixtures("wire")
def test_a_with_block_closes(zk, make):
    """Also when the body raises."""
    with pytest.raises(ZeroDivisionError), make(zk) as live:
        raise ZeroDivisionError
    assert not live.connected
    assert not zk.state_listeners


@KINDS
@pytest.mark.usefixtures("wire")
def test_a_closed_object_is_not_written_through(zk, make):
    """Writing and subscribing say that it is closed, and what to do."""
    live = make(zk)
    live.close()
    attempts = [lambda: live.subscribe(Calls())]
    if isinstance(live, Node):
        attempts += [lambda: setattr(live, "value", 2), lambda: live.update(str)]
        attempts += [lambda: live.children]
    else:
        attempts += [lambda: live.__setitem__("a", 2)]
    for attempt in attempts:
        with pytest.raises(ClientUnusableError, match="closed: make a new one"):
            attempt()


@KINDS
def test_garbage_collection_closes(zk, other, make):
    """An object nobody holds is collected, subscribers and all, and leaves nothing behind."""

    class Holder:
        def __init__(self):
            self.live = make(zk)
            self.live.subscribe(self.changed)

        def changed(self, _):
            pass

    gone = weakref.ref(Holder())
    gc.collect()
    assert gone() is None
    # It is noticed with the next thing that happens on this client.
    with Node(zk, "/another", 1):
        pass
    eventually(lambda: (len(zk.state_listeners), watchers(zk)), (0, 0))


@KINDS
def test_garbage_collection_is_noticed_at_once(zk, make):
    """Nothing has to happen on the client for it."""
    make(zk)
    gc.collect()
    eventually(lambda: (len(zk.state_listeners), watchers(zk)), (0, 0))
    assert not hub_of(zk)._roots


@KINDS
@pytest.mark.usefixtures("wire")
def test_an_event_for_an_object_that_is_gone(zk, other, make):
    """A watch that fires after the collection finds nobody, and the listener goes too."""
    make(zk)
    gc.collect()
    for path in ("/node", "/dict/a", "/config/a/b"):
        other.set(path, b"2")
    wait_until(lambda: not zk.state_listeners)
    assert not hub_of(zk)._roots


@pytest.mark.slow
@pytest.mark.usefixtures("wire")
def test_a_constructor_that_fails_leaves_nothing(zk_client_factory, zk_proxy):
    """No answer in time is an error; nothing goes on in the background."""
    far = zk_client_factory(zk_proxy.hosts, timeout=1.0)
    hub_of(far)
    zk_proxy.swallow()
    errors = errors_of(far, [partial(make, far) for make in MAKE])
    zk_proxy.heal()

    assert all(isinstance(error, ZkToolsError) for error in errors)

    assert not far.state_listeners
    assert not hub_of(far)._roots


@pytest.mark.slow
@pytest.mark.usefixtures("wire")
def test_no_thread_for_a_node(zk, other):
    """A hundred nodes and their quick subscribers take no more threads than one does."""
    nodes = [Node(zk, f"/many/n{number}", 0) for number in range(100)]
    calls = [node.subscribe(Calls()) for node in nodes]
    session = hub_of(zk).session
    subscribers = session.delivery.subscribers
    eventually(lambda: (session.engine._running, len(subscribers._serving)), (True, 1))
    idle = threading.active_count()
    for number in range(100):
        other.set(f"/many/n{number}", b"1")
    for call in calls:
        call.wait_for(1)
    eventually(lambda: threading.active_count() <= idle, True)  # other tests' may end


def test_no_thread_is_left_of_a_stopped_client(zk_client_factory, monkeypatch):
    """Those that stay while the client is started end with it."""
    for module in (worker, delivery):
        monkeypatch.setattr(module, "STAY", 0.05)
        monkeypatch.setattr(module, "LINGER", 0.05)
    before = threading.active_count()
    client = zk_client_factory()
    node = Node(client, "/node", 0)
    calls = node.subscribe(Calls())
    node.value = 1
    calls.wait_for(1)
    client.stop()
    # Those of clients of other tests may end meanwhile.
    eventually(lambda: threading.active_count() <= before, True)


@pytest.mark.usefixtures("wire")
def test_waiting_for_a_key_leaves_nothing(zk):
    """Timed-out waits do not pile up."""
    config = Configuration(zk, "/config")
    for _ in range(5):
        with pytest.raises(TimeoutError):
            config.wait_for("never", timeout=0.01)
    assert not config._subscribers._waiting


@pytest.mark.slow
def test_reconnecting_a_hundred_nodes_is_a_few_requests(zk_client_factory, zk_proxy, other):
    """After an interruption everything is read and watched again by a handful of packets."""
    far = zk_client_factory(zk_proxy.hosts)
    nodes = [Node(far, f"/many/n{number}", 0) for number in range(100)]
    zk_proxy.cut()
    before = zk_proxy.requests
    wait_until(lambda: far.connected)
    other.set("/many/n42", b"1")
    eventually(lambda: nodes[42].value, 1)

    sent = zk_proxy.requests - before
    sent.pop(Op.PING, None)
    assert sum(sent.values()) < 12, sent


def watched(zk_server, client):
    """The paths that the server watches for a client."""
    session_id = client.client_id[0]
    return [path for path, ids in zk_server.watches().items() if session_id in ids]


@pytest.mark.parametrize("end", ["close", "collect"])
def test_the_server_watches_nothing_for_what_is_gone(zk_server, zk, end):
    """Nor does kazoo keep a path, be it closed or collected, and although nothing changes."""
    made = [make(zk) for make in MAKE]
    made += [NodeDict(zk, "/rates"), Configuration(zk, "/missing")]
    made[-2].update({f"k{number}": number for number in range(100)})
    wait_until(lambda: len(watched(zk_server, zk)) > 100)
    if end == "close":
        for each in made:
            each.close()
    made.clear()
    gc.collect()
    eventually(lambda: watched(zk_server, zk), [])
    assert not any(map(len, (zk._data_watchers, zk._child_watchers)))


def test_what_is_closed_while_it_is_read_is_read_no_further(far, zk_proxy, wire, monkeypatch):
    """Only what was asked for already is answered; others are read as ever."""
    monkeypatch.setattr("zktools._live.multi_reader.NODES", 100)  # a part for each
    rates = NodeDict(far, "/rates")
    rates.update({f"k{number}": number for number in range(1500)})
    op = Op.MULTI_READ if wire == "private" else Op.GET_DATA
    hold = zk_proxy.hold_reply(op)
    zk_proxy.cut()
    hold.wait()
    before = zk_proxy.requests[op]
    rates.close()
    hold.release()
    with Node(far, "/beside", 1) as node:
        assert node.value == 1
    assert zk_proxy.requests[op] - before < (10 if wire == "private" else 120)


def test_the_server_watches_nothing_for_what_was_closed_while_it_was_read(
    zk_server, zk, zk_client_factory, zk_proxy, wire
):
    """Not even what was to be watched from its first reading on."""
    if wire == "public":
        pytest.skip("a read arms its own watch, which kazoo keeps until it is answered")
    far = zk_client_factory(zk_proxy.hosts, timeout=30.0)
    rates = NodeDict(far, "/rates")
    read = zk_proxy.hold_reply(Op.MULTI_READ, nth=2)  # of the folder, and then of what is in it
    NodeDict(zk, "/rates").update(a=1, b=2)
    read.wait()
    wait_until(lambda: len(watched(zk_server, far)) == 2)
    rates.close()
    read.release()
    eventually(lambda: watched(zk_server, far), [])


def test_watches_that_others_wait_for_stay(zk_server, far, other, zk_proxy):
    """Those of the program's own, those just asked for, and those of objects that go on."""
    told = []
    config = Configuration(far, "/config")
    config.store(dict.fromkeys(("a", "b", "c", "d", "e"), 1))
    node = Node(far, "/config/a")
    far.get("/config/b", watch=lambda _: told.append("b"))
    far.get_children("/config/c", watch=lambda _: told.append("c"))
    hold = zk_proxy.hold_reply(Op.EXISTS)
    asked = far.exists_async("/config/d", watch=lambda _: told.append("d"))
    hold.wait()
    config.close()
    wait_until(lambda: zk_proxy.requests[Op.REMOVE_WATCHES] >= 5)
    hold.release()
    asked.get()
    again = Node(far, "/config/e")
    for key in ("a", "b", "d", "e"):
        other.set(f"/config/{key}", b"2")
    other.create("/config/c/child")
    eventually(lambda: (node.value, again.value, sorted(told)), (2, 2, ["b", "c", "d"]))


def test_watches_that_went_with_their_connection_are_not_removed(far, zk_proxy):
    """What was still to be removed when the connection was cut is not asked for in the next one."""
    rates = NodeDict(far, "/rates")
    rates.update({f"k{number}": number for number in range(100)})
    hold = zk_proxy.hold_request(Op.REMOVE_WATCHES)
    rates.close()
    hold.wait()
    zk_proxy.cut()
    wait_until(lambda: far.connected)
    with Node(far, "/node", 1) as node:
        node.value = 2
    assert zk_proxy.requests[Op.REMOVE_WATCHES] < 60
