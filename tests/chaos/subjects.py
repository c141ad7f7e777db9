"""The locks under test, all spoken to in one way.

An `Attempt` is one try for the lock. ``zktools`` is ours; ``kazoo`` is the control; ``plain`` and
the names in `broken.defects` are for testing the checker.
"""

# ruff: noqa: ARG002, D102 - what the methods do is written at `Attempt` and `Subject`

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from kazoo.client import KazooClient
from kazoo.exceptions import CancelledError, KazooException, LockTimeout, NoNodeError
from kazoo.recipe.lock import Lock, ReadLock, WriteLock

from tests.chaos.awaiting import Awaiting
from tests.chaos.broken.defects import DEFECTS
from tests.chaos.broken.plain import PlainLock
from tests.chaos.leased import Leased
from tests.chaos.unruly import SELDOM, Unruly
from zktools import IMMEDIATE, ZkReadLock, ZkWriteLock, hooks
from zktools.exceptions import LockCancelled, LockLost, OutcomeUnknownError

ROOT, NAME = "/locks", "contended"
FOLDER = f"{ROOT}/{NAME}"

ACQUIRED, REFUSED, CANCELLED = "acquired", "refused", "cancelled"
OK, UNKNOWN = "ok", "unknown"

Told = Callable[[int, str], None]


class Attempt(Protocol):
    """One try for the lock."""

    again: bool
    """Whether what it acquired is the node of one before, which was kept."""

    def acquire(self, timeout: float | None, revoke: str | None) -> str:
        """`ACQUIRED`, `REFUSED` or `CANCELLED`."""

    def cancel(self) -> None:
        """Make `acquire` give up, from another thread."""

    def held(self) -> bool:
        """What the library says about whether the lock is held now. Asked all the time."""

    def revoked(self) -> bool:
        """Whether to leave early."""

    def token(self) -> int | None:
        """The fencing token, where the library has one."""

    def guarded_set(self, path: str, value: bytes) -> str:
        """Set a znode, guarded as far as the library can: `OK`, `REFUSED` or `UNKNOWN`."""

    def release(self) -> bool:
        """Let go; what the library answers."""


class Subject(Protocol):
    """Makes attempts for one worker."""

    def attempt(self, kind: str) -> Attempt:
        """A try for the ``"write"`` or the ``"read"`` lock."""


class Zktools:
    """Two lock objects for as long as the worker lives, as an application would have."""

    _sticky: float | None = None

    def __init__(self, client: KazooClient, who: str, _timeout: float, told: Told) -> None:
        self._locks = {
            "write": ZkWriteLock(client, NAME, ROOT, identifier=who, sticky=self._sticky),
            "read": ZkReadLock(client, NAME, ROOT, identifier=who),
        }
        hooks.observe(Unruly(SELDOM))
        for lock in self._locks.values():
            lock.on_revoke(lambda lease, reason: told(lease.token, reason.value))
            lock.on_revoke(Unruly())  # which is nothing to the next hold

    def attempt(self, kind: str) -> Attempt:
        return ZktoolsAttempt(self._locks[kind])


class ZktoolsAttempt(Leased):
    """As `Attempt`."""

    def __init__(self, lock: Any) -> None:
        self._lock = lock

    def acquire(self, timeout: float | None, revoke: str | None) -> str:
        how = IMMEDIATE if revoke == "immediate" else revoke == "ask"
        try:
            acquired = self._lock.acquire(timeout, how)
        except LockCancelled:
            return CANCELLED
        self._lease = self._lock.lease
        return ACQUIRED if acquired else REFUSED

    def cancel(self) -> None:
        self._lock.cancel()

    def guarded_set(self, path: str, value: bytes) -> str:
        try:
            with self._lease.transaction() as transaction:
                transaction.set_data(path, value)
        except OutcomeUnknownError:
            return UNKNOWN
        except LockLost:
            return REFUSED
        return OK

    def release(self) -> bool:
        return bool(self._lock.release())


class Sticky(Zktools):
    """The same, keeping the writer's node for as long as nobody else comes."""

    _sticky = 1.0

    def __init__(self, client: KazooClient, who: str, timeout: float, told: Told) -> None:
        super().__init__(client, who, timeout, told)
        self._tokens: set[int | None] = set()

    def attempt(self, kind: str) -> Attempt:
        return StickyAttempt(self._locks[kind], self._tokens)


class StickyAttempt(ZktoolsAttempt):
    """As `Attempt`; `tokens` are those of all before it."""

    def __init__(self, lock: Any, tokens: set[int | None]) -> None:
        super().__init__(lock)
        self._tokens = tokens

    def acquire(self, timeout: float | None, revoke: str | None) -> str:
        outcome = super().acquire(timeout, revoke)
        if outcome == ACQUIRED:
            self.again = self.token() in self._tokens
            self._tokens.add(self.token())
        return outcome


class Kazoo:
    """kazoo's own locks, a new object for each attempt: one that lost its session is unusable."""

    def __init__(self, client: KazooClient, who: str, _timeout: float, _told: Told) -> None:
        self._client = client
        self._who = who

    def attempt(self, kind: str) -> Attempt:
        made = ReadLock if kind == "read" else WriteLock
        return KazooAttempt(self._client, made(self._client, FOLDER, identifier=self._who))


class KazooAttempt:
    """As `Attempt`. There is no token and no guard, so writes go unguarded, as its users' do."""

    again = False

    def __init__(self, client: KazooClient, lock: Lock) -> None:
        self._client = client
        self._lock = lock

    def acquire(self, timeout: float | None, revoke: str | None) -> str:
        try:
            acquired = self._lock.acquire(blocking=timeout != 0, timeout=timeout or None)
        except LockTimeout:
            return REFUSED
        except CancelledError:
            return CANCELLED
        return ACQUIRED if acquired else REFUSED

    def cancel(self) -> None:
        self._lock.cancel()

    def held(self) -> bool:
        return bool(self._lock.is_acquired)

    def revoked(self) -> bool:
        return False

    def token(self) -> int | None:
        return None

    def guarded_set(self, path: str, value: bytes) -> str:
        return plain_set(self._client, path, value)

    def release(self) -> bool:
        return bool(self._lock.release())


class Plain:
    """Makes the small lock, or one of its broken likes."""

    made: type[PlainLock] = PlainLock

    def __init__(self, client: KazooClient, who: str, timeout: float, _told: Told) -> None:
        self._client = client
        self._who = who
        self._timeout = timeout

    def attempt(self, kind: str) -> Attempt:
        lock = self.made(self._client, FOLDER, self._who, self._timeout)
        return PlainAttempt(self._client, lock)


class PlainAttempt:
    """As `Attempt`."""

    again = False

    def __init__(self, client: KazooClient, lock: PlainLock) -> None:
        self._client = client
        self._lock = lock

    def acquire(self, timeout: float | None, revoke: str | None) -> str:
        return ACQUIRED if self._lock.acquire(timeout) else REFUSED

    def cancel(self) -> None:
        self._lock.cancel()

    def held(self) -> bool:
        return self._lock.held

    def revoked(self) -> bool:
        return False

    def token(self) -> int | None:
        return self._lock.token

    def guarded_set(self, path: str, value: bytes) -> str:
        request = self._lock.transaction()
        request.set_data(path, value)
        try:
            results = request.commit_async().get(timeout=5.0)
        except (KazooException, self._client.handler.timeout_exception):
            return UNKNOWN
        return REFUSED if isinstance(results[0], NoNodeError) else OK

    def release(self) -> bool:
        return self._lock.release()


def plain_set(client: KazooClient, path: str, value: bytes) -> str:
    """Set a znode without any guard."""
    try:
        client.set_async(path, value).get(timeout=5.0)
    except (KazooException, client.handler.timeout_exception):
        return UNKNOWN
    return OK


def _broken(made: type[PlainLock]) -> type[Plain]:
    return type(made.__name__, (Plain,), {"made": made})


def _awaiting(client: KazooClient, who: str, _timeout: float, told: Told) -> Subject:
    return Awaiting(client, who, ROOT, NAME, told)


def _faces(client: KazooClient, who: str, timeout: float, told: Told) -> Subject:
    """Threads and asyncio, one against the other."""
    made = Zktools if sum(who.encode()) % 2 else _awaiting
    return made(client, who, timeout, told)


SUBJECTS: dict[str, Callable[[KazooClient, str, float, Told], Subject]] = {
    "zktools": Zktools,
    "sticky": Sticky,
    "asyncio": _awaiting,
    "faces": _faces,
    "kazoo": Kazoo,
    "plain": Plain,
    **{name: _broken(made) for name, made in DEFECTS.items()},
}

#: What cannot be shared, and is never told to let go.
EXCLUSIVE_ONLY = ("plain", *DEFECTS)
