"""Members of an ensemble fail: another one takes over, and nothing goes backwards."""

import pytest
from kazoo.exceptions import KazooException

from tests.live.support import Calls, eventually
from zktools._engine.steps import run
from zktools.node import Node, NodeDict
from zktools.testing import wait_until

pytestmark = pytest.mark.usefixtures("wire")


@pytest.fixture
def zk_hosts(zk_ensemble):
    """All of this on an ensemble of three."""
    return zk_ensemble.hosts


def member_of(ensemble, client):
    """The member that a client is connected to."""
    port = client._connection._socket.getpeername()[1]
    return next(member for member in ensemble.members if member.hosts.endswith(f":{port}"))


@pytest.mark.slow
def test_the_member_we_are_connected_to_dies(zk, zk_ensemble, zk_client_factory):
    """The next one goes on with the same values and the same session; watches are there again."""
    writer = zk_client_factory()
    node, rates = Node(zk, "/node", 0), NodeDict(zk, "/rates")
    values = node.subscribe(Calls())
    member_of(zk_ensemble, zk).kill()
    wait_until(lambda: _try_to_write(writer, "/node", 1))
    wait_until(lambda: _try_to_write(writer, "/rates/k", 1))
    eventually(lambda: node.value, 1, timeout=20)
    eventually(lambda: rates.get("k"), 1, timeout=20)

    assert values == sorted(values)


def _try_to_write(client, path, value):
    data = b"%d" % value
    try:
        client.set(path, data) if client.exists(path) else client.create(path, data)
    except (KazooException, client.handler.timeout_exception):
        return False
    return True


def test_a_member_that_lags_behind_does_not_turn_time_back(zk_ensemble, zk_client_factory):
    """A new session on a follower that has not heard the news shows them, or nothing new."""
    leader = zk_ensemble.leader()
    followers = [member for member in zk_ensemble.members if member is not leader]
    lagging = followers[0]
    reader, writer = zk_client_factory(leader.hosts), zk_client_factory(leader.hosts)
    node = Node(reader, "/node", 0)
    values = node.subscribe(Calls())
    lagging.pause()
    for value in range(1, 6):
        writer.set("/node", b"%d" % value)
    values.wait_for(5)
    reader.set_hosts(lagging.hosts + reader.chroot)
    lagging.resume()
    reader.restart()
    wait_until(lambda: reader.connected)
    run(node._reading(["/node"], "reading"))

    assert node.value == 5
    assert values == sorted(values)
