"""Wrong arguments are told at the call, by their name, and nothing is sent."""

import pytest
from kazoo.client import KazooClient

from zktools.configuration import Configuration
from zktools.exceptions import ClientUnusableError, ValueTooLargeError
from zktools.node import Node, NodeDict
from zktools.values import Json, Raw, Text

KINDS = pytest.mark.parametrize("kind", [Node, NodeDict, Configuration])


@pytest.fixture
def silent(zk_client_factory, zk_proxy):
    """A client that must send nothing during the test."""
    client = zk_client_factory(zk_proxy.hosts)
    before = zk_proxy.requests
    yield client
    sent = zk_proxy.requests - before
    assert not {op for op in sent if op > 0 and op != 11}, sent


@KINDS
@pytest.mark.parametrize(
    ("path", "error", "match"),
    [
        ("relative", ValueError, "path must be absolute"),
        ("", ValueError, "path must be absolute"),
        ("/a//b", ValueError, "path must not hold empty"),
        ("/a/./b", ValueError, "path must not hold empty"),
        ("/a\0b", ValueError, "path must not hold the character"),
        (b"/a", TypeError, "path must be a str, not bytes"),
        (None, TypeError, "path must be a str, not NoneType"),
    ],
)
def test_paths(silent, kind, path, error, match):
    """A path that ZooKeeper would refuse is refused here, with the reason."""
    with pytest.raises(error, match=match):
        kind(silent, path)
    assert not silent.state_listeners


@KINDS
def test_what_is_no_client(kind):
    """The error says what to pass in."""
    with pytest.raises(TypeError, match=r"must be a kazoo\.client\.KazooClient, not str"):
        kind("127.0.0.1:2181", "/path")


@KINDS
def test_a_client_that_was_not_started(kind):
    """The error says what to call."""
    with pytest.raises(ClientUnusableError, match=r"call client.start\(\)"):
        kind(KazooClient("127.0.0.1:1"), "/path")


@KINDS
@pytest.mark.parametrize("acl", ["world", [1], []])
def test_acls(silent, kind, acl):
    """An ACL is a list of kazoo's."""
    with pytest.raises((TypeError, ValueError), match="acl must"):
        kind(silent, "/path", acl=acl)


@KINDS
def test_codecs(silent, kind):
    """A codec has two methods, and is no class."""
    with pytest.raises(TypeError, match="codec must be an object, not a class"):
        kind(silent, "/path", codec=Json)
    with pytest.raises(TypeError, match="codec must have the methods"):
        kind(silent, "/path", codec="json")


@pytest.mark.parametrize("mode", [2, 3, -1, "ephemeral", None])
def test_create_mode(silent, mode):
    """A sequential node has no name to keep up to date."""
    with pytest.raises(ValueError, match="create_mode must be 0"):
        Node(silent, "/path", create_mode=mode)


def test_a_default_that_the_codec_cannot_store(silent):
    """It is refused before the node would be created."""
    with pytest.raises(TypeError, match="codec Text stores str, not int"):
        Node(silent, "/path", 3, codec=Text())
    with pytest.raises(ValueTooLargeError):
        Node(silent, "/path", "x" * 2_000_000)


@pytest.mark.parametrize(
    ("key", "error"),
    [
        ("", ValueError),
        (".", ValueError),
        ("..", ValueError),
        ("a/b", ValueError),
        ("a\0", ValueError),
        (3, TypeError),
        (b"a", TypeError),
    ],
)
def test_keys_of_a_dictionary(zk, key, error):
    """A key is the name of a node; all that store one check it, and nothing is stored of others."""
    rates = NodeDict(zk, "/rates")
    with pytest.raises(error, match="key must"):
        rates[key] = 1
    with pytest.raises(error, match="key must"):
        rates.update({"good": 1, key: 2})
    with pytest.raises(error, match="key must"):
        rates.setdefault(key, 1)
    assert key not in rates
    with pytest.raises(KeyError):
        _ = rates[key]
    with pytest.raises(KeyError):
        del rates[key]
    assert zk.get_children("/rates") == []


@pytest.mark.parametrize(
    "write",
    [
        lambda zk: setattr(Node(zk, "/n"), "value", "x" * 1_048_576),
        lambda zk: Node(zk, "/n").update(lambda _: "x" * 1_048_576),
        lambda zk: NodeDict(zk, "/d").__setitem__("k", "x" * 1_048_576),
        lambda zk: NodeDict(zk, "/d").update(a=1, k="x" * 1_048_576),
    ],
)
def test_values_over_the_limit(zk, write):
    """The server would drop the connection, and kazoo retry for ever; here it is an error."""
    session = zk.client_id
    with pytest.raises(ValueTooLargeError, match="1048576 bytes"):
        write(zk)
    assert zk.client_id == session
    assert zk.connected


def test_values_at_the_limit(zk):
    """What is allowed does fit."""
    node = Node(zk, "/n", codec=Raw())
    node.value = bytes(0xFFFFF - 4096)
    assert len(zk.get("/n")[0]) == 0xFFFFF - 4096
    rates = NodeDict(zk, "/d", codec=Raw())
    rates.update(a=bytes(500_000), b=bytes(540_000))
    assert len(rates) == 2


def test_versions_and_timeouts(zk):
    """A version is an int, a timeout a number of seconds."""
    config = Configuration(zk, "/config")
    for version in ("1", 1.0, True):
        with pytest.raises(TypeError, match="version must be an int"):
            config.store({}, version=version)
    with pytest.raises(ValueError, match="timeout must be zero or more"):
        config.wait_for("a", timeout=-1)
    with pytest.raises(TypeError, match="timeout must be a number"):
        config.wait_for("a", timeout="1")
    with pytest.raises(ValueError, match="prefix"):
        config.subscribe("a//b", print)
