"""``zooky elect``: a command that runs on one machine of several, wherever that is."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from functools import partial
from pathlib import Path

import click

from zktools._engine.latch import Latch
from zktools.cli.connection import Connection, connected
from zktools.cli.durations import DURATION
from zktools.cli.names import lock_argument
from zktools.cli.run.child import Child
from zktools.cli.run.program import check_command, command_argument
from zktools.cli.run.signals import Signals, Stopped
from zktools.cli.run.supervision import Ending, Supervision
from zktools.cli.run.telling import said_if_it_lasts, teller
from zktools.cli.run.usage import RunCommand
from zktools.cli.run.wish import environment, with_root
from zktools.cli.settings import ROOTS, connection_options
from zktools.cli.statuses import SIGNALLED
from zktools.cli.tool import AS_JSON, Option
from zktools.election import Election, Term


@click.command("elect", cls=RunCommand)
@lock_argument
@command_argument
@click.option("--data", cls=Option, help="What those who watch see of the leader: an address, say.")
@click.option(
    "--stop-grace",
    cls=Option,
    type=DURATION,
    default="10s",
    show_default=True,
    help="Between SIGTERM and SIGKILL, when the command has to stop.",
)
@click.option("--identifier", cls=Option, help="Who you are, for those who look.")
@click.option("--verbose", "-v", cls=Option, is_flag=True, help="Say what happens.")
@click.option(
    "--json", "as_json", cls=Option, is_flag=True, help="The same as JSON, one line each."
)
@connection_options
@click.pass_context
def elect(
    ctx: click.Context,
    *,
    name: str,
    command: tuple[str, ...],
    data: str | None,
    stop_grace: float,
    identifier: str | None,
    verbose: bool,
    as_json: bool,
) -> None:
    """Run COMMAND for as long as this machine leads election NAME.

    Options behind COMMAND are COMMAND's own.

    It waits until it leads, and runs COMMAND. When the term is asked back or in danger, COMMAND
    gets SIGTERM, then SIGKILL, before anybody else can lead; then zooky waits for its next term,
    and runs COMMAND again. When COMMAND ends by itself, zooky ends with its exit status. It finds
    ZKTOOLS_TOKEN, ZKTOOLS_LOCK, ZKTOOLS_LOCK_NODE and ZKTOOLS_HOSTS in its environment.

    \b
    Examples:
      zooky elect scheduler --data 10.0.0.7:80 ./scheduler
      zooky show scheduler --root elections
      zooky revoke scheduler --root elections

    Exit statuses are those of zooky run.
    """  # noqa: D301 - click reads the \b
    ctx.meta[AS_JSON] = as_json
    check_command(command[0])
    tell = teller(name, verbose=verbose, quiet=False, as_json=as_json)
    with Signals() as signals:
        try:
            with connected() as plain:
                connection = with_root(plain, ROOTS["elections"])
                who = identifier or f"zooky elect {Path(command[0]).name}"
                root = connection.settings.lock_root
                election = Election(connection.client, name, root, identifier=who)
                waiting = partial(
                    said_if_it_lasts, tell, connection, name, unless=verbose or as_json
                )
                serving = _Serving(
                    connection, election, command, stop_grace, signals, tell, waiting
                )
                ctx.exit(serving.run(data))
        except Stopped as stopped:
            ctx.exit(SIGNALLED + stopped.number)


class _Serving:
    """One term after the other, until the command ends by itself."""

    def __init__(
        self,
        connection: Connection,
        election: Election,
        command: tuple[str, ...],
        grace: float,
        signals: Signals,
        tell: Callable[..., None],
        waiting: Callable[[], AbstractContextManager[None]],
    ) -> None:
        self._connection = connection
        self._election = election
        self._command = command
        self._grace = grace
        self._signals = signals
        self._tell = tell
        self._waiting = waiting

    def run(self, data: str | None) -> int:
        """The status of the command that ended by itself."""
        while True:
            self._tell("waiting")
            with ExitStack() as leading:
                with self._waiting():
                    term = leading.enter_context(self._election.lead(data=data))
                ending = self._serve(term)
            if ending.cause is None:
                return ending.status
            self._signals.stop_collecting()

    def _serve(self, term: Term) -> Ending:
        """Run the command until it has ended."""
        for flag in (term._hold.asked, term._hold.lost):
            latch = Latch(term._hold.session.handler)
            latch.tell(self._signals.ring)
            flag.link(latch)
        self._signals.collect()
        self._tell("acquired", token=term.token)
        folder = term.path.rpartition("/")[0]
        child = Child(self._command, environment(self._connection, folder, term))
        session = self._connection.session
        return Supervision(session, term, self._signals, self._grace, self._tell).run(child)
