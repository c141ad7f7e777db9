"""zooky: all commands under one name."""

from __future__ import annotations

import click

from zktools.cli.settings import all_connection_options
from zktools.cli.tool import Tool


@click.group(
    cls=Tool,
    places={
        "list": "list_locks:list_locks",
        "show": "show:show",
        "top": "top:top",
        "web": "web.command:web",
        "wait": "wait:wait",
        "run": "run.command:run",
        "elect": "run.elect:elect",
        "members": "members:members",
        "partitions": "partitions:partitions",
        "revoke": "revoke:revoke",
        "clear": "clear:clear",
        "remove": "remove:remove",
        "prune": "prune:prune",
        "config": "config.group:config",
        "completion": "completion:completion",
    },
    context_settings={
        "help_option_names": ["-h", "--help"],
        "max_content_width": 100,
        # zktools 0.2 had --lock_root.
        "token_normalize_func": lambda token: token.replace("_", "-"),
    },
)
@click.version_option(package_name="zktools", message="%(prog)s %(version)s")
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
