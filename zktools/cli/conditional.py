"""Deleting what was shown, and only if it is still as it was shown."""

from __future__ import annotations

from collections.abc import Sequence

from kazoo.exceptions import (
    BadVersionError,
    NoNodeError,
    NotEmptyError,
)

from zktools._engine.arguments import check_total_size
from zktools._engine.multi import refusal
from zktools._engine.session import Session
from zktools.cli.connection import Connection
from zktools.cli.looking import remaining
from zktools.cli.problems import Problem
from zktools.cli.queues import Queue
from zktools.cli.remade import Guard, NotAsRead, may_come_again
from zktools.cli.statuses import Status
from zktools.contenders import Contender
from zktools.exceptions import translate

_TRIES = 20  # each a round trip or two, in which nobody must make a lock
_OVERHEAD = 32  # bytes of one operation besides its path


def delete_as_seen(
    session: Session, seen: Sequence[tuple[str, int]], what: str, guard: Guard | None = None
) -> None:
    """Delete these paths, at these versions, all or none, and only if `guard` lets it pass.

    :raises Problem: with :attr:`Status.REFUSED` when one of them has left or changed since.
    :raises NotAsRead: the guard did not.
    """
    check_total_size(sum(len(path.encode()) + _OVERHEAD for path, _ in seen), what)
    request = session.client.transaction()
    begun = 0 if guard is None else guard.begin(request)
    for path, version in seen:
        request.delete(path, version)
    results = session.wait(request.commit_async(), what, changes=True)
    found = refusal(results)
    if found is not None:
        number, error = found
        if guard is not None and number < begun:
            raise guard.refusal(error) from error
        number -= begun
        raise _refusal(error, seen[number][0]) from error


def delete_contenders(connection: Connection, queue: Queue, doomed: Sequence[Contender]) -> None:
    """Delete these candidates of a queue as they were seen, all or none.

    The version tells whether somebody wrote to one. Whether it is another one by now that bears its
    name, see :mod:`zktools.cli.remade`. The last goes first, so that none of them is next for a
    moment and believes to hold the lock.
    """
    paths = {f"{queue.folder}/{contender.name}": contender for contender in reversed(doomed)}
    seen = [(path, contender.version) for path, contender in paths.items()]
    what = f"destroying candidates of {queue.name}"
    guarded = any(may_come_again(queue.layout, each.name) for each in doomed)
    for _ in range(_TRIES):
        guard = Guard(connection, queue.folder) if guarded else None
        found = remaining(connection, list(paths), lambda _: None)
        for path, contender in paths.items():
            if path in found and found[path].czxid != contender.token:
                raise _refusal(NoNodeError(), path)
        try:
            delete_as_seen(connection.session, seen, what, guard)
        except NotAsRead:
            continue
        return
    raise Problem(
        Status.REFUSED,
        f"nothing was done: so many locks are made under {connection.settings.lock_root} that it "
        f"is never sure that nobody else bears the same names in {queue.name}; try again",
    )


_HAPPENED = {NoNodeError: "has left", BadVersionError: "was changed", NotEmptyError: "was used"}


def _refusal(error: Exception, path: str) -> BaseException:
    happened = _HAPPENED.get(type(error))
    if happened is not None:
        return Problem(
            Status.REFUSED,
            f"refused, nothing was done: {path} {happened} since it was shown; "
            "run it again to see it as it is now",
        )
    return translate(error, path)
