"""``zooky prune``: remove the folders of all locks that nobody uses."""

from __future__ import annotations

from typing import NamedTuple

import click

from zktools.cli.conditional import delete_as_seen
from zktools.cli.confirming import confirm, yes_option
from zktools.cli.connection import Connection, connected
from zktools.cli.output import json_option, print_json, say
from zktools.cli.problems import Problem
from zktools.cli.queues import lock_names
from zktools.cli.settings import connection_options
from zktools.cli.statuses import Status
from zktools.cli.tool import Command


class Unused(NamedTuple):
    """A lock that nobody holds and nobody waits for."""

    name: str
    folder: str
    version: int


@click.command(cls=Command, examples=["zooky prune"])
@yes_option
@json_option
@connection_options
def prune(*, yes: bool, as_json: bool) -> None:
    """Remove all locks that nobody uses.

    Nothing but empty folders goes; whoever acquires such a lock later makes it anew. One that is
    used by the time it would be removed stays, and so does one whose folder keeps data.
    """
    with connected() as connection:
        unused = _unused(connection)
        if unused:
            names = tuple(each.name for each in unused)
            confirm(f"This removes {_locks(len(unused))} that nobody uses:", yes=yes, details=names)
        removed = [each.name for each in unused if _remove(connection, each)]
        if as_json:
            print_json({"removed": removed})
        else:
            say(f"Removed {len(removed)} of {_locks(len(unused))} that nobody used.")


def _locks(number: int) -> str:
    return "1 lock" if number == 1 else f"{number} locks"


def _unused(connection: Connection) -> list[Unused]:
    session = connection.session
    found = []
    for name in lock_names(connection):
        folder = connection.lock_folder(name)
        asked = connection.client.exists_async(folder)
        stat = session.wait(asked, f"looking for {folder}")
        if stat is not None and not stat.numChildren and not stat.dataLength:
            found.append(Unused(name, folder, stat.version))
    return found


def _remove(connection: Connection, each: Unused) -> bool:
    try:
        delete_as_seen(connection.session, [(each.folder, each.version)], f"removing {each.folder}")
    except Problem as problem:
        if problem.status != Status.REFUSED:
            raise
        return False
    return True
