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
from zktools.cli.statuses import Status
from zktools.contenders import Contender
from zktools.exceptions import translate

_OVERHEAD = 32  # bytes of one operation besides its path


def delete_as_seen(session: Session, seen: Sequence[tuple[str, int]], what: str) -> None:
    """Delete these paths, at these versions, all or none.

    :raises Problem: with :attr:`Status.REFUSED` when one of them has left or changed since.
    """
    check_total_size(sum(len(path.encode()) + _OVERHEAD for path, _ in seen), what)
    request = session.client.transaction()
    for path, version in seen:
        request.delete(path, version)
    results = session.wait(request.commit_async(), what, changes=True)
    found = refusal(results)
    if found is not None:
        number, error = found
        raise _refusal(error, seen[number][0]) from error


def delete_contenders(connection: Connection, queue: Queue, doomed: Sequence[Contender]) -> None:
    """Delete these candidates of a queue as they were seen, all or none.

    Their names cannot come again while the queue stands: the server counts them up. Where its
    folder was made anew, one without a GUID may bear the name of another; that it is another is
    seen right before, for ZooKeeper has no condition for it. The version tells whether somebody
    wrote to one. The last goes first, so that none of them is next for a moment and believes to
    hold the lock.
    """
    paths = {f"{queue.folder}/{contender.name}": contender for contender in reversed(doomed)}
    found = remaining(connection, list(paths), lambda _: None)
    for path, contender in paths.items():
        if path in found and found[path].czxid != contender.token:
            raise _refusal(NoNodeError(), path)
    seen = [(path, contender.version) for path, contender in paths.items()]
    delete_as_seen(connection.session, seen, f"destroying candidates of {queue.name}")


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
