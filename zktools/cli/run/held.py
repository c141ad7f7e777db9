"""One run: acquire, run the command, keep the lock for as long as asked, release."""

from __future__ import annotations

from collections.abc import Callable

from zktools._engine.clock import now
from zktools.cli.connection import Connection, connected
from zktools.cli.run import once as runs
from zktools.cli.run.child import Child
from zktools.cli.run.policy import Cause
from zktools.cli.run.signals import Signals
from zktools.cli.run.supervision import Ending, Supervision
from zktools.cli.run.telling import said_if_it_lasts
from zktools.cli.run.wish import Wish, acquire, environment
from zktools.cli.statuses import RunStatus
from zktools.exceptions import LockLost
from zktools.lease import Lease

_GLANCE = 0.5  # seconds between two looks at a lock that is kept for nothing but time
_STOPPED = {Cause.ASKED: RunStatus.ASKED, Cause.LOST: RunStatus.LOST}


def run_held(
    wish: Wish, command: tuple[str, ...], signals: Signals, tell: Callable[..., None]
) -> int:
    """Acquire what is wished for, run the command, release; the status to end with."""
    with connected() as plain:
        connection = wish.place(plain)
        tell("waiting")
        silent = wish.quiet or wish.says_it_waits
        with said_if_it_lasts(tell, connection, wish.name, unless=silent):
            lease = acquire(connection, wish, signals)
        since = now()
        signals.collect()
        tell("acquired", token=lease.token)
        folder = connection.lock_folder(wish.name)
        done = runs.find(connection, folder, wish.once) if wish.once else None
        if done is not None:
            tell("done", **done)
            return 0
        child = Child(command, environment(connection, folder, lease))
        ending = Supervision(connection.session, lease, signals, wish.stop_grace, tell).run(child)
        status = _status(ending)
        if wish.once and not status and not _noted(connection, lease, wish, tell):
            return RunStatus.LOST
        _hold_on(lease, signals, since + wish.hold_at_least)
        if ending.cause is not Cause.LOST and not lease.release():
            tell("released", token=lease.token, note="the server will, without an answer so far")
        return status


def _noted(connection: Connection, lease: Lease, wish: Wish, tell: Callable[..., None]) -> bool:
    assert wish.once is not None
    try:
        runs.note(connection, lease, connection.lock_folder(wish.name), wish.once)
    except LockLost:
        tell("unnoted", key=wish.once)
        return False
    return True


def _hold_on(lease: Lease, signals: Signals, until: float) -> None:
    """Keep the lock until then, unless somebody wants it, or wants zooky to end."""
    while (left := until - now()) > 0 and not lease.revoked and not signals.take():
        signals.wait(min(left, _GLANCE))


def _status(ending: Ending) -> int:
    return ending.status if ending.cause is None else _STOPPED[ending.cause]
