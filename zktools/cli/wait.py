"""``zooky wait``: until a lock is free, or its holders have let go."""

from __future__ import annotations

import click
from kazoo.exceptions import NoNodeError

from zktools._engine.clock import now
from zktools.cli.connection import Connection, connected
from zktools.cli.durations import DURATION, in_words
from zktools.cli.looking import Watch, look_until, remaining
from zktools.cli.names import lock_argument
from zktools.cli.output import json_option, print_json, say
from zktools.cli.problems import Problem
from zktools.cli.queues import chosen_layouts, layout_option, read_lock
from zktools.cli.settings import connection_options
from zktools.cli.statuses import Status
from zktools.cli.tool import Command, Option


@click.command(cls=Command, examples=["zooky wait nightly --holders --timeout 1m30s && ./deploy"])
@lock_argument
@click.option("--timeout", cls=Option, type=DURATION, help="How long; for ever unless given.")
@click.option(
    "--holders",
    cls=Option,
    is_flag=True,
    help="Only until those who hold it now have let go, whoever holds it then.",
)
@layout_option
@json_option
@connection_options
def wait(
    name: str, *, timeout: float | None, holders: bool, layout: str | None, as_json: bool
) -> None:
    """Wait until lock NAME is free.

    Free is when nobody holds it and nobody waits for it; a lock that was never used is. Exit status
    1 when that takes too long.
    """
    began = now()
    with connected() as connection:
        free = _holders_gone if holders else _is_free
        done = free(connection, name, layout, timeout)
        if not done:
            what = "those who held it still do" if holders else "it is not free"
            look = connection.line(f"show {name}")
            raise Problem(Status.NO, f"{name}: {what} after {in_words(timeout or 0)}; see `{look}`")
        if as_json:
            print_json({"lock": name, "seconds": round(now() - began, 3)})
        else:
            gone = "those who held it have let go" if holders else "free"
            say(f"{name}: {gone} after {in_words(now() - began)}.")


def _is_free(connection: Connection, name: str, layout: str | None, seconds: float | None) -> bool:
    folder = connection.lock_folder(name)

    def look(watch: Watch) -> bool:
        listed = connection.client.get_children_async(folder, watch)
        listed.wait(connection.session.wire.session_timeout)
        if isinstance(listed.exception, NoNodeError):
            return True
        names = connection.session.wait(listed, f"listing {folder}")
        return not any(one.queue(names) for one in chosen_layouts(layout, names))

    return look_until(connection, look, seconds)


def _holders_gone(
    connection: Connection, name: str, layout: str | None, seconds: float | None
) -> bool:
    queues = read_lock(connection, name, layout)
    paths = [f"{queue.folder}/{holder.name}" for queue in queues for holder in queue.holders]
    return look_until(connection, lambda watch: not remaining(connection, paths, watch), seconds)
