"""What is removed is what was seen, also by who hears late; what is told missing is missing."""

import pytest

from tests.live.support import contents, eventually
from zktools.exceptions import ConflictError
from zktools.node import Node, NodeDict
from zktools.testing import Op

pytestmark = pytest.mark.usefixtures("wire")

#: Seconds that a slow link takes each way.
SLOW = 0.2


@pytest.fixture
def late(far, zk_proxy):
    """A dictionary of one key that hears late of what others do."""
    jobs = NodeDict(far, "/jobs")
    jobs["a"] = 1
    zk_proxy.delay(SLOW)
    return jobs


def remake(client, data):
    """Delete the key and make it again: with the same version it is another node."""
    client.delete("/jobs/a")
    client.create("/jobs/a", data)


@pytest.mark.slow
def test_pop_gives_what_it_removed(late, zk):
    """Not what a key of the same name and version had before."""
    remake(zk, b"2")
    assert late.pop("a") == 2
    assert contents(zk, "/jobs") == {}


@pytest.mark.slow
def test_popitem_gives_what_it_removed(late, zk):
    """The same of any key."""
    remake(zk, b"2")
    assert late.popitem() == ("a", 2)
    assert contents(zk, "/jobs") == {}


@pytest.mark.slow
def test_pop_finds_what_it_has_not_heard_of(late, zk):
    """A key is missing when the server says so, not when nobody has told of it."""
    zk.create("/jobs/b", b"2")
    assert late.pop("b", None) == 2
    zk.create("/jobs/c", b"3")
    zk.delete("/jobs/a")
    assert late.popitem() == ("c", 3)


@pytest.mark.slow
def test_deleting_finds_what_it_has_not_heard_of(late, zk):
    """And what has gone, it says, although it is shown."""
    zk.create("/jobs/b", b"2")
    del late["b"]
    zk.delete("/jobs/a")
    with pytest.raises(KeyError):
        del late["a"]
    assert contents(zk, "/jobs") == {}


@pytest.mark.slow
def test_setdefault_stores_what_has_gone(late, zk):
    """That it is shown is not enough; afterwards the key is there."""
    zk.delete("/jobs/a")
    assert late.setdefault("a", 5) == 5
    assert contents(zk, "/jobs") == {"a": b"5"}


@pytest.mark.slow
def test_clear_removes_what_was_there_before_the_call(late, zk):
    """Also what had not been heard of."""
    zk.create("/jobs/b", b"2")
    zk.set("/jobs/a", b"3")
    late.clear()
    assert contents(zk, "/jobs") == {}


@pytest.mark.slow
def test_clear_spares_a_newcomer(late, zk, zk_proxy):
    """What is made again while the transaction is on its way was not there when it was called."""
    transactions = []

    def remake_once(_):
        transactions.append(1)
        if len(transactions) == 2:  # the first asks what is there
            remake(zk, b"2")

    hook = zk_proxy.on_request(remake_once, Op.MULTI)
    late.clear()
    hook.cancel()

    assert len(transactions) == 2
    assert contents(zk, "/jobs") == {"a": b"2"}
    eventually(late.copy, {"a": 2})


def test_removals_end_where_others_never_rest(zk, far, zk_proxy, monkeypatch):
    """When it is never certain which node would go, none goes, and the error says why."""
    jobs = NodeDict(far, "/jobs")
    jobs["a"] = 1
    monkeypatch.setattr(jobs, "_end", lambda: 0.0)  # the time is up at once
    number = iter(range(1000))
    hook = zk_proxy.on_request(lambda _: zk.create(f"/jobs/new{next(number)}"), Op.MULTI)
    with pytest.raises(ConflictError, match="all the time"):
        jobs.pop("a")
    hook.cancel()

    assert zk.exists("/jobs/a")


def test_an_update_of_another_node_is_told(far, zk, zk_proxy):
    """A node of the same version that took its place cannot be refused, but is not kept secret."""
    node = Node(far, "/node", 1)
    zk_proxy.delay(SLOW)
    zk.delete("/node")
    zk.create("/node", b"100")
    with pytest.raises(ConflictError, match="made again"):
        node.update(lambda value: value + 1)


def test_a_folder_that_has_seen_many_keys(zk, other):
    """What was created and deleted before does not get in the way."""
    for number in range(30):
        other.create(f"/jobs/old{number}", makepath=True)
        other.delete(f"/jobs/old{number}")
    jobs = NodeDict(zk, "/jobs")
    jobs.update(a=1, b=2, c=3)
    assert jobs.pop("a") == 1
    jobs.clear()
    assert contents(zk, "/jobs") == {}


def test_from_a_folder_that_has_data_of_its_own(zk, wire):
    """However often these were written: it does not matter for what was created in it."""
    folder = NodeDict(zk, "/written")
    for number in range(3):
        zk.set("/written", b"%d" % number)
    folder.update({"a": 1, "b": 2})
    assert folder.pop("a") == 1
    folder.clear()
    assert zk.get_children("/written") == []
