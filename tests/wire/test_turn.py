"""Replies out of turn: a broken connection at worst, never a dead client."""

import pytest
from kazoo.exceptions import ConnectionLoss

from tests.locks.support import NAME, grab
from tests.wire.support import claim_session
from zktools import NodeDict, ZkLock
from zktools.testing import wait_until

pytestmark = [pytest.mark.usefixtures("wire"), pytest.mark.zk_handlers("threading", "gevent")]

TRIES = 6  # kazoo alone dies in two of three


@pytest.fixture
def zk_hosts(zk_ensemble):
    """Clients of these tests connect to the ensemble."""
    return zk_ensemble.hosts


@pytest.fixture
def followers(zk_ensemble):
    """The two that do not lead."""
    return zk_ensemble.followers()


def see(client):
    """Let zktools know the client. By public means it changes connections to come."""
    ZkLock(client, "seen")
    client.restart()


def moved_clients(factory, followers):
    """Clients, one after the other, of which the leader thinks that they moved elsewhere."""
    mine, another = followers
    for _ in range(TRIES):
        client = factory(mine.hosts, timeout=10)
        see(client)
        client.ensure_path("/q")
        yield client, lambda client=client: claim_session(client, another)


def test_a_listing_that_is_answered_before_its_create(zk_client_factory, followers):
    """The server closes the connection on a write of a session that moved: kazoo's client lives."""
    for client, claim in moved_clients(zk_client_factory, followers):
        claim()
        created = client.create_async("/q/n-", ephemeral=True, sequence=True)
        listed = client.get_children_async("/q")
        created.wait(10)
        listed.wait(10)

        assert client.retry(client.exists, "/q")


def test_a_lock_of_a_session_that_moved(zk_client_factory, followers):
    """It is acquired all the same."""
    for client, claim in moved_clients(zk_client_factory, followers):
        lock = ZkLock(client, NAME)
        client.ensure_path(f"/ZktoolsLocks/{NAME}")
        claim()

        assert grab(lock, timeout=10).is_held
        lock.release()


def test_live_values_of_a_session_that_moved(zk_client_factory, followers, zk):
    """They go on."""
    zk.ensure_path("/d")
    for client, claim in moved_clients(zk_client_factory, followers):
        values = NodeDict(client, "/d")
        claim()
        client.create_async("/q/n-", sequence=True)
        client.get_children_async("/q")
        zk.create("/d/k", b"1")
        wait_until(lambda values=values: values.get("k") == 1)
        zk.delete("/d/k")
        values.close()


def test_credentials_given_while_a_request_is_under_way(
    wire, zk_client_factory, zk_ensemble, followers
):
    """Their reply comes first. It is nobody else's, and the client lives."""
    client = zk_client_factory(followers[0].hosts)
    see(client)
    client.ensure_path("/q")
    leader = zk_ensemble.leader()
    leader.pause()  # until the credentials are taken: what changes something waits for it
    created = client.create_async("/q/n-", ephemeral=True, sequence=True)
    accepted = client.add_auth_async("digest", "somebody:secret")
    listed = client.get_children_async("/q")
    accepted.wait(5)
    leader.resume()

    if wire == "public":  # an answer that kazoo would give to another breaks the connection
        for result in (created, accepted, listed):
            with pytest.raises(ConnectionLoss):
                result.get(10)
        assert client.retry(client.exists, "/q")
        return
    assert accepted.get(10) is True
    assert created.get(10).startswith("/q/n-")
    assert listed.get(10) == [created.get().rpartition("/")[2]]
