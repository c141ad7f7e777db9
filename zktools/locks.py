"""Locks: revocable, fair, shared or exclusive, and honest about whether they are held.

A lock is a folder of candidates in ZooKeeper; the algorithm is the "locks" and "shared locks"
recipe of the ZooKeeper documentation, with its "revocable shared locks with freaking laser beams",
as zktools 0.2 had it, and with grants that need no listing. :mod:`zktools._queue.claim` tells how.
"""

from __future__ import annotations

import enum
import logging
from collections.abc import Callable, Sequence
from contextlib import suppress
from types import TracebackType
from typing import ClassVar, Final, Literal, TypeVar

from kazoo.client import KazooClient
from kazoo.security import ACL

from zktools._engine.arguments import (
    check_acl,
    check_identifier,
    check_name,
    check_path,
    check_seconds,
)
from zktools._engine.local import local_object
from zktools._engine.outcome import Outcome
from zktools._engine.session import session_of
from zktools._engine.steps import run
from zktools._queue import order, record
from zktools._queue.claim import Claim
from zktools._queue.layouts import ZKTOOLS
from zktools._queue.revocation import Request
from zktools._queue.terms import Reason, Revocation, Terms
from zktools.contenders import Contender, candidates, contenders
from zktools.exceptions import AlreadyHeldError, LockTimeout, MissingNodeError, translate
from zktools.lease import Lease

__all__ = ["IMMEDIATE", "Lease", "Reason", "ZkLock", "ZkReadLock", "ZkWriteLock"]

log = logging.getLogger("zktools.locks")

OnRevoke = Callable[[Lease, Reason], object]
F = TypeVar("F", bound=OnRevoke)


class Immediate(enum.Enum):
    """The type of :data:`IMMEDIATE`."""

    IMMEDIATE = "immediate"

    def __repr__(self) -> str:
        return "IMMEDIATE"


#: For ``acquire(revoke=IMMEDIATE)``: destroy the candidates that block, without asking.
IMMEDIATE: Final = Immediate.IMMEDIATE

Revoke = bool | Literal[Immediate.IMMEDIATE]


class ZkLock:
    """An exclusive lock.

    :param connection: a started :class:`kazoo.client.KazooClient`, which stays yours.
    :param lock_name: one component of a path. Locks of the same name and root exclude each other.
    :param lock_root: the folder of all locks; an absolute path.
    :param identifier: who you are, for those who look at the queue; free text of at most 64 KiB.
    :param acl: for the candidates and the folders made for them; the client's ``default_acl``
        unless given.
    :param reentrant: whether a thread that holds the lock may acquire it again; it has to release
        it as often.
    :param session_timeout: seconds that the server grants to sessions, where that is known to be
        less than the client asked for. Otherwise it is found out.

    Making one sends nothing. An object may be shared by threads; each queues and holds for itself.
    Fair: first come, first served.
    """

    _kind: ClassVar[str] = order.LOCK

    def __init__(
        self,
        connection: KazooClient,
        lock_name: str,
        lock_root: str = "/ZktoolsLocks",
        *,
        identifier: str | None = None,
        acl: Sequence[ACL] | None = None,
        reentrant: bool = False,
        session_timeout: float | None = None,
    ) -> None:
        self._session = session_of(connection)
        self._name = check_name(lock_name, "lock_name")
        root = check_path(lock_root, "lock_root")
        self._folder = f"{root.removesuffix('/')}/{self._name}"
        self._identifier = check_identifier(identifier, "identifier")
        self._acl = check_acl(acl, "acl")
        self._reentrant = reentrant
        self._session_timeout = check_seconds(session_timeout, "session_timeout") or None
        self._local = local_object(self._session.handler)
        self._pending: set[Claim] = set()
        self._callbacks: list[OnRevoke] = []

    # -- acquiring and releasing ---------------------------------------------------------------

    def acquire(
        self, timeout: float | None = None, revoke: Revoke = False, *, grace: float | None = None
    ) -> bool:
        """Acquire the lock for this thread. True when it did, False when the time ran out.

        :param timeout: seconds; None waits for ever, 0 does not wait for others. It is one deadline
            for everything, and holds while the client is disconnected too.
        :param revoke: True asks those who block to let go, and waits; :data:`IMMEDIATE` destroys
            their nodes, so that they have lost the lock whether they stop or not.
        :param grace: with ``revoke=True``: seconds after which those who were asked and are still
            there are destroyed.
        :raises AlreadyHeldError: this thread holds the lock, and it is not reentrant.
        :raises LockCancelled: :meth:`cancel` was called.
        :raises ClientUnusableError: the client is not started, was stopped, or crossed a fork.
        :raises AccessDeniedError: an ACL refuses it.

        After False, or any exception, no candidate of this call is left in the queue, or it is
        being deleted.
        """
        return self._take(timeout, revoke, grace) is not None

    def _take(self, timeout: float | None, revoke: Revoke, grace: float | None) -> Lease | None:
        seconds = check_seconds(timeout, "timeout")
        revocation = _revocation(revoke, grace)
        patience = check_seconds(grace, "grace")
        self._session.check_usable()
        held = self.lease
        if held is not None and not held._hold.is_over:
            return self._enter_again(held)
        claim = Claim(
            self._session,
            Terms(
                folder=self._folder,
                layout=ZKTOOLS,
                kind=self._kind,
                permits=None,
                who=record.describe_caller(self._identifier),
                acl=self._acl,
                session_timeout=self._session_timeout,
                wait=seconds != 0,
                revocation=revocation,
                grace=patience,
                on_revoke=lambda reason: self._call_back(lease, reason),
            ),
        )
        lease = Lease(claim)
        return self._attempt(claim, lease, seconds)

    def _attempt(self, claim: Claim, lease: Lease, seconds: float | None) -> Lease | None:
        # Not waiting for others is not waiting for nothing: the server has to answer once.
        patience = seconds if seconds != 0 else self._session.wire.session_timeout
        try:
            self._pending.add(claim)
            claim.start()
            claim.settled.wait(patience)
            claim.abandon()
            claim.raise_error()
            granted = claim.is_granted
            if granted:
                self._local.lease = lease
            self._pending.discard(claim)
        except BaseException:
            # KeyboardInterrupt and gevent.Timeout too: nobody would ever release it.
            self._pending.discard(claim)
            if not claim.abandon():
                claim.release_later()
            raise
        # Nothing is called from here to the body of a `with`: no signal can come in between.
        return lease if granted else None

    def _enter_again(self, lease: Lease) -> Lease:
        if not self._reentrant:
            raise AlreadyHeldError(
                f"this thread already holds {self._folder}; release it first, or make the lock "
                "with reentrant=True"
            )
        lease._depth += 1
        return lease

    def release(self) -> bool:
        """Let go of this thread's hold. True when it was valid until now, False otherwise.

        See :meth:`Lease.release`. A reentrant lock is let go by the last of its releases.
        """
        lease = self.lease
        if lease is None:
            return False
        lease._depth -= 1
        if lease._depth > 0:
            return lease.is_held
        return lease.release()

    def cancel(self) -> bool:
        """Make the acquires that wait on this object now, in any thread, raise LockCancelled.

        Later acquires are not affected. Whether there were any.
        """
        cancelled = [claim for claim in list(self._pending) if claim.cancel()]
        return bool(cancelled)

    def __call__(
        self, timeout: float | None = None, revoke: Revoke = False, *, grace: float | None = None
    ) -> Acquisition:
        """For ``with lock(timeout=5, revoke=True) as lease:``; arguments as for :meth:`acquire`.

        Entering raises :class:`LockTimeout` when the time runs out, so the body never runs without
        the lock. Leaving releases.
        """
        check_seconds(timeout, "timeout")
        check_seconds(grace, "grace")
        _revocation(revoke, grace)
        return Acquisition(self, timeout, revoke, grace)

    def __enter__(self) -> Lease:
        """Acquire without a limit; the target of ``as`` is the :class:`Lease`."""
        return Acquisition(self, None, False, None).__enter__()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.release()

    # -- the state of this thread's hold -------------------------------------------------------

    @property
    def lease(self) -> Lease | None:
        """This thread's newest lease, even if it is over; None when there never was one."""
        lease: Lease | None = getattr(self._local, "lease", None)
        return lease

    @property
    def revoked(self) -> bool:
        """Whether this thread's hold was asked back, destroyed or lost. Reset by acquiring."""
        return self.lease is not None and self.lease.revoked

    def has_lock(self) -> bool:
        """Ask ZooKeeper whether this thread holds the lock. False when it does not answer."""
        lease = self.lease
        return lease is not None and not lease._hold.is_over and lease.exists()

    @property
    def connected(self) -> bool:
        """Whether the client is connected to ZooKeeper."""
        return self._session.connected

    def on_revoke(self, callback: F) -> F:
        """Call ``callback(lease, reason)`` when a hold of this object is revoked. A decorator too.

        Once per hold, at the first reason, on a thread of zktools' own: it may take its time, use
        ZooKeeper, take locks, or release the lease. It may run for several holds at the same time,
        and delays no other hold. What it raises is logged; ``sys.exit()`` ends nothing.
        """
        if not callable(callback):
            raise TypeError(f"callback must be callable, not {type(callback).__name__}")
        self._callbacks.append(callback)
        self._session.delivery.revocations.stand_by()
        return callback

    def _call_back(self, lease: Lease, reason: Reason) -> None:
        if self._callbacks:
            self._session.delivery.revocations.run(self._run_callbacks, lease, reason)

    def _run_callbacks(self, lease: Lease, reason: Reason) -> None:
        for callback in list(self._callbacks):
            try:
                callback(lease, reason)
            except BaseException:
                name = getattr(callback, "__qualname__", repr(callback))
                log.exception("%s: the on_revoke callback %s failed", self._folder, name)

    # -- the whole queue -----------------------------------------------------------------------

    def contenders(self) -> list[Contender]:
        """All candidates in the order of the queue, holders first.

        :raises NotConnectedError: no answer within the session timeout.
        """
        self._session.check_usable()
        return run(contenders(self._session, self._folder, ZKTOOLS))

    def revoke_all(self) -> bool:
        """Ask every candidate to let go, holding or waiting. False when there was none.

        :raises NotConnectedError: no answer within the session timeout.
        """
        self._session.check_usable()
        asked = []
        by = record.describe_caller(self._identifier)
        for candidate in run(candidates(self._session, self._folder, ZKTOOLS)):
            outcome = Outcome(self._session.handler)
            path = f"{self._folder}/{candidate.name}"
            self._session.engine.post(Request(self._session, ZKTOOLS, path, by, outcome.set).start)
            asked.append(outcome)
        outcomes = [self._session.wait(o, f"asking {self._folder}", changes=True) for o in asked]
        for outcome in outcomes:
            if isinstance(outcome, BaseException):
                raise translate(outcome, f"asking {self._folder}") from outcome
        return any(outcomes)

    def clear(self) -> None:
        """Delete all candidates: whoever holds the lock has lost it, whoever waits queues again.

        :raises NotConnectedError: no answer within the session timeout.
        """
        self._session.check_usable()
        # The last first: a waiter is not granted what is taken from it the next moment.
        for candidate in reversed(run(candidates(self._session, self._folder, ZKTOOLS))):
            path = f"{self._folder}/{candidate.name}"
            deleted = self._session.ask(self._session.client.delete_async, path)
            with suppress(MissingNodeError):
                self._session.wait(deleted, f"clearing {self._folder}", changes=True)

    def __repr__(self) -> str:
        lease = self.lease
        held = "held by this thread" if lease is not None and lease.is_held else "not held here"
        return f"<{type(self).__name__} {self._folder} {held}>"


class ZkWriteLock(ZkLock):
    """The exclusive half of a shared lock: waits for all candidates ahead of it."""

    _kind = order.WRITE


class ZkReadLock(ZkLock):
    """The shared half of a shared lock: waits for the writers ahead of it, held by many."""

    _kind = order.READ


class Acquisition:
    """What ``lock(...)`` gives to a ``with`` statement."""

    def __init__(
        self, lock: ZkLock, timeout: float | None, revoke: Revoke, grace: float | None
    ) -> None:
        self._lock = lock
        self._timeout = timeout
        self._revoke: Revoke = revoke
        self._grace = grace

    def __enter__(self) -> Lease:
        """Acquire.

        :raises LockTimeout: when the time ran out.
        """
        lease = self._lock._take(self._timeout, self._revoke, self._grace)
        if lease is None:
            raise LockTimeout(f"{self._lock!r} was not acquired within {self._timeout} s")
        return lease

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._lock.release()


def _revocation(revoke: object, grace: float | None) -> Revocation:
    if revoke is IMMEDIATE and grace is None:
        return Revocation.DESTROY
    if not isinstance(revoke, bool):
        if revoke is IMMEDIATE:
            raise ValueError("grace goes with revoke=True; IMMEDIATE does not wait")
        raise TypeError(f"revoke must be True, False or IMMEDIATE, not {revoke!r}")
    if grace is not None and not revoke:
        raise ValueError("grace goes with revoke=True: it is the time given after asking")
    return Revocation.ASK if revoke else Revocation.NONE
