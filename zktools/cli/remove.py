"""``zooky remove``: remove the folder of one lock that nobody uses."""

from __future__ import annotations

import click

from zktools.cli.conditional import delete_as_seen
from zktools.cli.confirming import confirm, yes_option
from zktools.cli.connection import Connection, connected
from zktools.cli.names import lock_argument
from zktools.cli.output import json_option, print_json, say
from zktools.cli.problems import Problem
from zktools.cli.queues import missing
from zktools.cli.settings import connection_options
from zktools.cli.statuses import Status
from zktools.cli.tool import Command


@click.command(cls=Command, examples=["zooky remove nightly"])
@lock_argument
@yes_option
@json_option
@connection_options
def remove(name: str, *, yes: bool, as_json: bool) -> None:
    """Remove lock NAME, if nobody uses it.

    Nothing but its folder goes; whoever acquires the lock later makes it anew.
    """
    with connected() as connection:
        version = _empty(connection, name)
        folder = connection.lock_folder(name)
        confirm(f"This removes the lock {name}: the empty node {folder}.", yes=yes)
        try:
            delete_as_seen(connection.session, [(folder, version)], f"removing {folder}")
        except Problem:
            _empty(connection, name)  # it says better what is there now
            raise
        if as_json:
            print_json({"lock": name, "path": folder, "removed": True})
        else:
            say(f"Removed {name}.")


def _empty(connection: Connection, name: str) -> int:
    """The version of a lock's folder that nobody uses."""
    folder = connection.lock_folder(name)
    found = connection.client.exists_async(folder)
    stat = connection.session.wait(found, f"looking for {folder}")
    if stat is None:
        raise missing(connection, name)
    if stat.numChildren:
        raise Problem(
            Status.REFUSED,
            f"{name} is in use: {stat.numChildren} in its queue; "
            f"see `{connection.line(f'show {name}')}`, "
            f"and `{connection.line(f'clear {name}')}` to destroy them",
        )
    return int(stat.version)
