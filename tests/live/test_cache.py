"""The last known good: in a file, always one moment, and a start while ZooKeeper is away."""

import json
import os
import stat
import threading
from dataclasses import dataclass

import pytest
from kazoo.client import KazooClient
from pydantic import BaseModel, model_validator

from tests.live.support import Calls, contents, eventually
from zktools import Node, NodeDict, hooks
from zktools.configuration import Changes, Configuration
from zktools.exceptions import InvalidValueError, NotConnectedError
from zktools.testing import Op, wait_until
from zktools.values import Json

pytestmark = pytest.mark.zk_handlers("threading")
TREE = {"db": {"host": "a", "port": 1}, "motd": "hello"}


@pytest.fixture
def file(tmp_path):
    """Where the cache is to be."""
    return tmp_path / "shop.cache"


@pytest.fixture
def saved(zk, file):
    """A cache of a tree that was closed since."""
    with Configuration(zk, "/c", cache=file) as config:
        config.store(TREE)
        config.store({"motd": "bye"})
    return file


@pytest.fixture
def away(zk_proxy, zk_client_factory, zk_handler):
    """A client that is started, and finds no server until the proxy is healed."""
    zk_proxy.refuse()
    client = KazooClient(
        zk_proxy.hosts + zk_client_factory.chroot, timeout=0.5, handler=zk_handler()
    )
    client.start_async()
    yield client
    client.stop()
    client.close()


@pytest.mark.zk_handlers("threading", "gevent")
def test_a_client_that_has_just_been_started(zk, zk_client_factory, zk_handler):
    """Is not taken for one that gave up, though its connection has not begun to be made."""
    for _ in range(20):
        client = KazooClient("{}:{}".format(*zk.hosts[0]) + zk.chroot, handler=zk_handler())
        client.start_async()
        Configuration(client, "/c").close()
        client.stop()
        client.close()


@pytest.mark.slow
@pytest.mark.usefixtures("wire")
@pytest.mark.zk_handlers("threading", "gevent")
def test_a_start_without_zookeeper(zk, away, zk_proxy, saved):
    """It shows what was shown last; then it goes live, and tells subscribers the difference."""
    config = Configuration(away, "/c", {"new": 1}, cache=saved)
    calls = config.subscribe(Calls())
    assert (config.stale, config.connected) == (True, False)
    assert config.load() == TREE | {"motd": "bye"}
    assert (config["db/port"], config["new"]) == (1, 1)
    assert config.version == Configuration(zk, "/c").version
    with pytest.raises(NotConnectedError):
        config["motd"] = "no"

    Configuration(zk, "/c").store({"db": {"host": "b"}, "more": 1}, remove=["motd"])
    zk_proxy.heal()
    calls.wait_for(Changes({"more": 1}, {"db/host": ("a", "b")}, {"motd": "bye"}))
    assert not config.stale
    assert len(calls) == 2
    config["db/port"] = 2
    assert contents(zk, "/c/db") == {"host": b"b", "port": b"2"}


@pytest.mark.slow
def test_nothing_has_changed(zk, away, zk_proxy, saved):
    """Nobody is called."""
    config = Configuration(away, "/c", cache=saved)
    calls = config.subscribe(Calls())
    zk_proxy.heal()
    wait_until(lambda: not config.stale)
    config["x"] = 1
    calls.wait_for(Changes({"x": 1}, {}, {}))
    assert len(calls) == 2


def test_all_was_removed_meanwhile(zk, away, zk_proxy, saved):
    """The node of the configuration too."""
    config = Configuration(away, "/c", cache=saved)
    zk.delete("/c", recursive=True)
    calls = config.subscribe(Calls())
    zk_proxy.heal()
    calls.wait_for(Changes({}, {}, {"db/host": "a", "db/port": 1, "motd": "bye"}))
    assert config.version == 0


class Range(BaseModel):
    """Two keys that have to fit each other."""

    low: int
    high: int

    @model_validator(mode="after")
    def ordered(self):
        """The rule."""
        assert self.low <= self.high
        return self


@pytest.mark.slow
def test_the_first_to_write_waits_for_what_is_there(zk, away, zk_proxy, file):
    """What is late is not what a store is checked by."""
    with Configuration(zk, "/c", schema=Range, cache=file) as before:
        before.store({"low": 1, "high": 5})
    config = Configuration(away, "/c", schema=Range, cache=file)
    zk.set("/c/high", b"50")
    reached, release = threading.Event(), threading.Event()
    zk_proxy.on_reply(lambda _: (reached.set(), release.wait(10)), Op.MULTI_READ)
    zk_proxy.heal()
    assert reached.wait(10)
    assert config.stale
    storing = away.handler.spawn(config.store, {"low": 10})
    wait_until(lambda: zk_proxy.requests[Op.MULTI] or not storing.is_alive())
    release.set()
    storing.join()
    assert contents(zk, "/c") == {"low": b"10", "high": b"50"}


def test_age_is_told(zk, away, saved):
    """To observers, with how many nodes there are."""
    os.utime(saved, (saved.stat().st_atime, saved.stat().st_mtime - 3600))
    told = []
    hooks.observe(told.append)
    try:
        Configuration(away, "/c", cache=saved)
        wait_until(lambda: any(event.kind == "cached" for event in told))
    finally:
        hooks.forget(told.append)
    event = next(event for event in told if event.kind == "cached")
    assert (event.path, event.detail) == ("/c", "5")
    assert 3600 <= event.seconds < 3700


def test_every_moment_is_written_for_its_owner_alone(zk, file):
    """And nothing else is left in the folder."""
    with Configuration(zk, "/c", cache=str(file)) as config:
        for number in range(20):
            config["x"] = number
        eventually(lambda: values(file).get("/c/x"), "MTk=")
        zk.delete("/c/x")
        eventually(lambda: values(file), {"/c": ""})
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [each.name for each in file.parent.iterdir()] == [file.name]


def values(file):
    """What the file has, by path."""
    body = file.read_bytes().partition(b"\n")[2] if file.exists() else b'{"nodes": {}}'
    return {path: node["data"] for path, node in json.loads(body)["nodes"].items()}


@pytest.mark.slow
def test_only_what_fits_the_schema_is_kept(zk, away, file):
    """The last that was good is what it starts on."""

    @dataclass
    class Shop:
        port: int

    with Configuration(zk, "/c", schema=Shop, cache=file) as config:
        config["port"] = 1
        zk.set("/c/port", b"http")
        eventually(lambda: bool(config.errors), True)
    config = Configuration(away, "/c", schema=Shop, cache=file)
    assert config.model == Shop(1)

    @dataclass
    class Other:
        host: str

    other = Configuration(away, "/c", schema=Other, cache=file)
    with pytest.raises(InvalidValueError):
        other.model  # noqa: B018


def test_what_cannot_be_read_is_not_missing(root, away, secret, file):
    """Neither an ACL's secret nor what the codec makes nothing of gives way to a default."""
    root.create("/c/odd", b"{", makepath=True)
    root.create("/c/secret", b"1", acl=secret)
    reader = KazooClient("{}:{}".format(*root.hosts[0]) + root.chroot)
    reader.start()
    with Configuration(reader, "/c", codec=Json(), cache=file) as config:
        assert set(config.errors) == {"odd", "secret"}
    reader.stop()
    reader.close()
    config = Configuration(away, "/c", {"odd": 1, "secret": 1}, codec=Json(), cache=file)
    assert set(config.errors) == {"odd", "secret"}
    assert dict(config) == {}


def test_without_a_cache_it_fails(away, tmp_path):
    """And says what is missing."""
    with pytest.raises(NotConnectedError, match=r"no other start: .*No such file"):
        Configuration(away, "/c", cache=tmp_path / "none")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        (lambda file: file.write_bytes(file.read_bytes()[:-5]), "checksum does not fit"),
        (lambda file: file.write_bytes(b""), "checksum does not fit"),
        (lambda file: file.write_bytes(file.read_bytes().replace(b"Ynll", b"Ynlm")), "checksum"),
        (lambda file: file.chmod(0o666), "can be written by others"),
    ],
    ids=["short", "empty", "other", "mode"],
)
def test_what_cannot_be_trusted_is_not_shown(away, saved, spoil, why):
    """It fails clearly."""
    spoil(saved)
    with pytest.raises(NotConnectedError, match=why):
        Configuration(away, "/c", cache=saved)


def test_a_cache_of_another_configuration(away, saved):
    """Is not shown."""
    with pytest.raises(NotConnectedError, match="is of /c, not of /d"):
        Configuration(away, "/d", cache=saved)


def test_a_disk_that_hangs_keeps_nothing_waiting(zk, file, monkeypatch):
    """What is shown goes on; when it comes back the newest is written, and nothing in between."""
    written = []
    hanging, go_on = zk.handler.event_object(), zk.handler.event_object()
    write = "zktools._live.cache_file.CacheFile.write"

    def slow(self, entries):
        hanging.set()
        go_on.wait(10)
        written.append(entries["/c/x"].data)

    monkeypatch.setattr(write, slow)
    with Configuration(zk, "/c", cache=file) as config:
        for number in range(20):
            config["x"] = number
        hanging.wait(10)
        assert config["x"] == 19
        go_on.set()
    assert written[-1] == b"19"
    assert len(written) <= 3


def test_a_full_disk_is_said_once(zk, file, caplog, monkeypatch):
    """And what was there is there still."""

    def full(_):
        raise OSError("no space left")

    with Configuration(zk, "/c", cache=file) as config:
        config["x"] = 1
        eventually(lambda: "/c/x" in values(file), True)
        before = file.read_bytes()
        with monkeypatch.context() as patch:
            patch.setattr("os.fsync", full)
            for number in range(5):
                config["x"] = number
            eventually(lambda: "no space left" in caplog.text, True)
        assert file.read_bytes() == before
        config["x"] = 9
    assert caplog.text.count("cannot be written") == 1
    assert values(file)["/c/x"] == "OQ=="
    assert [each.name for each in file.parent.iterdir()] == [file.name]


@pytest.mark.slow
def test_nodes_and_dictionaries_start_on_theirs(zk, away, zk_proxy, tmp_path):
    """They go live as well; what is missing by then is made by who writes it."""
    node, rates = tmp_path / "node", tmp_path / "rates"
    with Node(zk, "/node", 1, cache=node), NodeDict(zk, "/rates", cache=rates) as theirs:
        theirs.update(a=1, b=1)
    late = Node(away, "/node", 7, cache=node), NodeDict(away, "/rates", cache=rates)
    assert (late[0].value, late[0].stale) == (1, True)
    assert (late[1].copy(), late[1].stale) == ({"a": 1, "b": 1}, True)
    calls, batches = (each.subscribe(Calls()) for each in late)
    zk.delete("/node")
    zk.set("/rates/b", b"2")
    zk.delete("/rates/a")
    zk_proxy.heal()
    calls.wait_for(7)
    batches.wait_for(Changes({}, {"b": (1, 2)}, {"a": 1}))
    assert not any(each.stale for each in late)
    late[0].value = 8
    late[1]["c"] = 3
    assert (zk.get("/node")[0], contents(zk, "/rates")) == (b"8", {"b": b"2", "c": b"3"})
    with pytest.raises(ValueError, match="ephemeral"):
        Node(zk, "/own", ephemeral=True, cache=node)


@pytest.mark.parametrize(
    ("cache", "error"), [(1, TypeError), ("/", ValueError), ("/nowhere/x", ValueError)]
)
def test_wrong_arguments(zk, cache, error):
    """Are errors at the call."""
    with pytest.raises(error, match="cache"):
        Configuration(zk, "/c", cache=cache)
