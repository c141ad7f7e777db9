"""The NAME of a lock on the command line, completed from ZooKeeper."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click
from click.shell_completion import CompletionItem

from zktools._engine.arguments import check_name
from zktools.cli.connection import disconnect, make_client, quiet_logs
from zktools.cli.settings import settings_of
from zktools.cli.tool import ParamType

_PATIENCE = 1.0  # seconds: somebody has pressed the tab key and waits


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
        try:
            names = _names(ctx)
        except Exception:  # noqa: BLE001 - a shell waits: it must get an answer, not a traceback
            return []
        return [CompletionItem(n) for n in names if n.startswith(incomplete) and _harmless(n)]


def _harmless(name: str) -> bool:
    # It is about to be put into a shell's command line.
    return name.isprintable() and not set(name) & set(" \t'\"\\$`;&|<>()*?![]{}#~")


def _names(ctx: click.Context) -> list[str]:
    settings = settings_of(ctx)
    client = make_client(settings)
    with quiet_logs():
        try:
            client.start(_PATIENCE)
            return sorted(client.get_children(settings.lock_root))
        finally:
            disconnect(client)


def lock_argument(command: Callable[..., Any]) -> Any:
    """NAME, as the argument `name`."""
    return click.argument("name", type=LockName(), metavar="NAME")(command)
