"""What ``zooky run`` says, on standard error."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import IO, Any

import click

from zktools.cli.connection import Connection
from zktools.cli.escaping import escaped
from zktools.cli.output import as_json_text
from zktools.cli.problems import Problem

_SENTENCES = {
    "waiting": "waiting for {name}",
    "lasting": "waiting for {name}; `{look}` tells who has it",
    "acquired": "{name} acquired, token {token}",
    "done": "{name}: run {key} was done by {host} pid {pid} at {at}; the command was not started",
    "asked": "{name} was asked back: stopping the command",
    "lost": "{name} is lost, or cannot be proven any more: stopping the command",
    "safe": "{name} is held, and proven again: the command may go on, if it still runs",
    "unnoted": "{name}: run {key} is done, but the lock was lost before that was noted",
    "released": "{name} could not be released: {note}",
}
_CALM = {"waiting", "acquired"}
_LOSING = {"done"}
_LONG = 1.0  # seconds: who sits before a terminal wonders by then


def teller(name: str, *, verbose: bool, quiet: bool, as_json: bool) -> Callable[..., None]:
    """What tells the operator; without `verbose` only what matters, with `quiet` no lost race."""

    def tell(what: str, **facts: Any) -> None:
        if what in _LOSING and quiet:
            return
        if as_json:
            line = as_json_text({"event": what, "lock": name, **facts})
        elif verbose or what not in _CALM:
            line = "zooky: " + escaped(_SENTENCES[what].format(name=name, **facts))
        else:
            return
        click.echo(line, err=True)

    return tell


@contextmanager
def said_if_it_lasts(
    tell: Callable[..., None], connection: Connection, name: str, *, unless: bool
) -> Iterator[None]:
    """Say on a terminal that it waits, and where to look, when the body takes long."""
    facts = {"look": connection.line(f"show {name}")}
    timer = threading.Timer(_LONG, tell, ["lasting"], facts)
    timer.daemon = True
    if sys.stderr.isatty() and not unless:
        timer.start()
    try:
        yield
    finally:
        timer.cancel()


class NotAcquired(Problem):
    """The lock was not acquired in time. Not said where it is `quiet`."""

    def __init__(self, status: int, message: str, *, quiet: bool) -> None:
        super().__init__(status, message)
        self._quiet = quiet

    def show(self, file: IO[Any] | None = None) -> None:
        """Print it."""
        if not self._quiet:
            super().show(file)
