"""Interruptions: what is shown goes on, forwards, and ends at what the server has."""

import os

import pytest

from tests.live.support import Calls, errors_of, eventually
from zktools.configuration import Configuration
from zktools.exceptions import (
    ClientUnusableError,
    NotConnectedError,
    OutcomeUnknownError,
    ZkToolsError,
)
from zktools.node import Changes, Node, NodeDict
from zktools.testing import Op, expire_session, wait_until

pytestmark = [pytest.mark.usefixtures("wire"), pytest.mark.zk_handlers("threading", "gevent")]


def test_what_changed_during_an_interruption_arrives_after_it(zk, far, zk_proxy):
    """Values, keys that came and went, children; each subscriber is told once."""
    node, rates = Node(far, "/node", 1), NodeDict(far, "/rates")
    config = Configuration(far, "/config")
    rates.update(kept=1, changed=1, gone=1)
    config.store({"a": {"b": 1}, "c": 1})
    calls, batches = node.subscribe(Calls()), rates.subscribe(Calls())
    zk_proxy.refuse()
    zk_proxy.cut()
    wait_until(lambda: not far.connected)
    assert (node.value, rates["kept"], config["a/b"]) == (1, 1, 1)
    assert not node.connected
    for value in (b"2", b"3"):
        zk.set("/node", value)
    zk.set("/rates/changed", b"2")
    zk.delete("/rates/gone")
    zk.create("/rates/new", b"1")
    zk.delete("/config/a", recursive=True)
    zk.set("/config/c", b"2")
    zk_proxy.heal()
    calls.wait_for(3)
    batches.wait_for(Changes({"new": 1}, {"changed": (1, 2)}, {"gone": 1}))
    eventually(config.load, {"c": 2})

    assert calls == [1, 3]
    assert len(batches) == 2
    zk.set("/node", b"4")
    calls.wait_for(4)


def test_an_interruption_in_which_nothing_changed_calls_nobody(far, zk_proxy):
    """Reconnecting is no change."""
    rates = NodeDict(far, "/rates")
    rates.update(a=1, b=2)
    calls = rates.subscribe(Calls())
    zk_proxy.cut()
    wait_until(lambda: not far.connected)
    wait_until(lambda: far.connected)
    rates.update(c=3)
    calls.wait_for(Changes({"c": 3}, {}, {}))

    assert calls == [Changes({"a": 1, "b": 2}, {}, {}), Changes({"c": 3}, {}, {})]


def test_a_lost_session_is_survived(zk, far):
    """The next session goes on where the last one ended."""
    node, rates = Node(far, "/node", 1), NodeDict(far, "/rates")
    calls = rates.subscribe(Calls())
    session = far.client_id[0]
    expire_session(far)
    zk.set("/node", b"2")
    zk.create("/rates/new", b"1")
    eventually(lambda: node.value, 2)
    calls.wait_for(Changes({"new": 1}, {}, {}))

    assert far.client_id[0] != session
    zk.set("/node", b"3")
    eventually(lambda: node.value, 3)
    node.value = 4
    assert zk.get("/node")[0] == b"4"


@pytest.mark.slow
@pytest.mark.zk_handlers("threading")
@pytest.mark.parametrize("what", ["change", "create"])
def test_interrupted_at_any_point_of_a_write(zk, interrupted_at, what):
    """The interrupt comes out, and the next write is made."""
    node, rates = Node(zk, "/node", 0), NodeDict(zk, "/rates")
    nth = 1

    def write():
        if what == "change":
            node.value = nth
        else:
            rates[f"k{nth}"] = nth

    while interrupted_at(nth, write):
        nth += 1
        node.value = rates["last"] = nth
        assert (node.value, rates["last"]) == (nth, nth)
    assert nth > 20


@pytest.mark.parametrize("nth", [1, 2, 3])
def test_a_cut_in_the_middle_of_the_first_snapshot(zk, far, zk_proxy, wire, nth):
    """It begins again on the next connection, and shows everything."""
    for number in range(20):
        zk.create(f"/rates/k{number}", b"1", makepath=True)
    ops = [Op.MULTI_READ, Op.SET_WATCHES, Op.GET_DATA, Op.GET_CHILDREN2]
    zk_proxy.drop_reply(*ops, nth=nth)
    rates = NodeDict(far, "/rates")
    assert len(rates) == 20
    zk.set("/rates/k7", b"2")
    eventually(lambda: rates["k7"], 2)


def test_only_a_new_session_waits_for_its_server_to_catch_up(zk, far, zk_proxy):
    """It may be on a server that lags behind what was seen; within a session none is accepted."""
    node = Node(far, "/node", 1)
    zk_proxy.cut()
    wait_until(lambda: not far.connected)
    zk.set("/node", b"2")
    eventually(lambda: node.value, 2)
    assert zk_proxy.requests[Op.SYNC] == 0
    zk_proxy.on_request(lambda frame: order.append(frame.op), Op.SYNC, Op.MULTI_READ, Op.GET_DATA)
    order = []
    expire_session(far)
    zk.set("/node", b"3")
    eventually(lambda: node.value, 3)

    assert order[0] == Op.SYNC
    assert order.count(Op.SYNC) == 1


def test_interruptions_again_and_again(zk, far, zk_proxy):
    """However often it is cut while much changes, in the end everything is there."""
    rates = NodeDict(far, "/rates")
    for turn in range(8):
        zk.create(f"/rates/k{turn}", b"0")
        zk.set("/rates/k0", b"%d" % turn)
        zk_proxy.cut()
        if turn % 3 == 2:
            zk.delete(f"/rates/k{turn}")
    wanted = {"k0": 7, "k1": 0, "k3": 0, "k4": 0, "k6": 0, "k7": 0}
    eventually(rates.copy, wanted)
    zk.set("/rates/k1", b"9")
    eventually(rates.copy, wanted | {"k1": 9})


def test_a_write_whose_reply_is_lost_says_so(far, zk_proxy, zk):
    """It may have been made; what is shown afterwards is what the server has."""
    node = Node(far, "/node", 1)
    zk_proxy.drop_reply(Op.SET_DATA)
    with pytest.raises(OutcomeUnknownError, match="/node"):
        node.value = 2
    assert zk.get("/node")[0] == b"2"
    eventually(lambda: node.value, 2)


@pytest.mark.slow
def test_no_connection_is_an_error_in_time(zk_client_factory, zk_proxy):
    """Writing and making an object end within the session timeout, and say that nobody answered."""
    far = zk_client_factory(zk_proxy.hosts, timeout=1.0)
    node, rates = Node(far, "/node", 1), NodeDict(far, "/rates")
    zk_proxy.refuse()
    zk_proxy.cut()
    wait_until(lambda: not far.connected)
    attempts = (lambda: rates.update(a=1), lambda: Node(far, "/other"))
    assert all(isinstance(error, NotConnectedError) for error in errors_of(far, attempts))
    assert node.value == 1


def test_a_stopped_client_is_reported_and_a_restarted_one_goes_on(zk, far):
    """Reading shows the last state; writing and waiting say so; after start() it is live again."""
    node, rates = Node(far, "/node", 1), NodeDict(far, "/rates")
    calls = node.subscribe(Calls())
    far.stop()
    assert node.value == 1
    assert not node.connected
    for attempt in (
        lambda: setattr(node, "value", 2),
        rates.clear,
        lambda: Node(far, "/x"),
    ):
        with pytest.raises(ClientUnusableError, match=r"start\(\)"):
            attempt()
    zk.set("/node", b"2")
    far.start()
    calls.wait_for(2)
    node.value = 3
    assert node.value == 3
    far.restart()
    zk.set("/node", b"4")
    calls.wait_for(4)


def test_stopping_the_client_ends_a_wait(far):
    """Who waits for a key is told that it will not come."""
    config = Configuration(far, "/config")
    outcome = []

    def wait():
        try:
            config.wait_for("never")
        except ZkToolsError as error:
            outcome.append(type(error))

    task = far.handler.spawn(wait)
    wait_until(lambda: config._subscribers._waiting)
    far.stop()
    task.join()
    assert outcome == [ClientUnusableError]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_after_a_fork_it_is_an_error(zk, wire):
    """A child process is told to make its own client, at once."""
    node = Node(zk, "/node", 1)
    reader, writer = os.pipe()
    child = os.fork()
    if not child:
        try:
            node.value = 2
        except ClientUnusableError as error:
            os.write(writer, b"fork" if "fork" in str(error) else b"?")
        finally:
            os._exit(0)
    os.waitpid(child, 0)
    assert os.read(reader, 10) == b"fork"


def test_a_server_without_multi_read_is_read_one_by_one(zk, other, monkeypatch, caplog):
    """What a server before 3.6 answers to it, this one answers to an opcode it does not know."""
    monkeypatch.setattr("zktools._engine.wire.requests.MultiRead.type", 99)
    with caplog.at_level("INFO", "zktools"):
        rates = NodeDict(zk, "/rates")
        rates["a"] = 1
        other.set("/rates/a", b"2")
        eventually(rates.copy, {"a": 2})


@pytest.mark.parametrize("make", [NodeDict, lambda client, path: Node(client, path, 1)])
@pytest.mark.parametrize("lose", ["drop_request", "drop_reply"])
def test_the_answer_to_the_first_creation_is_lost(zk, far, zk_proxy, make, lose):
    """Opening makes what is missing, and if nobody knows whether it is there, tries again."""
    getattr(zk_proxy, lose)(Op.CREATE, Op.CREATE2, Op.MULTI)

    with make(far, "/fresh/one"):
        assert zk.exists("/fresh/one")
