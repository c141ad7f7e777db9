"""zooky: all commands under one name."""

from __future__ import annotations

from importlib.metadata import version

import click

from zktools.cli.clear import clear
from zktools.cli.completion import completion
from zktools.cli.config.group import config
from zktools.cli.list_locks import list_locks
from zktools.cli.members import members
from zktools.cli.partitions import partitions
from zktools.cli.prune import prune
from zktools.cli.remove import remove
from zktools.cli.revoke import revoke
from zktools.cli.run.command import run
from zktools.cli.run.elect import elect
from zktools.cli.settings import all_connection_options
from zktools.cli.show import show
from zktools.cli.tool import Tool
from zktools.cli.top import top
from zktools.cli.wait import wait


@click.group(
    cls=Tool,
    context_settings={
        "help_option_names": ["-h", "--help"],
        "max_content_width": 100,
        # zktools 0.2 had --lock_root.
        "token_normalize_func": lambda token: token.replace("_", "-"),
    },
)
@click.version_option(version("zktools"), message="%(prog)s %(version)s")
def zooky() -> None:
    """Look after locks and configuration in ZooKeeper.

    Options of the connection go here or after the command; most of them are shown here only. Each
    command has a help of its own: zooky COMMAND --help. DURATION is written 500ms, 10s, 1m30s, 2h.

    \b
    Examples:
      zooky list --waiting          which locks are waited for
      zooky show nightly            who holds it, since when, who waits
      zooky revoke nightly          ask for it back
      zooky run nightly ./report    run a command while it is held
    """  # noqa: D301 - click reads the \b


all_connection_options(zooky)
for _command in (
    list_locks,
    show,
    top,
    wait,
    run,
    elect,
    members,
    partitions,
    revoke,
    clear,
    remove,
    prune,
    config,
    completion,
):
    zooky.add_command(_command)
