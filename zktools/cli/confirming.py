"""Before something is destroyed: say what, and ask."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from zktools.cli.escaping import escaped
from zktools.cli.problems import Problem
from zktools.cli.statuses import Status
from zktools.cli.tool import Option


def yes_option(command: Callable[..., Any]) -> Any:
    """``--yes``, as the argument `yes`."""
    option = click.option(
        "--yes", "-y", cls=Option, is_flag=True, help="Do it without asking; for scripts."
    )
    return option(command)


def confirm(announcement: str, *, yes: bool, details: tuple[str, ...] = ()) -> None:
    """Say what will be done, on standard error, and go on only with a yes.

    :raises Problem: with :attr:`Status.NO` when the answer is another, or there is nobody to ask.
    """
    click.echo(escaped(announcement), err=True)
    for line in details:
        click.echo(f"  {escaped(line)}", err=True)
    if yes:
        return
    try:
        agreed = click.confirm("Go on?", default=False, err=True)
    except click.Abort as error:
        click.echo(err=True)
        raise Problem(Status.NO, "nothing was done: no answer; --yes goes on unasked") from error
    if not agreed:
        raise Problem(Status.NO, "nothing was done")
