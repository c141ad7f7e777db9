"""All of ``zooky config``."""

from __future__ import annotations

import click

from zktools.cli.tool import Group


@click.group(
    cls=Group,
    places={
        "get": "config.reading:get",
        "set": "config.changing:set_value",
        "unset": "config.changing:unset",
        "list": "config.reading:list_values",
        "export": "config.reading:export",
        "import": "config.importing:import_file",
        "apply": "config.importing:apply_file",
        "diff": "config.importing:diff",
        "watch": "config.watch:watch",
        "history": "config.history:history",
        "at": "config.history:at",
        "rollback": "config.history:rollback",
        "tag": "config.history:tag",
    },
)
def config() -> None:
    """Look at configurations, change them, move them in and out of files.

    PATH is the node of a configuration, such as /config/shop; KEY is a value below it, such as
    db/pool_size.
    """
