"""What goes wrong with recipes for kazoo 2.11, and does not here.

Each test says what kazoo did when the same was done with it. What has tests elsewhere:

- a node or folder that is deleted and comes back: here, ``test_node.py``, ``test_nodedict.py``
- a mere interruption: here, ``test_faults.py``
- no permission: ``test_nodedict.py``, ``test_configuration.py``
- a subscriber that raises, a TypeError called twice: ``test_subscribers.py``
- a constructor that fails, watches that cannot be stopped, a thread for each node, requests after
  a reconnect: ``test_leaks.py``
- a thread of kazoo's that is blocked during an outage: here
- events without a path after an interruption, an ephemeral node of a lost session:
  ``test_faults.py``, ``test_node.py``
- changes in the wrong order: ``test_history.py``, ``test_moment.py``
- paths that only begin alike: here, ``test_configuration.py``
- what it costs to follow many nodes: ``test_consistency.py``, and the benchmarks
- calls in a listener or a callback that never return, ``stop()`` in a callback: here,
  ``test_subscribers.py``
- a transaction that was refused and says nothing, a chroot that is missing: here
- a fork, calls that hang, values over 1 MB: ``test_faults.py``, ``test_bad_input.py``
- timeouts that are no error of the library's: here

Settings of the client itself (its back-off between connections, read-only servers, SASL) are its
owner's; what is shown follows whatever connection it makes.
"""

import pytest
from kazoo.client import KazooClient

from tests.live.support import Calls, eventually
from zktools.configuration import Configuration
from zktools.exceptions import (
    AccessDeniedError,
    ClientUnusableError,
    ConflictError,
    ZkToolsError,
)
from zktools.node import Node, NodeDict
from zktools.testing import wait_until

pytestmark = [pytest.mark.usefixtures("wire"), pytest.mark.zk_handlers("threading", "gevent")]


@pytest.fixture
def chrooted(zk, zk_hosts):
    """Makes clients below a path, which may be missing."""
    clients = []

    def make(path):
        clients.append(KazooClient(f"{zk_hosts}{zk.chroot}{path}", handler=type(zk.handler)()))
        clients[-1].start()
        return clients[-1]

    yield make
    for client in clients:
        client.stop()
        client.close()


def test_children_of_a_node_that_was_deleted_and_came_back(zk, other):
    """Kazoo's ChildrenWatch was called with [], and never again."""
    node = Node(zk, "/folder", 1)
    calls = Calls()
    node.children(calls)
    other.delete("/folder")
    eventually(lambda: node.exists, False)
    other.create("/folder", b"2")
    other.create("/folder/a")
    calls.wait_for(("a",))
    other.create("/folder/b")
    calls.wait_for(("a", "b"))


def test_a_mere_interruption_ends_nothing(zk, far, zk_proxy):
    """Kazoo's ChildrenWatch(allow_session_lost=False) was not called again after it."""
    rates = NodeDict(far, "/rates")
    zk_proxy.cut()
    wait_until(lambda: not far.connected)
    wait_until(lambda: far.connected)
    zk.create("/rates/a", b"1")
    eventually(rates.copy, {"a": 1})


def test_kazoos_callback_thread_is_free_during_an_outage(far, zk_proxy):
    """With one DataWatch, nothing else was called on that thread for as long as it took."""
    node = Node(far, "/node", 1)
    node.subscribe(Calls())
    told = []
    far.exists("/other", watch=told.append)
    zk_proxy.refuse()
    zk_proxy.cut()
    wait_until(lambda: told)  # of the end of the connection, by way of that thread
    assert not far.connected


def test_paths_that_only_begin_alike(zk, chrooted):
    """Kazoo's TreeCache of /tree answered with the data of /tree/bar when asked for /treebar."""
    zk.create("/tree/bar", b"inside", makepath=True)
    zk.create("/treebar", b"outside")
    rates, config = NodeDict(zk, "/tree"), Configuration(zk, "/tree")
    inside = Node(chrooted("/tree"), "/bar")
    zk.set("/treebar", b"changed")
    zk.set("/tree/bar", b"new")
    eventually(config.copy, {"bar": "new"})
    eventually(rates.copy, {"bar": "new"})
    eventually(lambda: inside.value, "new")


@pytest.mark.zk_handlers("threading")
def test_calls_on_kazoos_own_threads_return(zk, zk_client_factory):
    """create() in a callback of kazoo never returned, nor did any call in a state listener.

    Reading is harmless. Writing there cannot be answered: it is an error at once, and everything
    goes on.
    """
    client = zk_client_factory(timeout=1.0)
    node, rates = Node(client, "/node", 1), NodeDict(client, "/rates")
    outcomes = []

    def write(_):
        try:
            outcomes.append(node.value)
            rates["a"] = 1
        except ClientUnusableError as error:
            outcomes.append(str(error))

    client.exists_async("/node").rawlink(write)
    wait_until(lambda: len(outcomes) == 2)
    rates["b"] = 2

    assert outcomes[0] == 1
    assert "callback" in outcomes[1]
    assert dict(rates) == {"b": 2}
    zk.set("/node", b"3")
    eventually(lambda: node.value, 3)


def test_a_subscriber_may_stop_the_client(zk_client_factory, zk):
    """stop() in a DataWatch raised RuntimeError: cannot join current thread."""
    client = zk_client_factory()
    node = Node(client, "/node", 1)
    outcomes = []

    @node.subscribe
    def stop(value):
        if value == 2:
            client.stop()
            outcomes.append(client.connected)

    zk.set("/node", b"2")
    eventually(lambda: outcomes, [False])
    with pytest.raises(ClientUnusableError):
        node.value = 3


def test_a_refused_transaction_is_an_error(zk, root, secret):
    """Kazoo's ``with client.transaction()`` ended without a word when nothing had been done."""
    root.ensure_path("/rates")
    root.create("/rates/locked", b"1", acl=secret)
    rates = NodeDict(zk, "/rates")
    with pytest.raises(AccessDeniedError, match="/rates/locked"):
        rates.update(a=1, locked=2)
    with pytest.raises(AccessDeniedError, match="/rates/locked"):
        Configuration(zk, "/rates").store({"a": 1, "locked": 2})
    zk.create("/rates/locked2/child", makepath=True)
    eventually(lambda: "locked2" in rates, True)
    with pytest.raises(ConflictError):
        rates.clear()
    assert sorted(rates) == ["locked2"]


@pytest.mark.filterwarnings("ignore:No chroot path exists")
def test_a_missing_chroot_is_named(chrooted):
    """Whatever kazoo was asked to create, with makepath too, it raised NoNodeError()."""
    client = chrooted("/no/such/chroot")
    config = Configuration(client, "/config")
    for attempt in (
        lambda: Node(client, "/node", 1),
        lambda: NodeDict(client, "/rates"),
        lambda: config.store({"a": 1}),
    ):
        with pytest.raises(ClientUnusableError, match="/no/such/chroot does not exist"):
            attempt()


def test_a_chroot_that_is_deleted_does_not_keep_a_writer_busy(zk, chrooted):
    """Creating what somebody has deleted is tried again, but not without the chroot above."""
    zk.ensure_path("/tenant/one")
    client = chrooted("/tenant/one")
    node, rates = Node(client, "/node", 1), NodeDict(client, "/rates")
    zk.delete("/tenant", recursive=True)
    with pytest.raises(ClientUnusableError, match="create it first"):
        node.value = 2
    with pytest.raises(ClientUnusableError, match="create it first"):
        rates["a"] = 1


def test_timeouts_are_errors_of_zktools(zk_client_factory, zk_proxy):
    """Kazoo's is no KazooException; with gevent it is not even an Exception."""
    far = zk_client_factory(zk_proxy.hosts, timeout=1.0)
    node = Node(far, "/node", 1)
    zk_proxy.swallow()
    with pytest.raises(ZkToolsError):
        node.value = 2
