"""``zooky list``."""

from __future__ import annotations

from typing import Any

import click

from zktools._queue.layouts import ZKTOOLS
from zktools.cli import describing
from zktools.cli.connection import connected
from zktools.cli.output import json_option, print_json, print_table, say
from zktools.cli.queues import Queue, layout_option, read_queues
from zktools.cli.settings import connection_options
from zktools.cli.tool import Command


@click.command("list", cls=Command)
@layout_option
@json_option
@connection_options
def list_locks(*, layout: str | None, as_json: bool) -> None:
    """List the locks, who holds them, and how many wait."""
    with connected() as connection:
        queues = read_queues(connection, layout)
        if as_json:
            print_json([queue_as_json(queue) for queue in queues])
        elif queues:
            print_table(HEADINGS, [row(queue) for queue in queues])
        else:
            say(f"There are no locks under {connection.settings.lock_root}.")


HEADINGS = ("LOCK", "STATE", "HOLDER", "FOR", ">WAITING", ">ASKED")


def row(queue: Queue) -> list[str]:
    """The cells of one lock."""
    holders = queue.holders
    asked = sum(holder.asked for holder in holders)
    return [
        full_name(queue),
        queue.state,
        describing.first_of(holders),
        describing.age(holders[0]) if holders else "",
        str(len(queue.waiting)),
        str(asked) if asked else "",
    ]


def full_name(queue: Queue) -> str:
    """The lock's name, and whose queue it is where it is not one's own."""
    if queue.layout is ZKTOOLS:
        return queue.name
    return f"{queue.name} ({queue.layout.name})"


def queue_as_json(queue: Queue) -> dict[str, Any]:
    """A lock for programs."""
    return {
        "lock": queue.name,
        "path": queue.folder,
        "layout": queue.layout.name,
        "state": queue.state.lower(),
        "holders": [describing.as_json(c, queue.folder) for c in queue.holders],
        "waiting": [describing.as_json(c, queue.folder) for c in queue.waiting],
    }
