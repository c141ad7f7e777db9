"""What is shown was so at one moment: no transaction is ever seen in part."""

import threading
import time

import pytest
from kazoo.exceptions import KazooException
from kazoo.handlers.threading import SequentialThreadingHandler
from kazoo.protocol.states import Callback

from tests.live.support import eventually
from zktools._engine.session import session_of
from zktools.configuration import Configuration
from zktools.exceptions import NotConnectedError
from zktools.node import Node, NodeDict
from zktools.testing import Op, wait_until

pytestmark = [pytest.mark.usefixtures("wire"), pytest.mark.zk_handlers("threading", "gevent")]

KEYS = [f"k{number:02}" for number in range(40)]


class Writer:
    """Changes all of the keys at once, again and again, until told to stop."""

    def __init__(self, client, folder, pause):
        self.client = client
        self.folder = folder
        self.pause = pause
        self.written = 0
        self._stopping = False
        self._task = client.handler.spawn(self._run)

    def _run(self):
        while not self._stopping:
            transaction = self.client.transaction()
            data = b"%d" % (self.written + 1)
            for key in KEYS:  # all alike, whatever else changes
                transaction.set_data(f"{self.folder}/{key}", data)
            assert not any(isinstance(r, KazooException) for r in transaction.commit())
            self.written += 1
            self.client.handler.sleep_func(self.pause)

    def stop(self):
        """Write no more."""
        self._stopping = True
        self._task.join()


def breath(client, folder):
    """Seconds in which a client surely reads all keys one by one, on a machine that is busy too."""
    began = time.monotonic()
    for _ in range(3):
        for result in [client.get_async(f"{folder}/{key}") for key in KEYS]:
            result.get()
    return max(0.1, 3 * (time.monotonic() - began))


@pytest.fixture
def folder(zk):
    """A folder whose keys are all alike at any moment."""
    zk.ensure_path("/alike/deep")
    transaction = zk.transaction()
    for key in KEYS:
        transaction.create(f"/alike/{key}", b"0")
    transaction.commit()
    zk.delete("/alike/deep")
    return "/alike"


@pytest.mark.slow
@pytest.mark.parametrize("kind", [NodeDict, Configuration])
def test_no_torn_view_under_a_busy_writer(zk, other, folder, kind, wire):
    """Batches, reads and fresh loads show all keys alike, and go forwards, while all change.

    Where nodes have to be read one by one, there is nothing to show while the same keys change
    faster than that takes; so the writer takes a breath there.
    """
    writer = Writer(other, folder, 0 if wire == "private" else breath(zk, folder))
    torn, seen = [], []
    try:
        live = kind(zk, folder)

        @live.subscribe
        def check(changes):
            now = set(live.copy().values())
            new = {new for _, new in changes.changed.values()} or set(changes.added.values())
            if len(now) != 1 or len(new) != 1:
                torn.append((now, new))
            seen.extend(new)

        for _ in range(5):
            with kind(zk, folder) as fresh:
                values = set(fresh.copy().values())
                if len(values) != 1:
                    torn.append(values)
        wait_until(lambda: len(seen) > 8 and writer.written > 8)
    finally:
        writer.stop()
    eventually(lambda: set(live.copy().values()), {writer.written})

    assert torn == []
    assert seen == sorted(seen)
    live.close()


def test_a_set_larger_than_one_packet_is_not_torn(zk_client_factory, zk_proxy, folder, monkeypatch):
    """Keys that are read in several packets, and changed between them, are shown alike."""
    monkeypatch.setattr("zktools._live.multi_reader.NODES", 14)  # three packets, sent at once
    writer = zk_client_factory(handler=SequentialThreadingHandler)
    requests = []

    def change(_):
        requests.append(1)
        if len(requests) == 4:  # after some of the keys, and before others
            transaction = writer.transaction()
            for key in KEYS:
                transaction.set_data(f"{folder}/{key}", b"1")
            transaction.commit()

    zk_proxy.on_request(change, Op.MULTI_READ, Op.GET_DATA)
    far = zk_client_factory(zk_proxy.hosts)
    views = []
    rates = NodeDict(far, folder)
    rates.subscribe(lambda _: views.append(rates.copy()))
    eventually(lambda: set(rates.values()), {1})
    assert all(len(set(view.values())) == 1 for view in views)


def test_a_transaction_over_folder_and_leaves(zk, other):
    """Keys that appear together are seen together, and disappear together, sections included."""
    config = Configuration(zk, "/config")
    config.store({"start": 1})
    partial = []

    @config.subscribe
    def check(_):
        now = config.copy()
        now = {key: value for key, value in now.items() if key not in ("start", "end")}
        if now and sorted(now) != ["a/b/c", "a/d", "e"]:
            partial.append(now)

    for _ in range(30):
        transaction = other.transaction()
        for path in ("a", "a/b"):
            transaction.create(f"/config/{path}")
        for path in ("a/b/c", "a/d", "e"):
            transaction.create(f"/config/{path}", b"1")
        transaction.commit()
        transaction = other.transaction()
        for path in ("a/b/c", "a/d", "e", "a/b", "a"):
            transaction.delete(f"/config/{path}")
        transaction.commit()
    other.create("/config/end", b"1")
    eventually(config.copy, {"start": 1, "end": 1})

    assert partial == []


@pytest.mark.slow
def test_a_writer_who_never_rests_does_not_keep_readers_waiting(zk, other):
    """With hundreds of changes a second, one at a time, readers are still shown what is new."""
    rates = NodeDict(zk, "/rates")
    rates.update(dict.fromkeys(KEYS, 0))
    stopping = []

    def chatter():
        number = 0
        while not stopping:
            number += 1
            # It is answered first: no faster than others are, on a busy machine.
            other.set(f"/rates/{KEYS[number % len(KEYS)]}", b"%d" % number)

    task = zk.handler.spawn(chatter)
    moments = []
    rates.subscribe(lambda _: moments.append(max(rates.values())))
    try:
        wait_until(lambda: len(moments) > 20, timeout=10)
        with NodeDict(zk, "/rates") as fresh:
            assert len(fresh) == len(KEYS)
    finally:
        stopping.append(True)
        task.join()
    assert moments == sorted(moments)


@pytest.mark.slow
@pytest.mark.parametrize("changes", [1.25, 5])
def test_keys_changed_in_turn_faster_than_they_are_read_one_by_one(
    zk_client_factory, zk_proxy, folder, wire, changes
):
    """Five changes to four reads are kept up with: what is next to be changed is read first.

    With five to each read nothing can be proven; who waits is told so.
    """
    if wire == "private":
        pytest.skip("all are read at one moment")
    writer = zk_client_factory(handler=SequentialThreadingHandler)
    far = zk_client_factory(zk_proxy.hosts, timeout=4.0)
    reads, written, stopping = [], [], []

    def change(_):
        reads.append(1)
        while len(written) < changes * len(reads) and not stopping:
            written.append(1)
            writer.set(f"{folder}/{KEYS[len(written) % len(KEYS)]}", b"%d" % len(written))

    zk_proxy.on_request(change, Op.GET_DATA)
    try:
        if changes < 2:
            moments = []
            rates = NodeDict(far, folder)
            rates.subscribe(lambda _: moments.append(max(rates.values())))
            wait_until(lambda: len(moments) > 5)
            assert moments == sorted(moments)
        else:
            with pytest.raises(NotConnectedError, match="change faster than they can be read"):
                NodeDict(far, folder)
    finally:
        stopping.append(True)


def test_your_own_write_is_there_when_it_returns(zk, other):
    """For every kind of write, while somebody else writes the same nodes."""
    node, rates, config = Node(zk, "/n", 0), NodeDict(zk, "/d"), Configuration(zk, "/c")
    stopping = []

    def meddle():
        while not stopping:
            for path in ("/d/theirs", "/c/theirs"):
                other.retry(other.ensure_path, path)
                other.retry(other.set, path, b"1")

    task = zk.handler.spawn(meddle)
    try:
        for number in range(15):
            node.value = number
            assert node.value == number
            rates["mine"] = number
            assert rates["mine"] == number
            rates.update(a=number, b=number)
            assert (rates["a"], rates["b"]) == (number, number)
            del rates["a"]
            assert "a" not in rates
            config.store({"mine": {"deep": number}})
            assert config["mine/deep"] == number
    finally:
        stopping.append(True)
        task.join()


def test_a_change_between_snapshot_and_watch_is_not_missed(zk_client_factory, zk_proxy, wire, zk):
    """Whatever changes after a read was answered and before its watch is armed, arrives."""
    far = zk_client_factory(zk_proxy.hosts)
    zk.create("/node", b"1")
    threaded = zk_client_factory(handler=SequentialThreadingHandler)
    first = Op.SET_WATCHES if wire == "private" else Op.GET_DATA
    zk_proxy.on_request(lambda _: threaded.set("/node", b"2"), first)
    node = Node(far, "/node")
    eventually(lambda: node.value, 2)


def test_a_folder_that_changes_while_it_is_loaded(zk_client_factory, zk_proxy, wire, zk):
    """Whatever changes after a key was read and before its watch is armed, arrives.

    Its watch is on its way before it is read: there is no waiting for the one before the other.
    """
    if wire == "public":
        pytest.skip("a read arms its own watch")
    far = zk_client_factory(zk_proxy.hosts)
    for key, value in {"": b"", "/a": b"1", "/b": b"1"}.items():
        zk.create("/d" + key, value)
    read = zk_proxy.hold_reply(Op.MULTI_READ, nth=2)
    loaded = {}
    task = zk.handler.spawn(lambda: loaded.update(rates=NodeDict(far, "/d")))
    read.wait()
    wait_until(lambda: zk_proxy.requests[Op.SET_WATCHES] == 2)  # on the folder, and on its keys
    read.release()
    task.join()
    assert loaded["rates"].copy() == {"a": 1, "b": 1}
    loaded["rates"].close()

    arming = zk_proxy.hold_request(Op.SET_WATCHES, nth=2)
    task = zk.handler.spawn(lambda: loaded.update(rates=NodeDict(far, "/d")))
    arming.wait()
    zk.set("/d/a", b"2")
    zk.delete("/d/b")
    arming.release()
    task.join()
    eventually(loaded["rates"].copy, {"a": 2})


def test_a_change_that_is_told_together_with_the_first_read(zk, far, zk_proxy, wire):
    """The news of it is dealt with ahead of the answer in which the key is read, and not lost."""
    if wire == "public":
        pytest.skip("a read arms its own watch")
    for path in ("/other", "/d", "/d/a"):
        zk.create(path, b"1")
    other = Node(far, "/other")
    read = zk_proxy.hold_request(Op.MULTI_READ, nth=2)
    loaded = {}
    task = zk.handler.spawn(lambda: loaded.update(rates=NodeDict(far, "/d")))
    read.wait()

    def happen():
        zk.set("/other", b"2")  # this has the engine look at all news, before the answer
        read.release()
        far.exists("/")  # behind all that was held
        zk.set("/d/a", b"2")

    in_one_turn(far, happen)
    task.join()
    eventually(lambda: (other.value, loaded["rates"]["a"]), (2, 2))


def test_reads_of_different_moments_armed_together_miss_nothing(zk, far, zk_proxy, wire):
    """Two objects are read one after another and watched by one packet: relative to the first.

    What changed between the two reads is older than the second.
    """
    if wire == "public":
        pytest.skip("a read arms its own watch")
    for path in ("/a", "/b"):
        zk.create(path, b"1")
    nodes = {}

    def follow(path):
        nodes[path] = Node(far, path)

    hold = zk_proxy.hold_reply(Op.MULTI_READ)
    tasks = [zk.handler.spawn(follow, "/a")]
    hold.wait()
    zk.set("/a", b"2")
    tasks.append(zk.handler.spawn(follow, "/b"))
    wait_until(lambda: zk_proxy.requests[Op.MULTI_READ] == 2)
    in_one_turn(far, hold.release)
    for task in tasks:
        task.join()

    eventually(lambda: (nodes["/a"].value, nodes["/b"].value), (2, 1))


def test_parts_of_which_the_last_arms_nothing(zk_client_factory, far, zk_proxy, wire, monkeypatch):
    """What is read in several parts is shown when all is watched, whatever is read last.

    The last is a key that was removed. Before it a key is read that was written together with one
    read before, whose watch is not there yet: they are shown alike.
    """
    if wire == "public":
        pytest.skip("a read arms its own watch")
    writer = zk_client_factory(handler=SequentialThreadingHandler)
    Configuration(writer, "/c").store({"a": 0, "s": {"b": 0, "t": {"d": 0}}})
    config = Configuration(far, "/c")
    views = []
    config.subscribe(lambda _: views.append((config["a"], config["s/b"])))
    monkeypatch.setattr("zktools._live.multi_reader.NODES", 1)  # a part for each, sent at once
    first = zk_proxy.hold_reply(Op.MULTI_READ)
    reads, arming = [], []

    def change(_):
        reads.append(1)
        if len(reads) == 2:
            first.wait()
            arming.append(zk_proxy.hold_request(Op.SET_WATCHES))
            write(writer, 2)

    zk_proxy.on_request(change, Op.MULTI_READ)
    in_one_turn(far, lambda: write(writer, 1, removed="/c/s/t/d"))
    wait_until(lambda: len(reads) == 4)
    first.release()
    arming[0].wait()
    far.handler.sleep_func(0.1)  # for what must not happen
    arming[0].release()

    eventually(lambda: views[-1], (2, 2))
    assert set(views) <= {(0, 0), (1, 1), (2, 2)}


def test_what_was_listed_when_the_connection_broke_is_read(zk, far, zk_proxy, wire, monkeypatch):
    """A section was read, and its keys were not yet: its listing is the same after the break."""
    if wire == "public":
        pytest.skip("a section and its keys are parts of one answer")
    Configuration(zk, "/c").store({"a": {"x": 1}, "b": {"y": 2}})
    monkeypatch.setattr("zktools._live.multi_reader.NODES", 1)
    monkeypatch.setattr("zktools._live.multi_reader.WINDOW", 1)
    reads = []

    def break_off(_):
        reads.append(1)
        if len(reads) == 3:  # the folder, one section, and now the other
            zk_proxy.cut()

    zk_proxy.on_request(break_off, Op.MULTI_READ)
    assert Configuration(far, "/c").copy() == {"a/x": 1, "b/y": 2}


def write(client, value, removed=None):
    """In one transaction."""
    transaction = client.transaction()
    for path in ("/c/a", "/c/s/b"):
        transaction.set_data(path, b"%d" % value)
    if removed is not None:
        transaction.delete(removed)
    assert not any(isinstance(each, Exception) for each in transaction.commit())


def in_one_turn(client, function):
    """What the server tells `client` of it is taken in before anything is sent again."""
    told, go_on = (client.handler.event_object() for _ in range(2))
    session_of(client).engine.post(go_on.wait, 10)
    function()
    tell = Callback("watch", told.set, ())
    client.exists_async("/").rawlink(lambda _: client.handler.dispatch_callback(tell))
    told.wait(10)
    go_on.set()


def test_a_key_made_again_while_its_folder_is_read_one_by_one(zk, far, zk_proxy, wire):
    """It was missing when it was read, and is in the folder's listing, which came later."""
    if wire == "private":
        pytest.skip("listing and key are read at one moment")
    config = Configuration(far, "/config")
    config.store({"key": 1})
    connecting = zk_proxy.hold_request(Op.CREATE_SESSION)
    zk_proxy.cut()
    connecting.wait()
    zk.delete("/config/key")
    listing = zk_proxy.hold_request(Op.GET_CHILDREN2, where=lambda f: f.path.endswith("/config"))
    read = zk_proxy.hold_reply(Op.GET_DATA, where=lambda f: f.path.endswith("/config/key"))
    connecting.release()
    read.wait()
    listing.wait()
    zk.create("/config/key", b"2")
    listing.release()
    read.release()

    eventually(config.load, {"key": 2})


@pytest.mark.slow
def test_a_transaction_of_a_thousand_keys_is_a_handful_of_requests(
    zk_client_factory, zk_proxy, wire, zk
):
    """The reader sends a few packets and calls each subscriber once, however many keys change."""
    if wire == "public":
        pytest.skip("needs a read for each key")
    many = {f"k{number:04}": 0 for number in range(1000)}
    writing = NodeDict(zk, "/many")
    writing.update(many)
    far = zk_client_factory(zk_proxy.hosts)
    rates = NodeDict(far, "/many")
    calls = []
    rates.subscribe(lambda changes: calls.append(len(changes.changed)))
    before = zk_proxy.requests
    writing.update(dict.fromkeys(many, 1))
    wait_until(lambda: len(calls) == 2)
    sent = zk_proxy.requests - before
    sent.pop(Op.PING, None)

    assert calls == [0, 1000]
    assert sum(sent.values()) <= 8, sent
    assert threading.active_count() < 30
