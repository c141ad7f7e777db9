"""``zooky completion``: the script that makes the tab key complete."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

from zktools.cli.tool import Command

_VARIABLE = "_ZOOKY_COMPLETE"
_SHELLS = ("bash", "zsh", "fish")


@click.command(cls=Command)
@click.argument("shell", type=click.Choice(_SHELLS))
@click.pass_context
def completion(ctx: click.Context, *, shell: str) -> None:
    """Print what makes the tab key complete in your shell.

    It completes commands, options, and what it asks ZooKeeper for: the names of locks,
    and paths and keys of configurations.

    \b
    For this session:  eval "$(zooky completion bash)"
    For all, write it to:
      bash  ~/.local/share/bash-completion/completions/zooky
      zsh   a file _zooky in a folder of $fpath
      fish  ~/.config/fish/completions/zooky.fish
    """  # noqa: D301 - click reads the \b
    tool = ctx.find_root().command
    kind = get_completion_class(shell)
    assert kind is not None
    click.echo(kind(tool, {}, "zooky", _VARIABLE).source())
