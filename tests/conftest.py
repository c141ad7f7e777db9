"""Fixtures of the whole suite; the real ZooKeeper comes from `zktools.testing.plugin`."""

import os
import signal

import pytest

from zktools.testing import ZooKeeperNotFoundError, find_zookeeper

# Whoever starts the suite in the background may have it ignore these, and every process that it
# starts would, too: commands that the tests interrupt would go on.
signal.signal(signal.SIGINT, signal.default_int_handler)
for _number in (signal.SIGHUP, signal.SIGQUIT):
    signal.signal(_number, signal.SIG_DFL)


@pytest.fixture
def installed_zookeeper():
    """For tests that start servers of their own: skips where only a running one was named."""
    try:
        find_zookeeper()
    except ZooKeeperNotFoundError:
        if "ZKTOOLS_TEST_HOSTS" in os.environ:
            pytest.skip("starts servers of its own; here is only the one in ZKTOOLS_TEST_HOSTS")
        raise


@pytest.fixture(params=["private", "public"])
def wire(request, monkeypatch):
    """Run the test with kazoo's private parts and without them, as for a kazoo that lacks them."""
    if request.param == "public":
        monkeypatch.setenv("ZKTOOLS_PUBLIC_ONLY", "1")
    return request.param


@pytest.fixture
def other(zk_client_factory):
    """A second client, of somebody else."""
    return zk_client_factory()
