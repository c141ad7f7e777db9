import pytest
from kazoo.security import make_digest_acl


@pytest.fixture
def far(zk_client_factory, zk_proxy):
    """A client behind the proxy, with a session of a few seconds."""
    return zk_client_factory(zk_proxy.hosts, timeout=4.0)


@pytest.fixture
def root(zk_client_factory):
    """A client that may read what is below ``SECRET``; it deletes all of that in the end."""
    client = zk_client_factory()
    client.add_auth("digest", "root:secret")
    yield client
    for name in client.get_children("/"):
        if name != "zookeeper":
            client.delete(f"/{name}", recursive=True)


@pytest.fixture
def secret():
    """An ACL that lets `root` in alone."""
    return [make_digest_acl("root", "secret", all=True)]
