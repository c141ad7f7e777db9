"""One node that keeps itself up to date."""

import pytest

from tests.live.support import Calls, eventually, watchers
from zktools.exceptions import AccessDeniedError, InvalidValueError
from zktools.node import Node, ZkNode
from zktools.testing import expire_session, wait_until
from zktools.values import Json, Raw, Text

pytestmark = [pytest.mark.usefixtures("wire"), pytest.mark.zk_handlers("threading", "gevent")]


def test_a_missing_node_is_created_with_its_parents(zk):
    """The default's text is stored, as 0.2 did, and is the value."""
    node = Node(zk, "/shop/prices/tea", default=3)

    assert node.value == 3
    assert node.exists
    assert node.version == 0
    assert zk.get("/shop/prices/tea")[0] == b"3"


def test_an_existing_node_keeps_its_value(zk):
    """The default is only for a node that is missing."""
    zk.create("/price", b"7")
    assert Node(zk, "/price", default=3).value == 7


def test_a_write_is_seen_at_once(zk):
    """After an assignment the node has the value on the server, and here."""
    node = Node(zk, "/price")
    for price in range(20):
        node.value = price
        assert node.value == price
        assert node.version == price + 1
    assert zk.get("/price")[0] == b"19"


def test_changes_of_others_arrive(zk, other):
    """What somebody else writes is the value soon."""
    node = Node(zk, "/price", 1)
    other.set("/price", b"2.50")
    eventually(lambda: str(node.value), "2.50")


def test_deletion_is_a_state(zk, other):
    """A deleted node does not exist and has the default; created again, it goes on."""
    node = Node(zk, "/price", 1)
    calls = node.subscribe(Calls())
    node.value = 2
    other.delete("/price")
    eventually(lambda: (node.exists, node.value, node.version), (False, 1, None))
    assert node.last_modified is None
    other.create("/price", b"3")
    eventually(lambda: (node.exists, node.value, node.version), (True, 3, 0))
    other.set("/price", b"4")
    calls.wait_for(4)

    assert [call for call in calls if call in (1, 2, 3, 4)] == calls
    assert calls[0] == 1


def test_writing_a_deleted_node_creates_it(zk, other):
    """Assigning to a node that is gone, parents and all, makes it again."""
    node = Node(zk, "/shop/price", 1)
    other.delete("/shop", recursive=True)
    node.value = 5

    assert node.value == 5
    assert zk.get("/shop/price")[0] == b"5"


@pytest.mark.slow
def test_update_never_loses_a_change(zk, other):
    """Increments by two clients at a time are all counted."""
    one, two = Node(zk, "/count", 0), Node(other, "/count", 0)
    running = [
        zk.handler.spawn(lambda node=node: [node.update(lambda n: n + 1) for _ in range(25)])
        for node in (one, two, one)
    ]
    for task in running:
        task.join()

    assert zk.get("/count")[0] == b"75"


def test_update_of_a_missing_node_starts_from_the_default(zk, other):
    """The function gets the default, and its answer is created."""
    node = Node(zk, "/count", 10)
    other.delete("/count")
    wait_until(lambda: not node.exists)

    assert node.update(lambda n: n + 1) == 11
    assert zk.get("/count")[0] == b"11"


def test_an_error_in_update_changes_nothing(zk):
    """What the function raises comes out; the node is as it was."""
    node = Node(zk, "/count", 10)
    with pytest.raises(ZeroDivisionError):
        node.update(lambda n: n / 0)
    assert (node.value, node.version) == (10, 0)


def test_children(zk, other):
    """The names of the children follow what happens, and are given to a subscriber in order."""
    node = Node(zk, "/shop")
    calls = node.children(Calls())
    assert list(node.children) == []
    other.create("/shop/b")
    calls.wait_for(("b",))
    other.create("/shop/a")
    calls.wait_for(("a", "b"))
    other.delete("/shop/b")
    calls.wait_for(("a",))

    assert calls[0] == ()
    assert list(node.children) == ["a"]
    assert len(node.children) == 1
    assert "a" in node.children


@pytest.mark.usefixtures("wire")
def test_children_are_names(zk_client_factory, zk_proxy, zk, other):
    """Neither their data nor what is below them is read."""
    for number in range(20):
        zk.create(f"/shop/c{number}/d", b"x" * 1000, makepath=True)
    far = zk_client_factory(zk_proxy.hosts)
    node = Node(far, "/shop")
    received = zk_proxy.requests.total()
    assert len(node.children) == 20
    other.create("/shop/c20")
    eventually(lambda: "c20" in node.children, True)
    other.set("/shop/c1", b"2")

    assert watchers(far) <= 2
    assert zk_proxy.requests.total() - received < 12


def test_children_and_value_are_followed_apart(zk, other):
    """A new child is no new value, and a new value no new child."""
    node = Node(zk, "/shop", 1)
    values, children = node.subscribe(Calls()), node.children(Calls())
    other.create("/shop/a")
    children.wait_for(("a",))
    other.set("/shop", b"2")
    values.wait_for(2)

    assert (values, children) == ([1, 2], [(), ("a",)])


def test_last_modified_is_the_servers_time(zk):
    """Seconds since 1970 by the clock of ZooKeeper."""
    node = Node(zk, "/price")
    node.value = 1
    assert node.last_modified == zk.get("/price")[1].mtime / 1000


@pytest.mark.parametrize(
    ("codec", "value", "stored"),
    [
        (Raw(), b"\xff\x00", b"\xff\x00"),
        (Text(), "00123", b"00123"),
        (Json(), {"a": [1.5, None]}, b'{"a": [1.5, null]}'),
    ],
)
def test_codecs(zk, codec, value, stored):
    """What the rules of 0.2 lose comes back with the codec that keeps it; at first it is empty."""
    node = Node(zk, "/node", codec=codec)
    assert not node.value
    node.value = value

    assert node.value == value
    assert zk.get("/node")[0] == stored


def test_a_codec_of_ones_own(zk, other):
    """Any object with the two methods will do."""

    class Celsius:
        def encode(self, value, /):
            return f"{value:.1f}C".encode()

        def decode(self, data, /):
            return float(data.decode().removesuffix("C"))

    node = Node(zk, "/outside", 20.0, codec=Celsius())
    other.set("/outside", b"-3.5C")
    eventually(lambda: node.value, -3.5)


def test_what_cannot_be_decoded_is_an_error_for_the_reader(zk, other, caplog):
    """Reading says so; the subscriber is not called, the log tells; a good value ends it."""
    node = Node(zk, "/node", 1, codec=Json())
    calls = node.subscribe(Calls())
    other.set("/node", b"{")
    wait_until(lambda: "Calls" in caplog.text)
    with pytest.raises(InvalidValueError, match="/node"):
        _ = node.value
    other.set("/node", b"3")
    calls.wait_for(3)

    assert calls == [1, 3]


def test_an_acl_that_refuses_is_an_error_at_the_call(root, secret, other):
    """No permission to read is told by the constructor, and nothing stays behind."""
    root.create("/secret", b"1", acl=secret)
    with pytest.raises(AccessDeniedError, match="/secret"):
        Node(other, "/secret")
    assert not other.state_listeners


def test_permission_is_the_acl_of_what_is_created(root, secret, other):
    """As in 0.2; only who has it may read."""
    Node(root, "/secret", 1, False, secret)

    assert root.get_acls("/secret")[0] == secret
    with pytest.raises(AccessDeniedError):
        Node(other, "/secret")


def test_an_ephemeral_node_goes_with_the_session(zk, other):
    """create_mode 1 is 0.2's spelling of it."""
    node = Node(zk, "/here", "me", create_mode=1)

    assert other.get("/here")[1].ephemeralOwner == zk.client_id[0]
    assert node.value == "me"
    zk.stop()
    wait_until(lambda: not other.exists("/here"))


def test_an_ephemeral_node_is_made_again_in_the_next_session(zk, other):
    """It has the value it had, whoever wrote that; watchers see it go and come."""
    node = Node(zk, "/here", "me", ephemeral=True)
    node.value = "me again"
    owner = zk.client_id[0]
    expire_session(zk)
    wait_until(lambda: (found := other.exists("/here")) and found.ephemeralOwner != owner)

    assert other.get("/here")[0] == b"me again"
    assert other.get("/here")[1].ephemeralOwner == zk.client_id[0]
    eventually(lambda: node.value, "me again")


@pytest.mark.usefixtures("wire")
def test_an_ephemeral_node_of_a_predecessor(zk, zk_client_factory, other):
    """A program that was restarted finds the node of its predecessor's session, and outlives it."""
    before = zk_client_factory()
    Node(before, "/here", "old", ephemeral=True)
    node = Node(zk, "/here", "new", ephemeral=True)
    assert node.value == "old"
    before.stop()
    wait_until(lambda: (found := other.exists("/here")) and found.ephemeralOwner == zk.client_id[0])
    eventually(lambda: node.value, "new")
    other.set("/here", b"told")
    eventually(lambda: node.value, "told")
    other.delete("/here")
    eventually(lambda: node.exists, False)


@pytest.mark.usefixtures("wire")
def test_what_is_written_to_a_predecessors_node_outlives_it(zk, zk_client_factory, other):
    """It is what the node of the own session has."""
    before = zk_client_factory()
    Node(before, "/here", "old", ephemeral=True)
    node = Node(zk, "/here", "new", ephemeral=True)
    node.value = "busy"
    before.stop()
    wait_until(lambda: (found := other.exists("/here")) and found.ephemeralOwner == zk.client_id[0])

    assert other.get("/here")[0] == b"busy"


def test_an_ephemeral_node_that_somebody_deleted_stays_deleted(zk, other):
    """It is made again for a lost session only."""
    node = Node(zk, "/here", "me", ephemeral=True)
    other.delete("/here")
    wait_until(lambda: not node.exists)
    marker = Node(zk, "/marker", 1)
    marker.value = 2

    assert not other.exists("/here")


def test_the_names_of_0_2(zk):
    """A program for 0.2 finds its class, with its arguments in their order."""
    node = ZkNode(zk, "/node", {"a": 1}, True)
    assert node.value == {"a": 1}
    assert node.connected


def test_two_objects_of_one_node(zk, other):
    """They are independent: one closed, the other goes on."""
    one, two = Node(zk, "/node", 1), Node(zk, "/node", 1)
    one.close()
    other.set("/node", b"2")
    eventually(lambda: two.value, 2)
    assert one.value == 1


def test_repr_tells_what_one_wants_to_know(zk):
    """Path, version, value, and whether it is closed."""
    node = Node(zk, "/node", 1)
    assert repr(node) == "<Node /node version 0: 1>"
    node.close()
    assert "closed" in repr(node)
