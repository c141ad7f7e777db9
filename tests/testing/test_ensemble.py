import socket
import sys

import pytest
from kazoo.protocol.states import KazooState

from zktools.testing import Ensemble, wait_until


@pytest.fixture
def zk_hosts(zk_ensemble):
    """Runs the clients of this module on the ensemble."""
    return zk_ensemble.hosts


@pytest.mark.slow
def test_one_leads_and_the_others_follow(zk_ensemble):
    """Three members serve as one, and say who leads."""
    leader = zk_ensemble.leader()

    assert len(zk_ensemble) == 3
    assert set(zk_ensemble) == {leader, *zk_ensemble.followers()}
    assert [member.id for member in zk_ensemble] == [1, 2, 3]


@pytest.mark.slow
def test_it_survives_its_leader(zk, zk_ensemble):
    """After the leader's crash another leads, nothing is lost, and heal brings the dead back."""
    zk.create("/a", b"1")
    leader = zk_ensemble.leader()
    leader.kill()

    assert zk_ensemble.leader() is not leader
    assert zk.retry(zk.get, "/a")[0] == b"1"

    zk_ensemble.heal()
    assert leader.mode == "follower"


@pytest.mark.slow
def test_it_survives_a_leader_that_stands_still(zk, zk_ensemble):
    """A paused leader is replaced; it follows when it wakes."""
    leader = zk_ensemble.leader()
    leader.pause()

    assert leader.mode is None
    assert zk_ensemble.leader() is not leader

    zk_ensemble.heal()
    wait_until(lambda: leader.mode == "follower")


@pytest.mark.slow
def test_without_a_quorum_nothing_is_served(zk, zk_ensemble):
    """Two of three dead: clients are cut off; one back: they go on with the same session."""
    session = zk.client_id
    first, second, _ = zk_ensemble
    first.kill()
    second.kill()
    wait_until(lambda: zk.state == KazooState.SUSPENDED)

    first.restart()

    wait_until(lambda: zk.state == KazooState.CONNECTED)
    assert zk.client_id == session


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has the rest of 127.0.0.0/8")
def test_all_ports_are_on_one_loopback_address(zk_ensemble):
    """Neither the ports for clients nor those between members can be reached from elsewhere."""
    config = (zk_ensemble[0].folder / "zoo.cfg").read_text()
    peers = [line.split(":")[1:] for line in config.splitlines() if line.startswith("server.")]
    ports = [member.port for member in zk_ensemble] + [int(port) for pair in peers for port in pair]

    assert len(ports) == 9
    for port in ports:
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.2", port))


def test_an_ensemble_has_a_member():
    """An ensemble of none is refused."""
    with pytest.raises(ValueError, match="size"):
        Ensemble(0)
