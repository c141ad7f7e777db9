"""The help of every command, as text."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click

from zktools.cli.app import zooky

FOLDER = Path(__file__).parent / "help"
WIDTH = 80


def helps() -> Iterator[tuple[Path, str]]:
    """Each file with what it is to hold."""
    with click.Context(
        zooky, info_name="zooky", terminal_width=WIDTH, **zooky.context_settings
    ) as ctx:
        yield from _helps(ctx, zooky)


def _helps(ctx: click.Context, command: click.Command) -> Iterator[tuple[Path, str]]:
    yield FOLDER / f"{ctx.command_path.replace(' ', '-')}.txt", command.get_help(ctx) + "\n"
    if isinstance(command, click.Group):
        for name in command.list_commands(ctx):
            each = command.get_command(ctx, name)
            assert each is not None
            with click.Context(each, ctx, name, terminal_width=WIDTH) as inner:
                yield from _helps(inner, each)
