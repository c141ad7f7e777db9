"""``zooky list``: the locks, who holds each, and how many wait."""

from __future__ import annotations

from typing import Any

import click

from zktools._queue.layouts import ZKTOOLS
from zktools.cli import describing
from zktools.cli.connection import connected
from zktools.cli.output import json_option, print_json, print_table, say
from zktools.cli.queues import Queue, layout_option, read_queues
from zktools.cli.settings import connection_options
from zktools.cli.tool import Command, Option
from zktools.contenders import Contender


@click.command("list", cls=Command)
@layout_option
@click.option("--held", cls=Option, is_flag=True, help="Only those that somebody holds.")
@click.option("--waiting", cls=Option, is_flag=True, help="Only those that somebody waits for.")
@json_option
@connection_options
def list_locks(*, layout: str | None, held: bool, waiting: bool, as_json: bool) -> None:
    """List the locks, who holds them, and how many wait.

    FOR is how long it has been held: 3m12s; <3m12s at the most, when all that is known is when the
    holder queued; 12s-3m12s in between. Locks that may not be read are listed as such.

    \b
    Examples:
      zooky list --waiting                  what somebody waits for
      zooky list --json | jq '.[].lock'     names, for a script
    """  # noqa: D301 - click reads the \b
    with connected() as connection:
        found = read_queues(connection, layout)
        queues = [queue for queue in found if queue.denied or _is_wanted(queue, held, waiting)]
        if as_json:
            print_json([queue_as_json(queue) for queue in queues])
        elif queues:
            print_table(HEADINGS, [row(queue) for queue in queues], spare=_SPARE)
        else:
            such = "such " if found else ""
            say(f"There are no {such}locks under {connection.settings.lock_root}.")


def _is_wanted(queue: Queue, held: bool, waiting: bool) -> bool:
    return (not held or bool(queue.holders)) and (not waiting or bool(queue.waiting))


HEADINGS = ("LOCK", "STATE", "HOLDER", "FOR", ">WAITING", ">ASKED")
_SPARE = (">ASKED", "STATE")  # on a narrow terminal


def row(queue: Queue) -> list[str]:
    """The cells of one lock."""
    holders = queue.holders
    asked = sum(holder.asked for holder in holders)
    return [
        full_name(queue),
        queue.state,
        describing.first_of(holders),
        queue.age(holders[0]) if holders else "",
        str(len(queue.waiting)),
        str(asked) if asked else "",
    ]


def full_name(queue: Queue) -> str:
    """The lock's name, and whose queue it is where it is not one's own."""
    if queue.layout.name == ZKTOOLS.name:
        return queue.name
    return f"{queue.name} ({queue.layout.name})"


def queue_as_json(queue: Queue) -> dict[str, Any]:
    """A lock for programs."""

    def as_json(contender: Contender) -> dict[str, Any]:
        return describing.as_json(contender, queue.folder, queue.began_of(contender))

    return {
        "lock": queue.name,
        "path": queue.folder,
        "layout": queue.layout.name,
        "state": queue.state.lower(),
        "permits": queue.permits,
        "holders": [as_json(c) for c in queue.holders],
        "waiting": [as_json(c) for c in queue.waiting],
    }
