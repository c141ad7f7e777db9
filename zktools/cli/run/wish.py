"""What ``zooky run`` is asked for, and getting it."""

from __future__ import annotations

from dataclasses import dataclass

from zktools._queue.demand import Revoke
from zktools._queue.layouts import LayoutName
from zktools.cli.connection import Connection
from zktools.cli.durations import in_words
from zktools.cli.run.signals import Signals
from zktools.cli.run.telling import NotAcquired
from zktools.cli.settings import LOCKS, ROOTS
from zktools.lease import Lease
from zktools.locks import ZkReadLock, ZkWriteLock
from zktools.semaphore import ZkSemaphore


@dataclass(frozen=True)
class Wish:
    """What the options ask for."""

    name: str
    read: bool
    permits: int | None
    weight: int
    timeout: float | None
    revoke: Revoke
    revoke_grace: float | None
    stop_grace: float
    hold_at_least: float
    once: str | None
    identifier: str
    layout: LayoutName
    quiet: bool
    says_it_waits: bool
    conflict_status: int

    def place(self, connection: Connection) -> Connection:
        """The connection, with the root where such a lock is unless the options say another."""
        return with_root(connection, ROOTS["locks" if self.permits is None else "semaphores"])


def with_root(connection: Connection, root: str) -> Connection:
    """The connection with this root, unless the options say another."""
    return connection if connection.settings.lock_root != LOCKS else connection.at_root(root)


def acquire(connection: Connection, wish: Wish, signals: Signals) -> Lease:
    """The lease, once it is granted; a ring of `signals` tells that it is revoked.

    :raises NotAcquired: it was not granted in time.
    """
    if wish.permits is not None:
        lease = _permit(connection, wish, signals)
    else:
        lease = _lock(connection, wish, signals)
    if lease is None:
        raise NotAcquired(
            wish.conflict_status,
            f"{wish.name} was not acquired within {in_words(wish.timeout or 0)}; "
            f"`{connection.line(f'show {wish.name}')}` tells who has it",
            quiet=wish.quiet,
        )
    return lease


def _lock(connection: Connection, wish: Wish, signals: Signals) -> Lease | None:
    kind = ZkReadLock if wish.read else ZkWriteLock
    root = connection.settings.lock_root
    lock = kind(connection.client, wish.name, root, identifier=wish.identifier, layout=wish.layout)
    lock.on_revoke(lambda _lease, _reason: signals.ring())
    granted = lock.acquire(wish.timeout, wish.revoke, grace=wish.revoke_grace)
    return lock.lease if granted else None


def _permit(connection: Connection, wish: Wish, signals: Signals) -> Lease | None:
    root, name = connection.settings.lock_root, wish.identifier
    slots = ZkSemaphore(connection.client, wish.name, wish.permits, root, identifier=name)
    slots.on_revoke(lambda _lease, _reason: signals.ring())
    granted = slots.acquire(wish.timeout, wish.revoke, grace=wish.revoke_grace, weight=wish.weight)
    return slots.lease if granted else None


def environment(connection: Connection, folder: str, lease: Lease) -> dict[str, str]:
    """What a command finds in its environment."""
    return {
        "ZKTOOLS_TOKEN": str(lease.token),
        "ZKTOOLS_LOCK": folder,
        "ZKTOOLS_LOCK_NODE": lease.path,
        "ZKTOOLS_HOSTS": connection.settings.hosts,
    }
