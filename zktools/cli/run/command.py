"""``zooky run``: the command line of it, and its exit status."""

from __future__ import annotations

from pathlib import Path

import click

from zktools._queue.demand import Revoke
from zktools._queue.layouts import LAYOUTS, ZKTOOLS, LayoutName
from zktools.cli.durations import DURATION
from zktools.cli.names import lock_argument
from zktools.cli.run.held import run_held
from zktools.cli.run.program import check_command, command_argument
from zktools.cli.run.signals import Signals, Stopped
from zktools.cli.run.telling import teller
from zktools.cli.run.usage import RunCommand
from zktools.cli.run.wish import Wish
from zktools.cli.settings import connection_options
from zktools.cli.statuses import SIGNALLED, RunStatus
from zktools.cli.tool import AS_JSON, Option
from zktools.locks import IMMEDIATE

_LONGEST_KEY = 256  # characters


@click.command("run", cls=RunCommand)
@lock_argument
@command_argument
@click.option("--read", cls=Option, is_flag=True, help="Share the lock with other readers.")
@click.option(
    "--permits",
    cls=Option,
    type=click.IntRange(1),
    help="NAME is a semaphore with so many permits: as many run at a time.",
)
@click.option(
    "--weight",
    cls=Option,
    type=click.IntRange(1),
    default=1,
    help="With --permits: how many of them COMMAND takes.",
)
@click.option(
    "--timeout",
    cls=Option,
    type=DURATION,
    help="How long to wait for the lock; 0 does not wait; for ever unless given.",
)
@click.option("--revoke", cls=Option, is_flag=True, help="Ask those in the way to let go.")
@click.option(
    "--revoke-grace",
    cls=Option,
    type=DURATION,
    help="With --revoke: destroy those who have not let go by then.",
)
@click.option("--revoke-now", cls=Option, is_flag=True, help="Destroy those in the way, unasked.")
@click.option(
    "--stop-grace",
    cls=Option,
    type=DURATION,
    default="10s",
    show_default=True,
    help="Between SIGTERM and SIGKILL, when the command has to stop.",
)
@click.option(
    "--hold-at-least",
    cls=Option,
    type=DURATION,
    default="0s",
    help="Keep the lock that long, even if COMMAND is quicker: clocks of crontabs differ.",
)
@click.option(
    "--once",
    cls=Option,
    metavar="KEY",
    help="Do not run if a run with this KEY, such as the day, has succeeded already.",
)
@click.option("--identifier", cls=Option, help="Who you are, for those who look at the queue.")
@click.option(
    "--layout",
    cls=Option,
    type=click.Choice([*LAYOUTS]),
    default="zktools",
    show_default=True,
    help="Whose queue to join; --lock-root says where theirs are.",
)
@click.option("--verbose", "-v", cls=Option, is_flag=True, help="Say what happens to the lock.")
@click.option("--quiet", "-q", cls=Option, is_flag=True, help="Nothing of a run left to others.")
@click.option(
    "--conflict-exit-code",
    "-E",
    cls=Option,
    type=click.IntRange(0, 255),
    default=int(RunStatus.NOT_ACQUIRED),
    help="The status when the lock was not acquired, instead of 123.",
)
@click.option(
    "--json", "as_json", cls=Option, is_flag=True, help="The same as JSON, one line each."
)
@connection_options
@click.pass_context
def run(
    ctx: click.Context,
    *,
    name: str,
    command: tuple[str, ...],
    read: bool,
    permits: int | None,
    weight: int,
    timeout: float | None,
    revoke: bool,
    revoke_grace: float | None,
    revoke_now: bool,
    stop_grace: float,
    hold_at_least: float,
    once: str | None,
    identifier: str | None,
    layout: LayoutName,
    verbose: bool,
    quiet: bool,
    conflict_exit_code: int,
    as_json: bool,
) -> None:
    """Run COMMAND while lock NAME is held.

    Options behind COMMAND are COMMAND's own.

    Gives back the command's exit status. When the lock is asked back or in danger, the command gets
    SIGTERM, then SIGKILL, before anybody else can hold the lock. It finds ZKTOOLS_TOKEN,
    ZKTOOLS_LOCK, ZKTOOLS_LOCK_NODE and ZKTOOLS_HOSTS in its environment.

    \b
    Exit status, where it is not the command's own:
      0    with --once: this run was done already
      121  the lock was lost, the command was stopped
      122  the lock was asked back, the command was stopped
      123  the lock was not acquired in time, unless -E says another
      125  zooky itself failed; the command was not started
      126  the command cannot be executed
      127  there is no such command
      128 + n  signal n ended the command, or zooky while it waited

    \b
    Examples:
      zooky run --timeout 0 -q -E 0 --hold-at-least 1m nightly report --all
      zooky run --once "$(date +%F)" nightly report --all
      zooky run --session-timeout 40s migration ./migrate
      zooky run --permits 8 partner ./send         # at most eight, fleet-wide

    An interruption of half the session timeout stops COMMAND: give long jobs a longer one.
    """  # noqa: D301 - click reads the \b
    ctx.meta[AS_JSON] = as_json
    if revoke and not LAYOUTS[layout].can_be_asked:
        raise click.UsageError(
            f"--revoke does not go with --layout {layout}: nobody there listens to requests to let "
            "go; --revoke-now destroys those in the way"
        )
    _check_permits(permits, weight, read=read, layout=layout)
    wish = Wish(
        name=name,
        read=read,
        permits=permits,
        weight=weight,
        timeout=timeout,
        revoke=_revoke(revoke, revoke_grace, now=revoke_now),
        revoke_grace=revoke_grace,
        stop_grace=stop_grace,
        hold_at_least=hold_at_least,
        once=_key(once),
        quiet=quiet,
        says_it_waits=verbose or as_json,
        conflict_status=conflict_exit_code,
        identifier=identifier or f"zooky run {Path(command[0]).name}",
        layout=layout,
    )
    check_command(command[0])
    tell = teller(name, verbose=verbose, quiet=quiet, as_json=as_json)
    with Signals() as signals:
        try:
            ctx.exit(run_held(wish, command, signals, tell))
        except Stopped as stopped:
            ctx.exit(SIGNALLED + stopped.number)


def _revoke(revoke: bool, grace: float | None, *, now: bool) -> Revoke:
    if now and (revoke or grace is not None):
        raise click.UsageError("--revoke-now excludes --revoke and --revoke-grace: it asks nobody")
    if grace is not None and not revoke:
        raise click.UsageError(
            "--revoke-grace goes with --revoke: it is the time given after asking"
        )
    return IMMEDIATE if now else revoke


def _check_permits(permits: int | None, weight: int, *, read: bool, layout: str) -> None:
    if permits is None and weight != 1:
        raise click.UsageError("--weight goes with --permits: a lock is held as a whole")
    if permits is not None and read:
        raise click.UsageError("--permits excludes --read: a semaphore has no readers")
    if permits is not None and layout != ZKTOOLS.name:
        raise click.UsageError("--permits excludes --layout: semaphores of others are not joined")
    if permits is not None and weight > permits:
        raise click.UsageError(f"--weight {weight} is more than there is: --permits {permits}")


def _key(once: str | None) -> str | None:
    if once is not None and not 0 < len(once) <= _LONGEST_KEY:
        raise click.UsageError(f"--once takes a key of 1 to {_LONGEST_KEY} characters")
    return once
