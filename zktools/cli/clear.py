"""``zooky clear``: destroy a lock's whole queue."""

from __future__ import annotations

import click

from zktools.cli import describing
from zktools.cli.conditional import delete_contenders
from zktools.cli.confirming import confirm, yes_option
from zktools.cli.connection import connected
from zktools.cli.names import lock_argument
from zktools.cli.output import json_option, print_json, say
from zktools.cli.queues import existing_queue, layout_option
from zktools.cli.settings import connection_options
from zktools.cli.tool import Command


@click.command(cls=Command, examples=["zooky clear nightly"])
@lock_argument
@yes_option
@layout_option
@json_option
@connection_options
def clear(name: str, *, yes: bool, layout: str | None, as_json: bool) -> None:
    """Destroy the queue of lock NAME, holders included.

    Whoever holds the lock has lost it, whether it has stopped or not; whoever waits queues again.
    Those who join after the queue was shown are left alone. `zooky revoke NAME` is gentler.
    """
    with connected() as connection:
        queue = existing_queue(connection, name, layout)
        if queue.contenders:
            confirm(
                f"This destroys all {len(queue.contenders)} in the queue of {name}. Who holds the "
                "lock loses it at once, even while still at work:",
                yes=yes,
                details=tuple(map(describing.in_short, queue.contenders)),
            )
            delete_contenders(connection, queue, queue.contenders)
        if as_json:
            cleared = [describing.as_json(c, queue.folder) for c in queue.contenders]
            print_json({"lock": name, "path": queue.folder, "destroyed": cleared})
        elif queue.contenders:
            say(f"Cleared {name}: {len(queue.contenders)} destroyed.")
        else:
            say(f"{name} is free: there was nothing to clear.")
