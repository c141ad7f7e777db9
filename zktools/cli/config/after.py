"""A check after a change: when it fails, the change is taken back."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from typing import Any

import click

from zktools._configuration.tree import is_within
from zktools.cli.config.opening import read
from zktools.cli.config.plan import Plan
from zktools.cli.problems import Problem
from zktools.cli.settings import SECRET_VARIABLES
from zktools.cli.statuses import Status
from zktools.cli.tool import Option
from zktools.configuration import Configuration
from zktools.exceptions import ConflictError, MissingNodeError


def after_option(command: Callable[..., Any]) -> Any:
    """``--after``, as the argument `after`."""
    option = click.option(
        "--after",
        cls=Option,
        metavar="COMMAND",
        help="Run it when all is stored; when it fails, take back what was changed: exit status 1.",
    )
    return option(command)


def check_after(config: Configuration, plan: Plan, made: int, command: str) -> None:
    """Run `command`; when it fails take back what `plan` did, which made the version `made`.

    :raises Problem: it failed.
    """
    status = _run(command)
    if status == 0:
        return
    why = f"the check ended with status {status}"
    try:
        _take_back(config, plan, made, why)
    except ConflictError as error:
        raise Problem(
            Status.REFUSED, f"{why}, but what was stored was changed meanwhile, and stays: {error}"
        ) from error
    raise Problem(Status.NO, f"{why}: what was changed at {config.path} is taken back")


def _run(command: str) -> int:
    environment = {name: text for name, text in os.environ.items() if name not in SECRET_VARIABLES}
    try:
        return subprocess.run(command, shell=True, check=False, env=environment).returncode  # noqa: S602
    except KeyboardInterrupt:
        return Status.INTERRUPTED  # nobody knows what it would have found


def _take_back(config: Configuration, plan: Plan, made: int, why: str) -> None:
    wanted = {key: old for key, (old, _) in plan.changed.items()} | dict(plan.removed)
    others = read(config).data.keys() - plan.added.keys()
    # What is also a section loses its value alone.
    sections = {key for key in plan.added if any(is_within(other, key) for other in others)}
    wanted |= dict.fromkeys(sections, b"")
    gone = plan.added.keys() - sections
    try:
        config.store(wanted, remove=gone, version=made, note=f"taken back: {why}")
    except MissingNodeError:  # there is no history for the note
        config.store(wanted, remove=gone, version=made)
