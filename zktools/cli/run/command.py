"""``zooky run``: the command line of it, and its exit status."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from zktools._engine.clock import now
from zktools._queue.demand import Revoke
from zktools._queue.layouts import LAYOUTS, ZKTOOLS, LayoutName
from zktools.cli.connection import Connection, connected
from zktools.cli.durations import DURATION
from zktools.cli.names import lock_argument
from zktools.cli.problems import Problem, problem_of
from zktools.cli.run import once as runs
from zktools.cli.run.arguments import end_own_options
from zktools.cli.run.child import Child
from zktools.cli.run.policy import Cause
from zktools.cli.run.signals import Signals, Stopped
from zktools.cli.run.supervision import Ending, Supervision
from zktools.cli.run.telling import NotAcquired, teller
from zktools.cli.run.wish import Wish, acquire, environment
from zktools.cli.settings import connection_options
from zktools.cli.statuses import SIGNALLED, RunStatus
from zktools.cli.tool import AS_JSON, Command, Option, one_line
from zktools.exceptions import LockLost
from zktools.lease import Lease
from zktools.locks import IMMEDIATE

_LONGEST_KEY = 256  # characters
_GLANCE = 0.5  # seconds between two looks at a lock that is kept for nothing but time
_STOPPED = {Cause.ASKED: RunStatus.ASKED, Cause.LOST: RunStatus.LOST}


class RunCommand(Command):
    """Gives wrong usage a status that is not likely to be the command's own."""

    def make_context(self, *args: Any, **kwargs: Any) -> click.Context:
        """Parse."""
        try:
            return super().make_context(*args, **kwargs)
        except click.UsageError as error:
            raise _wrong_usage(error) from error

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse zooky's own options only."""
        return super().parse_args(ctx, end_own_options(self, ctx, args))

    def invoke(self, ctx: click.Context) -> Any:
        """Run; whatever is wrong with zooky itself has one status."""
        try:
            return super().invoke(ctx)
        except (click.Abort, click.exceptions.Exit, NotAcquired):
            raise
        except click.UsageError as error:
            raise _wrong_usage(error) from error
        except Exception as error:
            own = problem_of(error)
            if own.status not in set(RunStatus):
                own = Problem(RunStatus.OWN_FAILURE, own.message)
            raise own from error


def _wrong_usage(error: click.UsageError) -> Problem:
    command = error.ctx.command_path if error.ctx is not None else "zooky run"
    return Problem(RunStatus.OWN_FAILURE, f"{one_line(error)}; see {command} --help")


@click.command("run", cls=RunCommand)
@lock_argument
@click.argument("command", nargs=-1, required=True, type=click.UNPROCESSED, metavar="COMMAND...")
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
        conflict_status=conflict_exit_code,
        identifier=identifier or f"zooky run {Path(command[0]).name}",
        layout=layout,
    )
    check_command(command[0])
    tell = teller(name, verbose=verbose, quiet=quiet, as_json=as_json)
    with Signals() as signals:
        try:
            ctx.exit(_run(wish, command, signals, tell))
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


def check_command(program: str) -> None:
    """Find out before others are made to wait, or are asked to let go."""
    if shutil.which(program) is not None:
        return
    if "/" in program and Path(program).exists():
        raise Problem(
            RunStatus.NOT_EXECUTABLE, f"{program} cannot be executed; see its permissions"
        )
    raise Problem(RunStatus.NOT_FOUND, f"there is no command {program}; check its name and PATH")


def _key(once: str | None) -> str | None:
    if once is not None and not 0 < len(once) <= _LONGEST_KEY:
        raise click.UsageError(f"--once takes a key of 1 to {_LONGEST_KEY} characters")
    return once


def _run(wish: Wish, command: tuple[str, ...], signals: Signals, tell: Callable[..., None]) -> int:
    with connected() as plain:
        connection = wish.place(plain)
        tell("waiting")
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
