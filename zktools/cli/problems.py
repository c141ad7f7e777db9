"""What goes wrong, as one line with the remedy and an exit status."""

from __future__ import annotations

import json
import os
from typing import IO, Any

import click
from kazoo.exceptions import KazooException
from kazoo.handlers.threading import KazooTimeoutError

from zktools.cli.escaping import escaped
from zktools.cli.statuses import Status
from zktools.exceptions import (
    AccessDeniedError,
    ClientUnusableError,
    ConflictError,
    MissingNodeError,
    NotConnectedError,
    OutcomeUnknownError,
    ZkToolsError,
    translate,
)

#: In the environment: show logs and tracebacks.
DEBUG_VARIABLE = "ZOOKY_DEBUG"


class Problem(click.ClickException):
    """Ends zooky with `status` and one line on standard error: what is wrong, and the remedy.

    `message` may hold text from ZooKeeper: it is escaped when shown.
    """

    #: Whether the command was told to speak JSON.
    as_json = False

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = int(status)

    def show(self, file: IO[Any] | None = None) -> None:
        """Print it."""
        if self.as_json:
            line = json.dumps({"error": self.message, "status": self.status})
        else:
            line = f"zooky: {escaped(self.message)}"
        click.echo(line, file=file, err=True)


# Most specific first.
_STATUSES: tuple[tuple[type[Exception], Status], ...] = (
    (OutcomeUnknownError, Status.UNKNOWN),
    (NotConnectedError, Status.UNREACHABLE),
    (ClientUnusableError, Status.UNREACHABLE),  # kazoo gave up: zooky itself stops none in use
    (AccessDeniedError, Status.DENIED),
    (ConflictError, Status.REFUSED),
    (MissingNodeError, Status.MISSING),
)
_REMEDIES: dict[Status, str] = {
    Status.UNKNOWN: "look before doing it again",
    Status.UNREACHABLE: "check the ensemble and the network, then try again",
    Status.DENIED: "log in with --auth, TLS or SASL as somebody who may",
}


def problem_of(error: Exception) -> Problem:
    """The problem to show for any exception."""
    if isinstance(error, Problem):
        return error
    if isinstance(error, KazooTimeoutError):
        return Problem(Status.UNREACHABLE, f"ZooKeeper did not answer in time: {error}")
    if isinstance(error, KazooException):
        translated = translate(error, "ZooKeeper refused")
        assert isinstance(translated, Exception)
        error = translated
    if not isinstance(error, (ZkToolsError, ValueError, TypeError, OSError)):
        return Problem(
            Status.FAILED,
            f"this should not happen: {type(error).__name__}: {error}; "
            f"{DEBUG_VARIABLE}=1 shows where",
        )
    status = next((s for kind, s in _STATUSES if isinstance(error, kind)), Status.FAILED)
    remedy = _REMEDIES.get(status)
    return Problem(status, f"{error}; {remedy}" if remedy else str(error))


def debugging() -> bool:
    """Whether logs and tracebacks are wanted."""
    return os.environ.get(DEBUG_VARIABLE, "") not in ("", "0")
