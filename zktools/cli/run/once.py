"""``--once``: which runs were done, by whom and when.

It is kept in the data of the lock's folder, which nothing else writes, and changed in a transaction
that is carried out only while the lock is held. Of the newest runs only, so that it stays small::

    {"done": [{"key": "Monday", "host": "web-1", "pid": 4711, "at": "2026-03-02T03:00:12+00:00"}]}
"""

from __future__ import annotations

import datetime as dt
import json
import os
import socket
from typing import Any

from zktools.cli.connection import Connection
from zktools.cli.problems import Problem
from zktools.cli.statuses import RunStatus
from zktools.exceptions import ConflictError, NotConnectedError, OutcomeUnknownError
from zktools.lease import Lease

_KEPT = 100  # runs
_PAUSE = 0.2  # seconds between two attempts


def find(connection: Connection, folder: str, key: str) -> dict[str, Any] | None:
    """Who has done it and when; None if nobody has, among the newest 100 runs."""
    done, _ = _read(connection, folder)
    return next((run for run in done if run["key"] == key), None)


def note(connection: Connection, lease: Lease, folder: str, key: str) -> None:
    """Keep that it was done, however often the connection breaks.

    :raises LockLost: when the lock was lost before that.
    """
    run = {
        "key": key,
        "host": socket.gethostname(),
        "pid": os.getpid(),
        "at": dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
    }
    while not _is_noted(connection, lease, folder, run):
        lease.lost.wait(_PAUSE)


def _is_noted(connection: Connection, lease: Lease, folder: str, run: dict[str, Any]) -> bool:
    try:
        done, version = _read(connection, folder)
        if run in done:  # by an attempt whose answer was lost
            return True
        data = json.dumps({"done": [*done, run][-_KEPT:]}).encode()
        with lease.transaction() as change:
            change.set_data(folder, data, version)
    except (NotConnectedError, OutcomeUnknownError, ConflictError):
        lease.check()
        return False
    return True


def _read(connection: Connection, folder: str) -> tuple[list[dict[str, Any]], int]:
    session = connection.session
    data, stat = session.wait(connection.client.get_async(folder), f"reading {folder}")
    return parsed(data, folder), stat.version


def parsed(data: bytes, folder: str) -> list[dict[str, Any]]:
    """The runs that a folder's data tells of.

    :raises Problem: when it is somebody else's data.
    """
    if not data:
        return []
    try:
        done = json.loads(data)["done"]
        return [{name: run[name] for name in ("key", "host", "pid", "at")} for run in done]
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise Problem(
            RunStatus.OWN_FAILURE,
            f"--once keeps what was done in the data of {folder}, which holds something else; "
            "use another lock",
        ) from error
