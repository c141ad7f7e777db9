"""Fixtures of the whole suite; the real ZooKeeper comes from `zktools.testing.plugin`."""

import gc
import os
import signal
from functools import partial

import hypothesis
import pytest

from tests.interrupting import interrupted
from zktools.handlers import ThreadingHandler
from zktools.testing import ZooKeeperNotFoundError, find_zookeeper

# How long an example takes says more about the machine than about the code; pytest has a limit.
hypothesis.settings.register_profile("zktools", deadline=None)
hypothesis.settings.load_profile("zktools")

# Whoever starts the suite in the background may have it ignore these, and every process that it
# starts would, too: commands that the tests interrupt would go on.
signal.signal(signal.SIGINT, signal.default_int_handler)
for _number in (signal.SIGHUP, signal.SIGQUIT):
    signal.signal(_number, signal.SIG_DFL)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    """Each face, and each way to kazoo, is tried every day; both at a time is for ``slow``."""
    usual = {"wire": "private", "zk_handler": "threading", "face": "threads"}
    for item in items:
        params = item.callspec.params if hasattr(item, "callspec") else {}
        others = {name for name, value in usual.items() if params.get(name, value) != value}
        if "wire" in others and len(others) > 1:
            item.add_marker("slow")


@pytest.fixture
def installed_zookeeper():
    """For tests that start servers of their own: skips where only a running one was named."""
    try:
        find_zookeeper()
    except ZooKeeperNotFoundError:
        if "ZKTOOLS_TEST_HOSTS" in os.environ:
            pytest.skip("starts servers of its own; here is only the one in ZKTOOLS_TEST_HOSTS")
        raise


@pytest.fixture
def zk_handler(zk_handler):
    """With ``ZKTOOLS_TEST_HANDLER=zktools``, zktools' handlers in the place of kazoo's."""
    if os.environ.get("ZKTOOLS_TEST_HANDLER") != "zktools":
        return zk_handler
    if "gevent" not in zk_handler.__module__:
        return ThreadingHandler
    from zktools.handlers.gevent import GeventHandler  # noqa: PLC0415 - an extra

    return GeventHandler


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


@pytest.fixture
def interrupted_at(wire):
    """A function: `interrupted`, by its number and what to call.

    Points in zktools' code count, and without the public calls' async results, which are not made
    for it, those in the code of kazoo and of the standard library as well.
    """
    within = "" if wire == "private" else "/zktools/"
    # What is raised in a finalizer is ignored, and the collector may run some anywhere.
    gc.collect()
    gc.disable()
    yield partial(interrupted, within=within)
    gc.enable()
