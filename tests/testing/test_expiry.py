import pytest
from kazoo.protocol.states import KazooState

from zktools.testing import expire_session, wait_until

pytestmark = pytest.mark.zk_handlers("threading", "gevent")


def test_the_session_really_ends(zk, zk_client_factory):
    """At return its ephemeral nodes are gone for others; the client hears LOST, as if timed out."""
    victim = zk_client_factory()
    states = []
    victim.add_listener(states.append)
    victim.create("/mine", ephemeral=True)
    events = []
    zk.exists("/mine", watch=events.append)
    session = victim.client_id

    expire_session(victim)

    assert zk.exists("/mine") is None
    wait_until(lambda: KazooState.LOST in states, what="LOST")
    wait_until(lambda: states[-1] == KazooState.CONNECTED, what="a new session")
    assert victim.client_id != session
    assert [event.type for event in events] == ["DELETED"]


def test_a_client_that_is_cut_off_can_be_expired(zk, zk_client_factory, zk_proxy, zk_hosts):
    """With client_id and hosts, the session of a client that reaches nobody ends as well."""
    victim = zk_client_factory(zk_proxy.hosts)
    victim.create("/mine", ephemeral=True)
    session = victim.client_id
    zk_proxy.refuse()
    zk_proxy.cut()
    wait_until(lambda: victim.state == KazooState.SUSPENDED)

    with pytest.raises(ValueError, match="client_id="):
        expire_session(victim)
    with pytest.raises(ConnectionRefusedError):
        expire_session(victim, client_id=session)
    expire_session(victim, client_id=session, hosts=zk_hosts)

    assert zk.exists("/mine") is None
    assert victim.state == KazooState.SUSPENDED
    zk_proxy.heal()
    wait_until(lambda: victim.state == KazooState.CONNECTED)
    assert victim.client_id != session


def test_ending_it_twice_is_no_error(zk):
    """A session that has ended stays ended."""
    session = zk.client_id
    expire_session(zk, client_id=session)

    expire_session(zk, client_id=session)


def test_dead_servers_are_passed_over(zk, zk_hosts):
    """The first server that answers is taken."""
    session = zk.client_id

    expire_session(zk, hosts=f"127.0.0.1:1,{zk_hosts}/some/chroot")

    wait_until(lambda: zk.client_id not in (None, session))
