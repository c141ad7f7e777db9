import pytest

from tests.locks.support import NAME
from zktools.locks import ZkLock


@pytest.fixture
def lock(zk):
    """A lock of the first client."""
    return ZkLock(zk, NAME)


@pytest.fixture
def rival(other):
    """The same lock, of the second client."""
    return ZkLock(other, NAME)


@pytest.fixture
def far(zk_client_factory, zk_proxy):
    """A client behind the proxy, with a session of a second."""
    return zk_client_factory(zk_proxy.hosts, timeout=1.0)


@pytest.fixture
def far_lock(far):
    """The same lock, of the client behind the proxy."""
    return ZkLock(far, NAME)
