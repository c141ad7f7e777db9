"""A tree of typed values."""

import pytest

from tests.live.support import Calls, eventually
from zktools.configuration import Configuration
from zktools.exceptions import (
    AccessDeniedError,
    ClientUnusableError,
    ConflictError,
    InvalidValueError,
    ValueTooLargeError,
)
from zktools.node import Changes
from zktools.testing import wait_until
from zktools.values import Json

pytestmark = [pytest.mark.usefixtures("wire"), pytest.mark.zk_handlers("threading", "gevent")]

TREE = {"db": {"host": "db1", "pool": {"size": 10, "overflow": False}}, "hosts": ["a", "b"]}


@pytest.fixture
def config(zk):
    """The configuration of the first client, with something in it."""
    config = Configuration(zk, "/config/shop")
    config.store(TREE)
    return config


@pytest.fixture
def far_config(other, config):
    """The same, of another client."""
    return Configuration(other, config.path)


def test_nothing_is_created_before_something_is_stored(zk):
    """A configuration that is not there is empty."""
    config = Configuration(zk, "/config/shop", defaults={"a": {"b": 1}})

    assert config.load() == {}
    assert config.version == 0
    assert config.copy() == {"a/b": 1}
    assert not zk.exists("/config")


def test_what_is_stored_is_loaded(config, far_config):
    """Nested dict in, nested dict out, with types, here and in another process."""
    assert config.load() == TREE
    assert far_config.load() == TREE
    assert config["db/pool/size"] == 10
    assert config["db/pool/overflow"] is False


def test_a_mapping_of_flat_keys(config):
    """Iteration, length, membership and get are those of a mapping of leaf keys."""
    assert list(config) == ["db/host", "db/pool/overflow", "db/pool/size", "hosts"]
    assert len(config) == 4
    assert "db/host" in config
    assert "db" not in config
    assert config.get("db/port", 5432) == 5432
    with pytest.raises(KeyError):
        _ = config["db/port"]


def test_storing_merges(config, far_config):
    """What is not mentioned stays; flat keys will do; an assignment is a store of one key."""
    config.store({"db": {"host": "db2"}, "new/key": 1})
    config["db/pool/size"] = 11
    wanted = {
        "db": {"host": "db2", "pool": {"size": 11, "overflow": False}},
        "hosts": ["a", "b"],
        "new": {"key": 1},
    }

    assert config.load() == wanted
    eventually(far_config.load, wanted)


def test_replacing_removes_the_rest(zk, config, far_config):
    """With replace=True the tree is what was given, to the last node."""
    config.store({"db": {"host": "db2"}}, replace=True)

    assert config.load() == {"db": {"host": "db2"}}
    assert zk.get_children("/config/shop") == ["db"]
    assert zk.get_children("/config/shop/db") == ["host"]
    eventually(far_config.load, {"db": {"host": "db2"}})
    config.store({}, replace=True)
    assert config.load() == {}
    assert zk.get_children("/config/shop") == []


def test_a_node_with_both_a_value_and_children(zk, config):
    """Its value is under the empty key, also that of the configuration's own node."""
    tree = {"": "own", "db": {"": 1, "host": {"": "db1", "port": 1}}}
    config.store(tree, replace=True)

    assert config.load() == tree
    assert config["db"] == 1
    assert config["db/host/port"] == 1
    assert zk.get("/config/shop/db")[0] == b"1"
    del tree["db"][""], tree[""]
    config.store(tree, replace=True)
    assert config.load() == tree


def test_a_leaf_becomes_a_section_and_back(config):
    """Replacing changes the shape in either direction in one transaction."""
    for tree in ({"a": {"b": {"c": 1}}}, {"a": 1}, {"a": {"b": 2}}):
        config.store(tree, replace=True)
        assert config.load() == tree


def test_a_store_is_one_batch(config, far_config):
    """Subscribers are told once, of the keys at or below their prefix, with whole keys."""
    everything, of_db = Calls(), Calls()
    far_config.subscribe(everything)
    far_config.subscribe("db")(of_db)
    config.store({"db": {"host": "db2", "pool": {"size": 10}, "port": 1}, "x": 1, "dbx": 2})
    everything.wait_for(Changes({"db/port": 1, "dbx": 2, "x": 1}, {"db/host": ("db1", "db2")}, {}))
    of_db.wait_for(Changes({"db/port": 1}, {"db/host": ("db1", "db2")}, {}))

    assert len(everything) == len(of_db) == 2


def test_a_subscriber_of_one_key(config, far_config):
    """A key is a prefix of itself; others do not call."""
    calls = far_config.subscribe("db/host", Calls())
    config.store({"db": {"pool": {"size": 11}}})
    config.store({"db": {"host": "db2"}})
    calls.wait_for(Changes({}, {"db/host": ("db1", "db2")}, {}))

    assert calls == [
        Changes({"db/host": "db1"}, {}, {}),
        Changes({}, {"db/host": ("db1", "db2")}, {}),
    ]


def test_storing_what_is_there_changes_nothing(config, far_config):
    """No node is written, nobody is called, the version stays."""
    calls = far_config.subscribe(Calls())
    version = config.version

    assert config.store(TREE) == version
    assert config.store(TREE, replace=True) == version
    config["last"] = 1
    wait_until(lambda: len(calls) > 1)
    assert calls[1] == Changes({"last": 1}, {}, {})


def test_whoever_was_faster_is_named(config, far_config):
    """A store with a version is refused when one of its keys was changed after it."""
    loaded = config.load()
    far_config.store({"db": {"host": "db2"}, "hosts": []})
    eventually(lambda: config["db/host"], "db2")
    loaded["db"]["host"] = "db3"
    loaded["db"]["pool"]["size"] = 3
    with pytest.raises(ConflictError, match="'db/host', 'hosts'") as caught:
        config.store(loaded, version=loaded.version)

    assert caught.value.keys == ("db/host", "hosts")
    assert config["db/pool/size"] == 10
    assert config["db/host"] == "db2"


def test_versions_are_the_same_for_everybody(config, far_config):
    """What one client stored and returned as a version is the version another sees."""
    version = config.store({"db": {"host": "db2"}})
    far_config.wait_for("db/host", lambda host: host == "db2")

    assert config.version == far_config.version == version
    assert far_config.store({"db": {"host": "db3"}}, version=version) > version


def test_other_keys_are_no_conflict_without_replace(config, far_config):
    """Two who change different keys do not get in each other's way."""
    version = config.version
    far_config.store({"hosts": []})
    assert config.store({"db": {"host": "db2"}}, version=version)


def test_with_replace_every_key_counts(config, far_config):
    """Keys that were added or removed by somebody else are a conflict too."""
    version = config.version
    added = far_config.store({"extra": {"key": 1}})
    config.wait_for("extra/key")
    with pytest.raises(ConflictError) as caught:
        config.store(TREE, replace=True, version=version)
    assert "extra/key" in caught.value.keys

    far_config.store(TREE, replace=True)
    eventually(config.load, TREE)
    with pytest.raises(ConflictError) as caught:
        config.store(TREE, replace=True, version=added)
    assert caught.value.keys == ("",)
    assert config.store({"a": 1}, replace=True, version=config.version)


def test_a_conflict_is_found_by_the_server_too(config, other):
    """Of many who store on the same version at a time, one wins."""
    version = config.version
    rivals = [Configuration(other, config.path) for _ in range(4)]
    outcomes = []

    def store(number, rival):
        try:
            outcomes.append(rival.store({"db/host": f"db{number}x"}, version=version))
        except ConflictError:
            outcomes.append(None)

    tasks = [config._client.handler.spawn(store, *pair) for pair in enumerate(rivals)]
    for task in tasks:
        task.join()

    assert len([outcome for outcome in outcomes if outcome]) == 1


def meanwhile(config, monkeypatch, do):
    """Have `do` happen once, after the next store was planned and before it is sent."""
    send = config._transaction.send

    def late(ops):
        monkeypatch.setattr(config._transaction, "send", send)
        do()
        return send(ops)

    monkeypatch.setattr(config._transaction, "send", late)


@pytest.mark.parametrize("key", ["extra", "db/extra", "db/pool/extra"])
def test_a_key_that_is_created_while_replacing_is_a_conflict(zk, other, config, monkeypatch, key):
    """Also when it is made in a section that stays, by any client, at the last moment."""
    path = f"{config.path}/{key}"
    wanted = {"db": {"host": "db2", "pool": {"size": 10}}}
    meanwhile(config, monkeypatch, lambda: other.create(path, b"1"))
    with pytest.raises(ConflictError) as caught:
        config.store(wanted, replace=True, version=config.version)
    assert key in caught.value.keys
    assert config.load()["db"]["host"] == "db1"

    version = config.store(wanted, replace=True, version=config.version)
    assert config.load() == wanted
    assert config.version == version
    assert zk.get_children(f"{config.path}/db") == ["host", "pool"]
    assert config.store(TREE, replace=True, version=version) > version


def test_without_a_version_a_key_created_meanwhile_counts_as_created_afterwards(
    other, config, monkeypatch
):
    """Replacing succeeds, and does not remove what it did not know of."""
    meanwhile(config, monkeypatch, lambda: other.create(f"{config.path}/db/extra", b"1"))
    config.store({"db": {"host": "db2"}}, replace=True)
    eventually(config.load, {"db": {"extra": 1, "host": "db2"}})


def test_sections_keep_counting(config):
    """Many keys come and go, and a store of everything is still accepted."""
    for number in range(5):
        config.store({"db": {f"k{number}": 1, "host": "x"}}, replace=True, version=config.version)
        config.store({f"db/more{number}/x": 1})
    config.store({}, replace=True, version=config.version)
    assert config.load() == {}
    config.store(TREE, replace=True, version=config.version)
    assert config.load() == TREE


def test_writers_without_a_version_do_not_fail(zk, other):
    """Two who store at a time, creating and replacing, both succeed, one after the other."""
    one, two = Configuration(zk, "/config"), Configuration(other, "/config")

    def store(config, name):
        for number in range(15):
            config.store({"a": {name: number}, name: {"x": {"y": number}}}, replace=number % 3 == 0)

    tasks = [zk.handler.spawn(store, one, "one"), zk.handler.spawn(store, two, "two")]
    for task in tasks:
        task.join()
    one["end"] = 1
    two.wait_for("end")

    assert one.load() == two.load()
    assert 14 in (one.get("a/one"), one.get("a/two"))


def test_defaults_below_and_overrides_above(zk, config):
    """Stored values win over defaults, overrides over both; load() is what is stored."""
    layered = Configuration(
        zk,
        config.path,
        defaults={"db": {"host": "localhost", "port": 5432}},
        overrides={"db/pool/size": 99},
    )
    calls = layered.subscribe(Calls())

    assert layered["db/host"] == "db1"
    assert layered["db/port"] == 5432
    assert layered["db/pool/size"] == 99
    assert layered.as_dict()["db"]["pool"] == {"overflow": False, "size": 99}
    assert layered.load() == TREE
    config.store({"db/port": 1, "db/pool/size": 11})
    calls.wait_for(Changes({}, {"db/port": (5432, 1)}, {}))
    config.store({"a": 1}, replace=True)
    eventually(layered.copy, {"a": 1, "db/host": "localhost", "db/port": 5432, "db/pool/size": 99})


def test_wait_for(config, far_config):
    """A value that is there is returned at once; one that comes, when it comes."""
    assert far_config.wait_for("db/host") == "db1"
    task = config._client.handler.spawn(config.store, {"ready": True, "db/pool/size": 20})
    assert far_config.wait_for("ready", timeout=10) is True
    assert far_config.wait_for("db/pool/size", lambda size: size > 10, timeout=10) == 20
    task.join()
    with pytest.raises(TimeoutError, match="'never'"):
        far_config.wait_for("never", timeout=0.05)
    far_config.close()
    with pytest.raises(ClientUnusableError, match="closed"):
        far_config.wait_for("never")


def test_what_is_too_large_is_refused_before_it_is_sent(zk, config):
    """Neither one value nor all together may be over the limit; the connection stays."""
    session = zk.client_id
    with pytest.raises(ValueTooLargeError, match="'big'"):
        config.store({"big": "x" * 1_100_000})
    with pytest.raises(ValueTooLargeError, match="one request"):
        config.store({"one": "x" * 600_000, "two": "x" * 600_000})

    assert config.load() == TREE
    assert zk.client_id == session
    assert zk.connected


@pytest.mark.parametrize("version", [None, 0])
def test_what_is_too_much_is_refused_and_nothing_is_made(zk, version):
    """Nor is what would be above it; and stored in parts it is all there."""
    many = {f"section/k{number:03}": 6000 * "x" for number in range(200)}
    with Configuration(zk, "/some/where/config") as config:
        with pytest.raises(ValueTooLargeError, match="store sections or keys of it one after"):
            config.store(many, version=version)
        assert zk.get_children("/") == []
        for start in (0, 100):
            keys = sorted(many)[start : start + 100]
            version = config.store({key: many[key] for key in keys}, version=version)
        assert config.copy() == many
        with pytest.raises(ValueTooLargeError):
            config.store(dict.fromkeys(many, 6000 * "y"), version=config.version)
        assert config.copy() == many
        config.store({}, remove=[keys[7]], version=config.version)
        assert len(config) == len(many) - 1


def test_a_key_that_may_not_be_read_leaves_the_others_alone(root, secret, other):
    """It is in errors; asking for it raises."""
    root.ensure_path("/config/db")
    root.create("/config/db/host", b"db1")
    root.create("/config/db/password", b"x", acl=secret)
    config = Configuration(other, "/config")

    assert config.load() == {"db": {"host": "db1"}}
    assert list(config.errors) == ["db/password"]
    with pytest.raises(AccessDeniedError):
        _ = config["db/password"]


def test_a_key_that_cannot_be_decoded_leaves_the_others_alone(zk, other):
    """It is in errors until it is written again."""
    config = Configuration(zk, "/config", codec=Json())
    config.store({"a": {"b": None, "c": "x"}, "d": 1.5})
    other.set("/config/a/b", b"{")
    eventually(config.load, {"a": {"c": "x"}, "d": 1.5})
    with pytest.raises(InvalidValueError):
        _ = config["a/b"]
    config["a/b"] = []
    assert config["a/b"] == []
    assert not config.errors


def test_other_tools_write_the_same_tree(zk, config):
    """Nodes made by hand are keys, deleted ones are gone, whole subtrees too."""
    zk.create("/config/shop/by/hand", b"1", makepath=True)
    eventually(lambda: config.get("by/hand"), 1)
    zk.delete("/config/shop/db", recursive=True)
    eventually(config.load, {"by": {"hand": 1}, "hosts": ["a", "b"]})
    zk.delete("/config/shop", recursive=True)
    eventually(config.load, {})
    config.store(TREE)
    assert config.load() == TREE


@pytest.mark.parametrize(
    ("tree", "error", "match"),
    [
        ([], TypeError, "tree must be a dict"),
        ({1: 2}, TypeError, "must be a str, not int"),
        ({"a": {"..": 1}}, ValueError, "one component"),
        ({"a//b": 1}, ValueError, "one component"),
        ({"/a": 1}, ValueError, "one component"),
        ({"a\0": 1}, ValueError, "one component"),
        ({"a/b": 1, "a": {"b": 2}}, ValueError, "'a/b' twice"),
    ],
)
def test_what_is_no_tree_is_refused(zk, tree, error, match):
    """Before anything is sent, by store and as defaults."""
    config = Configuration(zk, "/config")
    with pytest.raises(error, match=match):
        config.store(tree)
    with pytest.raises(error, match=match.replace("tree", "defaults")):
        Configuration(zk, "/config", defaults=tree or [0])
    assert not zk.exists("/config")
