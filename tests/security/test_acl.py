"""What ACLs keep others from doing to a lock; docs/security.rst says so in a table."""

import os

import pytest
from kazoo.client import KazooClient
from kazoo.exceptions import NoAuthError
from kazoo.security import make_acl, make_digest_acl

from zktools import Node, NodeDict, ZkLock
from zktools.exceptions import AccessDeniedError, LockLost
from zktools.testing import wait_until

USER = ("digest", "reporter:a long secret")
OURS = [make_digest_acl("reporter", "a long secret", all=True)]


@pytest.fixture
def owner(zk_client_factory):
    """A client that is logged in."""
    return zk_client_factory(auth_data=[USER])


@pytest.fixture
def stranger(zk_client_factory):
    """A client that is not."""
    return zk_client_factory()


@pytest.fixture
def held(owner):
    """A lock of the owner's, in folders of its own, held."""
    lock = ZkLock(owner, "nightly", "/reports", acl=OURS)
    lock.acquire()
    return lock


def test_a_stranger_can_neither_queue_nor_look_nor_clear(held, stranger):
    """Each is refused by its own error, and the hold is none the worse."""
    theirs = ZkLock(stranger, "nightly", "/reports")

    for attempt in (lambda: theirs.acquire(timeout=5), theirs.contenders, theirs.clear):
        with pytest.raises(AccessDeniedError):
            attempt()
    assert held.has_lock()


def test_a_stranger_can_neither_ask_nor_destroy_a_holder(held, stranger):
    """Even one who knows the name of the candidate."""
    with pytest.raises(NoAuthError):
        stranger.set(held.lease.path, b"unlock")
    with pytest.raises(NoAuthError):
        stranger.delete(held.lease.path)
    assert not held.revoked


def test_two_who_log_in_share_the_lock(held, zk_client_factory):
    """All users of a lock need all rights on it: the second can ask, and is served."""
    second = ZkLock(zk_client_factory(auth_data=[USER]), "nightly", "/reports", acl=OURS)
    held.on_revoke(lambda lease, _reason: lease.release())

    assert second.acquire(timeout=10, revoke=True)


def test_nodes_are_closed_to_strangers(owner, stranger):
    """Neither read nor written; the owner's value stays."""
    with Node(owner, "/status", default="running", acl=OURS) as node:
        with pytest.raises(AccessDeniedError):
            Node(stranger, "/status")
        with pytest.raises(NoAuthError):
            stranger.set("/status", b"hacked")
        assert node.value == "running"


def test_a_dictionary_is_closed_to_strangers(owner, stranger):
    """Its folder and its keys."""
    with NodeDict(owner, "/rates", acl=OURS) as rates:
        rates["eur"] = 1
        with pytest.raises(AccessDeniedError):
            NodeDict(stranger, "/rates")


def test_a_folder_that_is_there_keeps_its_acl(owner, stranger):
    """``acl=`` is for what is created: in an open folder anybody can still destroy a hold."""
    stranger.ensure_path("/reports/nightly")
    lock = ZkLock(owner, "nightly", "/reports", acl=OURS)
    lock.acquire()

    writing = lock.lease.transaction()
    writing.create("/mine", b"")
    stranger.delete(lock.lease.path)

    assert lock.lease.lost.wait(10)
    with pytest.raises(LockLost):
        writing.commit()
    assert not owner.exists("/mine")


def test_whoever_may_read_the_folder_sees_who_holds_and_who_waits(owner, stranger):
    """The record of a candidate is in its data, for everybody who may list and read it."""
    readable = [*OURS, make_acl("world", "anyone", read=True)]
    lock = ZkLock(owner, "nightly", "/reports", acl=readable)
    lock.acquire()

    (seen,) = ZkLock(stranger, "nightly", "/reports").contenders()
    assert seen.holds
    assert seen.who["pid"] == os.getpid()


def test_whoever_knows_a_sessions_password_can_end_it_with_all_that_it_holds(held, zk_hosts):
    """Session id and password are all the server asks for; the holder learns of it."""
    thief = KazooClient(zk_hosts, client_id=held._session.client.client_id)
    thief.start()
    thief.stop()
    thief.close()

    wait_until(held.lease.lost.is_set)
    assert not held.lease.is_held


def test_what_is_written_to_a_candidate_decides_nothing_but_asking(owner, stranger):
    """Whoever may write it can ask the holder to let go, and cannot take the lock away."""
    lock = ZkLock(owner, "nightly", "/open")
    lock.acquire()

    stranger.set(lock.lease.path, b"I hold this lock")
    assert not ZkLock(stranger, "nightly", "/open").acquire(timeout=0)
    assert lock.lease.is_held


def test_whoever_may_create_in_the_folder_can_block_the_lock(owner, stranger):
    """A node named like a candidate counts as one, and need not even go with a session."""
    stranger.ensure_path("/open/nightly")
    stranger.create("/open/nightly/lock-0000000000")
    for _ in range(2):  # the folder's counter is past the forged number
        owner.delete(owner.create("/open/nightly/x", sequence=True))
    lock = ZkLock(owner, "nightly", "/open")

    assert not lock.acquire(timeout=0)
    lock.clear()
    assert lock.acquire(timeout=0)
