"""Fixtures of the whole suite; the real ZooKeeper comes from `zktools.testing.plugin`."""

import os

import pytest

from zktools.testing import ZooKeeperNotFoundError, find_zookeeper


@pytest.fixture
def installed_zookeeper():
    """For tests that start servers of their own: skips where only a running one was named."""
    try:
        find_zookeeper()
    except ZooKeeperNotFoundError:
        if "ZKTOOLS_TEST_HOSTS" in os.environ:
            pytest.skip("starts servers of its own; here is only the one in ZKTOOLS_TEST_HOSTS")
        raise
