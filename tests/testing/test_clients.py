import pytest
from kazoo.client import KazooClient
from kazoo.security import make_digest_acl

from zktools.testing import Clients, delete_tree

pytestmark = pytest.mark.zk_handlers("threading", "gevent")


def test_clients_of_a_test_share_a_place(zk, zk_client_factory):
    """All clients of one factory see the same nodes, in a chroot that was empty."""
    assert zk.get_children("/") == []
    zk.create("/a", b"1")

    assert zk_client_factory().get("/a")[0] == b"1"


def test_the_handler_is_the_one_asked_for(request, zk):
    """Clients run under the handler that the test's marker names."""
    name = request.node.callspec.params["zk_handler"]

    assert name in type(zk.handler).__name__.lower()


def test_nothing_is_left(zk_hosts, zk_handler):
    """Afterwards the clients are closed and the chroot is gone, whatever was in it."""
    with Clients(zk_hosts, handler=zk_handler) as new_client:
        client = new_client()
        client.create("/a/b/c", b"", makepath=True)
        client.create("/mine", ephemeral=True)
        never_started = new_client(start=False)

    assert not client.connected
    assert not never_started.connected
    with_none = KazooClient(zk_hosts)
    with_none.start()
    assert with_none.exists(new_client.chroot) is None
    with_none.stop()
    with_none.close()


def test_a_chroot_is_refused(zk_hosts):
    """The factory makes its own place, so the address must not have one."""
    with pytest.raises(ValueError, match="chroot"):
        Clients(f"{zk_hosts}/a")


@pytest.mark.slow
def test_big_trees_are_deleted(zk):
    """delete_tree takes more nodes than are under way at a time, and a missing one is no error."""
    zk.create("/a")
    made = [zk.create_async(f"/a/{number:04}") for number in range(1200)]
    assert all(one.get() for one in made)

    delete_tree(zk, "/a")
    delete_tree(zk, "/a")

    assert zk.exists("/a") is None


def test_what_a_test_has_closed_to_all_others_is_cleaned_too(zk_hosts, zk_handler):
    """The administrator that cleans is above ACLs, on servers that are started here."""
    with Clients(zk_hosts, handler=zk_handler) as new_client:
        client = new_client(auth_data=[("digest", "somebody:secret")])
        client.create("/closed", acl=[make_digest_acl("somebody", "secret", all=True)])
        client.create("/closed/child", acl=[make_digest_acl("somebody", "secret", all=True)])

    anybody = KazooClient(zk_hosts)
    anybody.start()
    assert anybody.exists(new_client.chroot) is None
    anybody.stop()
    anybody.close()
