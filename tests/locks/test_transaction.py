"""Transactions that commit only while the lock is held."""

import pytest
from kazoo.exceptions import KazooException
from kazoo.security import make_acl

from tests.locks.faces import ZkLock
from tests.locks.support import NAME
from zktools.exceptions import (
    AccessDeniedError,
    ConflictError,
    LockLost,
    MissingNodeError,
    OutcomeUnknownError,
    ValueTooLargeError,
    ZkToolsError,
)
from zktools.testing import Op, wait_until

pytestmark = [pytest.mark.usefixtures("wire"), pytest.mark.every_face]


def test_it_commits_while_held(zk, lock):
    """All operations are carried out together; commit() answers one result for each."""
    zk.create("/old")
    with lock as lease, lease.transaction() as t:
        t.create("/a", b"1")
        t.set_data("/a", b"2")
        t.create("/q-", sequence=True)
        t.check("/a", 1)
        t.delete("/old")

    assert zk.get("/a")[0] == b"2"
    assert zk.exists("/q-0000000001") or zk.exists("/q-0000000002") or zk.exists("/q-0000000003")
    assert zk.exists("/old") is None
    with lock as lease:
        t = lease.transaction()
        t.set_data("/a", b"3")
        t.create("/b")
        stat, path = t.commit()
    assert (stat.version, path) == (2, "/b")


def test_a_failing_operation_raises(zk, lock):
    """Each failure is raised by its own name, and nothing is changed.

    kazoo's transaction, run: `with` ends without an error, and nothing was done.
    """
    zk.create("/a", b"1")
    zk.create("/mine", acl=[make_acl("world", "anyone", read=True)])
    cases = [
        (lambda t: t.set_data("/missing", b""), MissingNodeError),
        (lambda t: t.create("/a"), ConflictError),
        (lambda t: t.create("/missing/child"), MissingNodeError),
        (lambda t: t.set_data("/a", b"2", version=7), ConflictError),
        (lambda t: t.check("/a", 7), ConflictError),
        (lambda t: t.delete("/missing"), MissingNodeError),
        (lambda t: t.set_data("/mine", b""), AccessDeniedError),
        (lambda t: t.delete("/ZktoolsLocks"), ZkToolsError),
    ]
    with lock as lease:
        for operation, error in cases:
            with pytest.raises(error), lease.transaction() as t:  # noqa: PT012 - at its end
                t.create("/first")
                operation(t)
                t.create("/last")
            assert zk.exists("/first") is None
            assert zk.exists("/last") is None
        assert lease.is_held


def test_an_exception_in_the_body_commits_nothing(zk, lock):
    """What the body raises goes on, and nothing was sent."""
    with lock as lease:
        with pytest.raises(ZeroDivisionError), lease.transaction() as t:  # noqa: PT012
            t.create("/a")
            raise ZeroDivisionError
        assert zk.exists("/a") is None


def test_refused_here_once_released_or_lost(zk, lock):
    """After release, or a loss that is known, LockLost is raised without asking the server."""
    with lock as lease:
        t = lease.transaction()
        t.create("/a")
    with pytest.raises(LockLost, match="it was released"):
        t.commit()
    with lock as lease:
        zk.delete(lease.path)
        wait_until(lease.lost.is_set)
        with pytest.raises(LockLost, match="destroyed"), lease.transaction() as t:
            t.create("/a")
        with pytest.raises(LockLost):
            lease.check()
    assert zk.exists("/a") is None


def test_refused_by_the_server(zk, lock, monkeypatch):
    """A holder that does not know yet is refused by the server, atomically, with LockLost."""
    with lock as lease:
        zk.delete(lease.path)
        t = lease.transaction()
        t.create("/a")
        monkeypatch.setattr(t, "_refuse_if_over", lambda: None)
        with pytest.raises(LockLost, match="is gone"):
            t.commit()
    assert zk.exists("/a") is None


def test_no_answer_is_an_outcome_unknown(zk, far, far_lock, zk_proxy):
    """When the reply is lost the change may have been made, and the error says so."""
    with far_lock as lease:
        zk_proxy.drop_reply(Op.MULTI)
        with pytest.raises(OutcomeUnknownError), lease.transaction() as t:
            t.create("/a")
        assert zk.exists("/a")


def test_no_answer_in_time_is_an_outcome_unknown(zk_client_factory, zk_proxy):
    """Into a black hole, commit() comes back within the session timeout."""
    far_lock = ZkLock(zk_client_factory(zk_proxy.hosts, timeout=0.6), NAME)
    with far_lock as lease:
        t = lease.transaction()
        t.create("/a")
        zk_proxy.swallow()
        with pytest.raises((OutcomeUnknownError, LockLost)):
            t.commit()
        zk_proxy.heal()


def test_bad_input_is_refused_before_anything_is_sent(lock):
    """Wrong types, paths and sizes are errors at the call; the transaction can go on without."""
    with lock as lease:
        t = lease.transaction()
        with pytest.raises(TypeError, match="value must be bytes"):
            t.create("/a", "text")
        with pytest.raises(ValueError, match="path must be absolute"):
            t.set_data("a", b"")
        with pytest.raises(TypeError, match="path must be a str"):
            t.delete(b"/a")
        with pytest.raises(ValueTooLargeError, match="value has"):
            t.create("/a", b"x" * 1_100_000)
        for number in range(3):
            t.create(f"/big{number}", b"x" * 300_000)
        with pytest.raises(ValueTooLargeError, match="the transaction has"):
            t.create("/big3", b"x" * 300_000)
        assert len(t.commit()) == 3
        assert lease.is_held


def test_acls_count(lock):
    """Of what a request may take, they take a part too."""
    acl = [make_acl("digest", "x" * 60_000, all=True)]
    with lock as lease:
        t = lease.transaction()
        for number in range(17):
            t.create(f"/acl{number}", acl=acl)
        with pytest.raises(ValueTooLargeError, match="the transaction has"):
            t.create("/acl17", acl=acl)


def test_an_empty_transaction_asks_whether_the_lock_is_held(zk, lock):
    """Committing nothing is a check by the server."""
    with lock as lease:
        assert lease.transaction().commit() == []


def test_committing_twice(lock):
    """A transaction is sent once; a second commit is an error, of Python's own kind."""
    with lock as lease:
        t = lease.transaction()
        t.create("/a")
        t.commit()
        with pytest.raises((ValueError, RuntimeError)) as raised:
            t.commit()
        assert not isinstance(raised.value, KazooException)


def test_locks_guard_only_themselves(zk, other):
    """A lock's transaction does not depend on other locks."""
    one, two = ZkLock(zk, "one"), ZkLock(zk, "two")
    with one as first:
        with two as second:
            other.delete(second.path)
            wait_until(second.lost.is_set)
        first.transaction().commit()
