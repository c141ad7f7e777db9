"""In the queues of kazoo's and Curator's recipes: names, order, identifiers, folders, refusals."""

import uuid

import pytest

from tests.locks.faces import ZkLock, ZkReadLock, ZkWriteLock, multilock
from tests.locks.support import Task, grab, queue
from zktools.locks import IMMEDIATE
from zktools.testing import Op, wait_until

PATH = "/theirs/report"


def made(zk, kind, sequence=""):
    """Queue as Curator does; the node's path. `sequence` as of a reader that was the writer."""
    name = f"_c_{uuid.uuid4()}-{kind}{sequence}"
    return zk.create(f"{PATH}/{name}", b"10.0.0.7", ephemeral=True, sequence=True, makepath=True)


def wait_for(zk, path, length):
    """Wait until there are so many in the folder."""
    wait_until(lambda: len(queue(zk, path)) == length, what=f"a queue of {length}")


@pytest.mark.usefixtures("wire")
@pytest.mark.every_face
class TestKazoo:
    """The recipes of kazoo itself, in both orders."""

    @pytest.mark.parametrize("ours", [ZkLock, ZkWriteLock])
    @pytest.mark.parametrize("theirs", ["Lock", "WriteLock", "ReadLock"])
    def test_exclusive(self, zk, other, ours, theirs):
        """Ours that are exclusive exclude each of theirs, and are excluded by each."""
        rival = getattr(other, theirs)(PATH, "me")
        lock = ours(zk, PATH, layout="kazoo")
        assert rival.acquire(timeout=5)
        assert not lock.acquire(timeout=0)
        task = Task(zk, grab, lock)
        wait_for(zk, PATH, 2)
        rival.release()
        lease = task.result()
        assert not rival.acquire(blocking=False)
        assert lease.release()
        assert rival.acquire(timeout=5)
        rival.release()

    def test_readers(self, zk, other):
        """Readers of both kinds hold together; writers of both wait for readers of both."""
        ours, theirs = ZkReadLock(zk, PATH, layout="kazoo"), other.ReadLock(PATH)
        assert theirs.acquire(timeout=5)
        assert ours.acquire(timeout=0)
        theirs.release()
        assert not other.WriteLock(PATH).acquire(blocking=False)
        assert theirs.acquire(blocking=False)
        theirs.release()
        ours.lease.release()

    def test_identifiers(self, zk, other):
        """Each finds the other's identifier where it looks for it."""
        ours = ZkLock(zk, PATH, layout="kazoo", identifier="ours")
        theirs = other.Lock(PATH, "theirs")
        assert ours.acquire(timeout=5)
        assert theirs.contenders() == ["ours"]
        ours.lease.release()
        theirs.acquire(timeout=5)
        assert [c.who for c in ours.contenders()] == [{"identifier": "theirs"}]
        theirs.release()

    def test_nobody_is_asked(self, zk):
        """Asking is refused at the call; nothing is sent. Destroying works."""
        lock = ZkLock(zk, PATH, layout="kazoo")
        for refused in (
            lambda: lock.acquire(revoke=True),
            lambda: lock(revoke=True, grace=1),
            lock.revoke_all,
        ):
            with pytest.raises(ValueError, match="kazoo's: its holders do not listen"):
                refused()
        assert zk.get_children("/") == []
        theirs = zk.Lock(PATH)
        theirs.acquire(timeout=5)
        assert lock.acquire(timeout=0, revoke=IMMEDIATE)
        lock.lease.release()


@pytest.mark.usefixtures("wire")
@pytest.mark.every_face
class TestCurator:
    """Nodes as Curator makes them."""

    def test_order(self, zk, other):
        """Ours waits for a mutex that was there first, and is in the way of the one behind it."""
        first = made(zk, "lock-")
        task = Task(other, grab, ZkLock(other, PATH, layout="curator"))
        wait_for(zk, PATH, 2)
        made(zk, "lock-")
        assert not task.is_over
        zk.delete(first)
        lease = task.result()
        assert [c.holds for c in ZkLock(zk, PATH, layout="curator").contenders()] == [True, False]
        assert lease.is_held

    def test_a_writer_that_became_a_reader(self, zk, other):
        """It stands where the writer stood, so who waited for the writer waits for it, too.

        Curator writes the writer's number before the reader's own.
        """
        writer = made(zk, "__WRIT__")
        task = Task(other, grab, ZkWriteLock(other, PATH, layout="curator"))
        wait_for(zk, PATH, 2)
        reader = made(zk, "__READ__", sequence=writer[-10:])
        queued = ZkReadLock(zk, PATH, layout="curator").contenders()
        assert [c.kind for c in queued] == ["write", "read", "write"]
        zk.delete(writer)
        assert not ZkWriteLock(other, PATH, layout="curator").acquire(timeout=0)
        assert not task.is_over
        zk.delete(reader)
        assert task.result().is_held

    def test_readers(self, zk, other):
        """Readers share with theirs, and wait for their writers."""
        made(zk, "__READ__")
        assert ZkReadLock(zk, PATH, layout="curator").acquire(timeout=0)
        made(other, "__WRIT__")
        assert not ZkReadLock(other, PATH, layout="curator").acquire(timeout=0)

    def test_their_request_is_heard(self, zk, other):
        """What Curator's Revoker writes asks ours to let go, and ours asks theirs with it."""
        lock = ZkLock(zk, PATH, layout="curator", identifier="ours")
        assert lock.acquire(timeout=5)
        lease = lock.lease
        assert other.get(lease.path)[0] == b"ours"
        other.set(lease.path, b"__REVOKE__")
        wait_until(lambda: lease.revoked)
        assert lease.is_held
        lease.release()
        theirs = made(other, "lock-")
        assert not lock.acquire(timeout=0, revoke=True)
        wait_until(lambda: other.get(theirs)[0] == b"__REVOKE__")

    def test_no_identifier_is_a_request(self, zk):
        """Who called itself by Curator's word would be asked from the start."""
        with pytest.raises(ValueError, match="identifier must not be '__REVOKE__'"):
            ZkLock(zk, PATH, layout="curator", identifier="__REVOKE__")

    def test_folders(self, zk, zk_client_factory, zk_proxy, wire):
        """All folders that were missing are containers; plain without kazoo's private parts."""
        client = zk_client_factory(zk_proxy.hosts)
        assert ZkLock(client, "/a/b/c", layout="curator").acquire(timeout=5)
        assert ZkLock(client, "/a/d", layout="curator").acquire(timeout=5)
        assert sorted(zk.get_children("/a")) == ["b", "d"]
        assert zk_proxy.requests[Op.CREATE_CONTAINER] == (6 if wire == "private" else 0)
        before = zk_proxy.requests
        assert ZkLock(client, "/a/e", layout="kazoo").acquire(timeout=5)
        assert not (zk_proxy.requests - before)[Op.CREATE_CONTAINER]


@pytest.mark.every_face
def test_layouts_do_not_see_each_other(zk):
    """Two layouts in one folder are two locks: who holds both waits for nobody, itself neither."""
    ours = ZkLock(zk, "report", "/theirs")
    theirs = ZkLock(zk, "report", "/theirs", layout="kazoo")
    assert theirs.acquire(timeout=5)
    assert ours.acquire(timeout=5)
    assert len(queue(zk, PATH)) == 2


@pytest.mark.parametrize("kind", [ZkLock, ZkReadLock, ZkWriteLock])
@pytest.mark.parametrize(
    ("arguments", "error", "says"),
    [
        ({"layout": "java"}, ValueError, "layout must be one of zktools, kazoo, curator"),
        ({"layout": None}, TypeError, "layout must be a str"),
        ({"lock_name": "/a"}, ValueError, "lock_name must be one component"),
        ({"layout": "kazoo", "lock_name": "a/b"}, ValueError, "lock_name must be absolute"),
        ({"layout": "kazoo", "lock_name": "/"}, ValueError, "lock_name must be the path"),
        ({"layout": "curator", "lock_name": "/a//b"}, ValueError, "lock_name"),
        ({"layout": "kazoo", "lock_name": ""}, ValueError, "lock_name"),
    ],
)
def test_refused_at_the_call(zk, kind, arguments, error, says):
    """What is no layout, and what is no name in it."""
    with pytest.raises(error, match=says):
        kind(zk, **{"lock_name": "report", **arguments})


@pytest.mark.every_face
def test_both_are_held_together(zk, other):
    """For the time of a move: one lease over ours and theirs, of one folder or of two."""
    ours = ZkLock(zk, "report", "/theirs")
    theirs = ZkLock(zk, PATH, layout="kazoo")
    both = multilock([theirs, ours])
    assert both.acquire(timeout=5)
    assert not other.Lock(PATH).acquire(blocking=False)
    assert not ZkLock(other, "report", "/theirs").acquire(timeout=0)
    with pytest.raises(ValueError, match="do not listen"):
        both.acquire(revoke=True)
    with pytest.raises(ValueError, match="twice"):
        multilock([theirs, ZkLock(zk, "report", "/theirs", layout="kazoo")])
