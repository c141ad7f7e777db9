"""The NAME of a lock on the command line, completed from ZooKeeper."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click
from click.shell_completion import CompletionItem

from zktools._engine.arguments import check_name
from zktools.cli.completing import offered
from zktools.cli.tool import ParamType


class LockName(ParamType):
    """One component of a path."""

    name = "name"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The name, checked."""
        try:
            return check_name(value, "NAME")
        except ValueError as error:
            self.fail(str(error), param, ctx)

    def shell_complete(
        self,
        ctx: click.Context,
        param: click.Parameter,  # noqa: ARG002 - click passes it
        incomplete: str,
    ) -> list[CompletionItem]:
        """The locks there are; none where ZooKeeper does not answer at once."""
        return offered(
            ctx, incomplete, lambda client, settings: client.get_children(settings.lock_root)
        )


def lock_argument(command: Callable[..., Any]) -> Any:
    """NAME, as the argument `name`."""
    return click.argument("name", type=LockName(), metavar="NAME")(command)
