"""The command that runs: what the tab key offers for it, and whether it is there."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
from click.shell_completion import CompletionItem

from zktools.cli.problems import Problem
from zktools.cli.statuses import RunStatus
from zktools.cli.tool import ParamType


class _Words(ParamType):
    name = "command"

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        """Programs on the PATH for the first word; files for those behind it."""
        assert param.name is not None
        if ctx.params.get(param.name) or "/" in incomplete:
            return [CompletionItem(incomplete, type="file")]
        return [CompletionItem(name) for name in sorted(_programs(incomplete))]


def command_argument(command: Callable[..., Any]) -> Any:
    """COMMAND and its words, as the argument `command`."""
    made = click.argument("command", nargs=-1, required=True, type=_Words(), metavar="COMMAND...")
    return made(command)


def _programs(begun: str) -> set[str]:
    """Those on the PATH that begin so."""
    found = set()
    for folder in os.environ.get("PATH", os.defpath).split(os.pathsep):
        try:
            files = list(Path(folder or ".").iterdir())
        except OSError:  # many a PATH has folders that are not there
            continue
        found |= {f.name for f in files if f.name.startswith(begun) and os.access(f, os.X_OK)}
    return found


def check_command(program: str) -> None:
    """Find out before others are made to wait, or are asked to let go."""
    if shutil.which(program) is not None:
        return
    if "/" in program and Path(program).exists():
        raise Problem(
            RunStatus.NOT_EXECUTABLE, f"{program} cannot be executed; see its permissions"
        )
    raise Problem(RunStatus.NOT_FOUND, f"there is no command {program}; check its name and PATH")
