"""Bad input is a clear error at the call, and leaves nothing behind in ZooKeeper."""

import subprocess
import sys
import textwrap
import threading

import pytest
from kazoo.client import KazooClient
from kazoo.exceptions import NoAuthError, NotEmptyError
from kazoo.security import OPEN_ACL_UNSAFE, make_acl, make_digest_acl

from tests.locks.faces import ZkLock, ZkReadLock, ZkWriteLock
from tests.locks.support import FOLDER, NAME, Task, grab, queue
from zktools._engine.arguments import MAX_IDENTIFIER, MAX_PATH
from zktools.exceptions import (
    AccessDeniedError,
    ClientUnusableError,
    MissingNodeError,
    ValueTooLargeError,
)
from zktools.locks import IMMEDIATE
from zktools.testing import wait_until


@pytest.fixture
def untouched(zk, zk_server):
    """Check afterwards that the test has written nothing."""
    last = int(zk_server.mntr().get("zk_znode_count", 0))
    yield
    assert zk.get_children("/") == []
    assert int(zk_server.mntr().get("zk_znode_count", 0)) == last


@pytest.mark.usefixtures("untouched")
@pytest.mark.parametrize("kind", [ZkLock, ZkReadLock, ZkWriteLock])
@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("", ValueError),
        (".", ValueError),
        ("..", ValueError),
        ("a/b", ValueError),
        ("/", ValueError),
        ("a\0b", ValueError),
        ("a\x07", ValueError),
        ("\ud800", ValueError),
        ("\uf000", ValueError),
        ("\ufff0", ValueError),
        ("\U0001f512", ValueError),
        ("n" * (MAX_PATH + 1), ValueError),
        ("\u00e9" * (MAX_PATH // 2 + 1), ValueError),
        (None, TypeError),
        (b"x", TypeError),
        (7, TypeError),
        (["x"], TypeError),
    ],
)
def test_names(zk, kind, name, error):
    """What is not one component of a path is refused by the constructor, which names it."""
    with pytest.raises(error, match="lock_name"):
        kind(zk, name)


@pytest.mark.usefixtures("untouched")
@pytest.mark.parametrize(
    ("root", "error"),
    [
        ("locks", ValueError),
        ("", ValueError),
        ("/a//b", ValueError),
        ("/a/../b", ValueError),
        ("/a/./b", ValueError),
        ("/a\0", ValueError),
        ("/\U0001f512", ValueError),
        ("/r" * (MAX_PATH // 2 + 1), ValueError),
        (None, TypeError),
        (b"/locks", TypeError),
    ],
)
def test_roots(zk, root, error):
    """A root that is no absolute path is refused by the constructor."""
    with pytest.raises(error, match="lock_root"):
        ZkLock(zk, NAME, root)


@pytest.mark.parametrize("name", ["a b", "Größe", "☃", "a.b", "...", "-", "lock-0000000001", "%d"])
def test_unusual_names_that_are_fine(zk, name):
    """Whatever ZooKeeper takes as a node's name is a lock's name."""
    with ZkLock(zk, name)(timeout=5) as lease:
        assert lease.is_held


@pytest.mark.usefixtures("wire")
def test_the_longest_name(zk, other):
    """What is taken at the call goes through: queueing, asking, destroying, and its thread's name.

    Longer ones broke the connection, and the janitor's search for the node broke it for ever.
    """
    name = "n" * MAX_PATH
    who = "i" * MAX_IDENTIFIER
    holder, rival = (ZkLock(client, name, identifier=who) for client in (zk, other))
    broken = []
    for client in (zk, other):
        client.add_listener(broken.append)

    def acquire():
        thread = threading.current_thread()
        thread.name, before = "t" * 2_000_000, thread.name
        try:
            return holder.acquire(timeout=5)
        finally:
            thread.name = before

    assert acquire()
    holder.on_revoke(lambda lease, _: lease.release())
    assert rival.acquire(timeout=5, revoke=True)
    assert holder.acquire(timeout=5, revoke=IMMEDIATE)
    assert len(holder.contenders()) == 1
    holder.release()
    assert broken == []


@pytest.mark.usefixtures("untouched")
@pytest.mark.parametrize("argument", ["timeout", "grace"])
@pytest.mark.parametrize(
    ("seconds", "error"),
    [
        (-1, ValueError),
        (-0.001, ValueError),
        (float("nan"), ValueError),
        (float("-inf"), ValueError),
        (True, TypeError),
        (False, TypeError),
        ("5", TypeError),
        ([], TypeError),
        (1j, TypeError),
    ],
)
def test_time_spans(lock, argument, seconds, error):
    """Negative, NaN, boolean and worse: refused by acquire() and by lock(...), before any with."""
    more = {"revoke": True} if argument == "grace" else {}
    with pytest.raises(error, match=argument):
        lock.acquire(**{argument: seconds}, **more)
    with pytest.raises(error, match=argument):
        lock(**{argument: seconds}, **more)
    if argument == "timeout":
        with pytest.raises(error, match="session_timeout"):
            ZkLock(lock._session.client, NAME, session_timeout=seconds)


@pytest.mark.parametrize("seconds", [float("inf"), 1e300, 10**400, 1e10])
def test_time_spans_without_end(zk, lock, rival, seconds):
    """More seconds than the operating system can wait are no limit, and harm nobody."""
    lock.acquire(timeout=seconds)
    task = Task(zk, grab, rival, timeout=seconds, revoke=True, grace=seconds)
    wait_until(lambda: lock.revoked)
    lock.release()
    assert task.result().is_held


@pytest.mark.usefixtures("untouched")
def test_terms_of_revocation(lock):
    """What revoke= does not know is refused, and so is grace= without asking."""
    for wrong in (None, 1, "IMMEDIATE", "immediate", object()):
        with pytest.raises(TypeError, match="revoke"):
            lock.acquire(revoke=wrong)
        with pytest.raises(TypeError, match="revoke"):
            lock(revoke=wrong)
    with pytest.raises(ValueError, match="grace"):
        lock.acquire(grace=1)
    with pytest.raises(ValueError, match="grace"):
        lock.acquire(revoke=IMMEDIATE, grace=1)
    with pytest.raises(TypeError, match="callback"):
        lock.on_revoke(None)


@pytest.mark.parametrize("wrong", [None, "127.0.0.1:2181", object(), KazooClient])
def test_something_that_is_not_a_client(wrong):
    """The constructor says what it wants instead."""
    with pytest.raises(TypeError, match=r"client.*KazooClient"):
        ZkLock(wrong, NAME)


@pytest.mark.every_face
def test_a_client_that_is_not_started_or_stopped(zk_client_factory):
    """Each call that needs the server is an error at once, not a wait.

    kazoo's Lock, run: ConnectionClosedError at once since 2.8.
    """
    client = zk_client_factory(start=False)
    lock = ZkLock(client, NAME)

    def refused():
        for call in (
            lock.acquire,
            lambda: lock.acquire(timeout=0),
            lock.__enter__,
            lock(timeout=1).__enter__,
            lock.contenders,
            lock.revoke_all,
            lock.clear,
        ):
            with pytest.raises(ClientUnusableError, match="start"):
                call()

    refused()
    client.start()
    lease = grab(lock)
    client.stop()
    refused()
    assert lock.release() is False
    assert lock.has_lock() is False
    assert not lease.is_held
    client.close()
    refused()


@pytest.mark.parametrize("used_before", [True, False])
def test_a_client_that_crossed_a_fork(zk_hosts, zk, used_before):
    """In a forked child, whose client has no threads, calls are errors at once; nothing is held.

    kazoo, run: the child's first call hangs.
    """
    program = """
        import os, signal, sys
        from kazoo.client import KazooClient
        from zktools.exceptions import ClientUnusableError
        from zktools.locks import ZkLock

        client = KazooClient(sys.argv[1])
        client.start()
        if sys.argv[2] == "True":
            held = ZkLock(client, "held")
            held.acquire()
        if os.fork() == 0:
            signal.alarm(5)
            lock = ZkLock(client, "x")
            calls = [lock.acquire, lambda: lock.acquire(timeout=1), lock.contenders,
                     lock.revoke_all, lock.clear]
            if sys.argv[2] == "True":
                calls += [held.acquire]
            for number, call in enumerate(calls):
                try:
                    call()
                except ClientUnusableError:
                    continue
                os.write(1, f"call {number} is no error;".encode())
            if sys.argv[2] == "True" and any(
                [held.release(), held.has_lock(), held.lease.release(), held.lease.is_held]
            ):
                os.write(1, b"believes;")
            os._exit(0)
        status = os.wait()[1]
        if sys.argv[2] == "True":
            assert held.release()
        client.stop()
        sys.exit(status)
    """
    ran = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program), zk_hosts + zk.chroot, str(used_before)],
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )
    assert (ran.returncode, ran.stdout) == (0, ""), ran.stdout + ran.stderr


def test_no_permission_to_queue(zk, lock):
    """A folder that lets nobody in is an AccessDeniedError, which is kazoo's NoAuthError too."""
    zk.ensure_path("/ZktoolsLocks")
    zk.create(FOLDER, acl=[make_acl("world", "anyone", read=True)])
    with pytest.raises(AccessDeniedError) as raised:
        lock.acquire(timeout=5)
    assert isinstance(raised.value, NoAuthError)
    assert isinstance(raised.value, PermissionError)
    assert queue(zk) == []


def test_no_permission_to_look(zk, lock):
    """A folder one may write but not read is an error too, and the node made there is removed."""
    zk.ensure_path("/ZktoolsLocks")
    zk.create(FOLDER, acl=[make_acl("world", "anyone", create=True, delete=True)])
    with pytest.raises(AccessDeniedError):
        lock.acquire(timeout=5)
    with pytest.raises(AccessDeniedError):
        lock.contenders()

    def is_empty():
        # Who may not read may not even look, since ZooKeeper 3.8.4 and 3.9.2.
        try:
            zk.delete(FOLDER)
        except NotEmptyError:
            return False
        return True

    wait_until(is_empty)


def test_no_permission_to_make_the_folder(zk, lock):
    """Where the root may not be made, or nothing below it, the error says so at once."""
    zk.create("/ZktoolsLocks", acl=[make_acl("world", "anyone", read=True, delete=True)])
    with pytest.raises(AccessDeniedError, match="creating"):
        lock.acquire(timeout=5)
    assert zk.get_children("/ZktoolsLocks") == []


def test_a_chroot_that_is_not_there(zk_client_factory, zk_hosts):
    """A client whose chroot nobody has made is told to make it."""
    nowhere = KazooClient(zk_hosts + "/no-such/place")
    with pytest.warns(UserWarning, match="No chroot"):
        nowhere.start()
    try:
        with pytest.raises(MissingNodeError, match="/no-such/place does not exist"):
            ZkLock(nowhere, NAME).acquire(timeout=5)
    finally:
        nowhere.stop()
        nowhere.close()


@pytest.mark.usefixtures("untouched")
def test_access_lists(zk):
    """What is not a list of kazoo's ACLs is refused by the constructor."""
    entry = make_digest_acl("user", "secret", all=True)
    for wrong in (entry, "world", [("world", "anyone")], [None], 7):
        with pytest.raises(TypeError, match="acl"):
            ZkLock(zk, NAME, acl=wrong)
    with pytest.raises(ValueError, match="acl"):
        ZkLock(zk, NAME, acl=[])


def test_the_access_list_is_used(zk, zk_client_factory, wire):
    """The given ACL, or the client's default, is on candidates and the folders made for them."""
    narrow = [make_acl("world", "anyone", read=True, create=True, delete=True)]
    with ZkLock(zk, "given", acl=narrow) as lease:
        assert zk.get_acls(lease.path)[0] == narrow
        assert zk.get_acls("/ZktoolsLocks/given")[0] == narrow
    with ZkLock(zk, "none") as lease:
        assert zk.get_acls(lease.path)[0] == OPEN_ACL_UNSAFE
    client = zk_client_factory(default_acl=narrow)
    with ZkLock(client, "default") as lease:
        assert zk.get_acls(lease.path)[0] == narrow


@pytest.mark.usefixtures("untouched")
def test_identifiers(zk):
    """An identifier is text, and short enough for the server, which would drop the connection."""
    for wrong in (b"me", 7, ["me"]):
        with pytest.raises(TypeError, match="identifier"):
            ZkLock(zk, NAME, identifier=wrong)
    for long in ("x" * 1_100_000, "x" * 65_537, "\N{SNOWMAN}" * 30_000):
        with pytest.raises(ValueTooLargeError, match="identifier"):
            ZkLock(zk, NAME, identifier=long)


def test_the_longest_identifiers(zk, other, rival):
    """Two records of the greatest length, which JSON makes longer yet, fit in one node."""
    longest = "\0" * 65_536
    with ZkLock(zk, NAME, identifier=longest) as lease:
        assert ZkLock(other, NAME, identifier=longest).revoke_all()
        wait_until(lambda: lease.revoked)
        (holder,) = rival.contenders()
    assert holder.who["identifier"] == holder.who["unlock"]["identifier"] == longest


def test_an_identifier_of_any_text(zk, other):
    """Whatever text it is, others can read it."""
    with ZkLock(zk, NAME, identifier="Größe ☃ \ud800\n\0"):
        (holder,) = ZkLock(other, NAME).contenders()
    assert holder.who["identifier"].startswith("Größe ☃ ")
