"""All of ``zooky config``."""

from __future__ import annotations

import click

from zktools.cli.config.changing import set_value, unset
from zktools.cli.config.history import at, history, rollback, tag
from zktools.cli.config.importing import apply_file, diff, import_file
from zktools.cli.config.reading import export, get, list_values
from zktools.cli.config.watch import watch
from zktools.cli.tool import Group


@click.group(cls=Group)
def config() -> None:
    """Look at configurations, change them, move them in and out of files.

    PATH is the node of a configuration, such as /config/shop; KEY is a value below it, such as
    db/pool_size.
    """


for _command in (
    get,
    set_value,
    unset,
    list_values,
    export,
    import_file,
    apply_file,
    diff,
    watch,
    history,
    at,
    rollback,
    tag,
):
    config.add_command(_command)
