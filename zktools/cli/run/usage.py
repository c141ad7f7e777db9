"""A command line that ends in another one."""

from __future__ import annotations

from typing import Any

import click
from click.shell_completion import CompletionItem

from zktools.cli.problems import Problem, problem_of
from zktools.cli.run.arguments import end_own_options
from zktools.cli.run.telling import NotAcquired
from zktools.cli.statuses import RunStatus
from zktools.cli.tool import Command, one_line


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

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Own options; behind the command they are the command's, and not known."""
        return [] if ctx.params.get("command") else super().shell_complete(ctx, incomplete)

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
