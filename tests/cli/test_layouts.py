"""zooky in the queues of kazoo's and Curator's recipes."""

import json
import sys

import pytest

from zktools import ZkLock
from zktools.cli.statuses import Status


@pytest.fixture
def theirs(zk):
    """A lock of kazoo's own recipe, held under zktools' lock root."""
    lock = zk.Lock("/ZktoolsLocks/report", "nightly")
    lock.acquire(timeout=5)
    return lock


def test_it_is_known_by_the_names(zooky, theirs):
    """list, show and top find whose queue it is, and who holds it."""
    (listed,) = zooky.json("list")
    shown = zooky.json("show", "report")
    (seen,) = zooky.json("top", "--once")["locks"]
    for queue in (listed, shown, seen):
        assert queue["layout"] == "kazoo"
        assert queue["holders"][0]["who"] == {"identifier": "nightly"}
    assert "report (kazoo)" in zooky("list").stdout
    assert "nightly" in zooky("show", "report").stdout
    theirs.release()
    assert zooky.json("show", "report")["layout"] == "zktools"


@pytest.mark.usefixtures("theirs")
def test_two_queues_in_one_folder(zooky, zk):
    """Each has a line; where one is meant, it has to be said which."""
    assert ZkLock(zk, "report").acquire(timeout=5)
    assert [queue["layout"] for queue in zooky.json("list")] == ["zktools", "kazoo"]
    refused = zooky("show", "report")
    assert refused.exit_code == Status.REFUSED
    assert "--layout" in refused.stderr
    assert zooky.json("show", "report", "--layout", "kazoo")["layout"] == "kazoo"
    assert [queue["layout"] for queue in zooky.json("list", "--layout", "zktools")] == ["zktools"]
    zooky.json("clear", "report", "--layout", "kazoo", "--yes")
    assert zooky.json("show", "report")["layout"] == "zktools"


@pytest.mark.usefixtures("theirs")
def test_kazoos_holders_cannot_be_asked(zooky, zk):
    """Revoke says so, and destroys with --now."""
    refused = zooky("revoke", "report", "--yes")
    assert refused.exit_code == Status.REFUSED
    assert "--now" in refused.stderr
    assert len(zk.get_children("/ZktoolsLocks/report")) == 1
    (holder,) = zooky.json("revoke", "report", "--now", "--yes")["holders"]
    assert holder["outcome"] == "destroyed"


def test_curators_are_asked(zooky, zk):
    """With the word that Curator listens to."""
    lock = ZkLock(zk, "report", layout="curator")
    assert lock.acquire(timeout=5)
    zooky.json("revoke", "report", "--yes")
    assert zk.get(lock.lease.path)[0] == b"__REVOKE__"
    assert zooky.json("show", "report")["holders"][0]["asked"]


def test_wait(zooky, theirs):
    """It is not free while anybody is in any queue there."""
    assert zooky("wait", "report", "--timeout", "0").exit_code == Status.NO
    assert zooky("wait", "report", "--holders", "--timeout", "0").exit_code == Status.NO
    theirs.release()
    assert zooky("wait", "report", "--timeout", "5").exit_code == Status.OK


@pytest.mark.slow
@pytest.mark.usefixtures("theirs")
def test_run(start, zk):
    """It joins their queue, and says where."""
    running = start(
        *("run", "report", "--layout", "kazoo", "--timeout", "0", "--", "true"),
    )
    assert running.end() == 123
    program = "import os; print(os.environ['ZKTOOLS_LOCK_NODE'])"
    running = start("run", "other", "--layout", "kazoo", "--", sys.executable, "-c", program)
    assert "__lock__" in running.expect("/")
    assert running.end() == 0
    assert zk.get_children("/ZktoolsLocks/other") == []


def test_run_refuses_to_ask_kazoos(zooky):
    """Before anything is sent."""
    refused = zooky("run", "report", "--layout", "kazoo", "--revoke", "--", "true")
    assert refused.exit_code == 125
    assert "--revoke-now" in refused.stderr


def test_no_such_layout(zooky):
    """It is a matter of usage."""
    assert zooky("list", "--layout", "java").exit_code == Status.USAGE
    assert json.loads(zooky("list", "--json").stdout) == []
