"""``zooky top``."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence

import click
from rich.console import Group, RenderableType
from rich.live import Live
from rich.text import Text

from zktools.cli import describing
from zktools.cli.circles import Wait, find_circles
from zktools.cli.connection import Connection, connected
from zktools.cli.durations import DURATION
from zktools.cli.escaping import escaped
from zktools.cli.list_locks import full_name, queue_as_json
from zktools.cli.output import Cell, console, json_option, print_json, table
from zktools.cli.queues import Queue, layout_option, read_queues
from zktools.cli.settings import connection_options
from zktools.cli.tool import Command, Option
from zktools.exceptions import NotConnectedError

_HEADINGS = ("LOCK", "STATE", "HOLDER", "FOR", ">WAITING", "NEXT", "FOR")
_LEAST = 0.1  # seconds between two looks


@click.command(cls=Command)
@click.option(
    "--interval",
    cls=Option,
    type=DURATION,
    default="1s",
    show_default=True,
    help="Between two looks.",
)
@click.option("--once", cls=Option, is_flag=True, help="Look once, print, and end.")
@click.option("--all", "everything", cls=Option, is_flag=True, help="Free locks as well.")
@layout_option
@json_option
@connection_options
def top(
    *, interval: float, once: bool, everything: bool, layout: str | None, as_json: bool
) -> None:
    """Watch all locks, holders and queues.

    The longest queues come first; holders that were asked to let go are yellow. Threads that wait
    for each other in a circle are named below. With --json it prints one line for each look. Ends
    with Ctrl-C.
    """
    with connected() as connection:
        looks = _looks(connection, interval, layout, once=once)
        if as_json:
            for queues in looks:
                print_json(frame_as_json(_chosen(queues or [], everything)), one_line=True)
        elif once or not sys.stdout.isatty():
            for queues in looks:
                console().print(view(connection, _chosen(queues or [], everything)))
        else:
            with Live(console=console(), screen=True, auto_refresh=False) as live:
                for queues in looks:
                    shown = None if queues is None else _chosen(queues, everything)
                    live.update(view(connection, shown), refresh=True)


def _looks(
    connection: Connection, interval: float, layout: str | None, *, once: bool
) -> Iterator[list[Queue] | None]:
    """The queues, again and again; None while ZooKeeper does not answer."""
    pause = connection.session.handler.event_object()
    while True:
        try:
            yield read_queues(connection, layout)
        except NotConnectedError:
            if once:
                raise
            yield None
        if once:
            return
        pause.wait(max(interval, _LEAST))


def _chosen(queues: Sequence[Queue], everything: bool) -> list[Queue]:
    used = [queue for queue in queues if everything or queue.contenders]
    return sorted(used, key=lambda queue: (-len(queue.waiting), queue.name))


def frame_as_json(queues: Sequence[Queue]) -> dict[str, object]:
    """One look, for programs."""
    return {
        "locks": [queue_as_json(queue) for queue in queues],
        "circles": [[_wait_as_json(wait) for wait in circle] for circle in find_circles(queues)],
    }


def _wait_as_json(wait: Wait) -> dict[str, object]:
    return {
        "token": wait.waiting.token,
        "waits_for": wait.lock,
        "held_by_token": wait.holding.token,
    }


def view(connection: Connection, queues: Sequence[Queue] | None) -> RenderableType:
    """One look, for people; None for none."""
    title = f"{connection.settings.hosts}  {connection.settings.lock_root}"
    if queues is None:
        return Text(f"{escaped(title)}: ZooKeeper does not answer", style="bold red")
    waiting = sum(len(queue.waiting) for queue in queues)
    held = sum(bool(queue.contenders) for queue in queues)
    heading = Text(f"{escaped(title)}: {held} held, {waiting} waiting", style="bold")
    circles = [_circle(circle) for circle in find_circles(queues)]
    return Group(heading, Text(), table(_HEADINGS, map(_row, queues)), *circles)


def _row(queue: Queue) -> list[Cell]:
    holders, waiting = queue.holders, queue.waiting
    asked = any(holder.asked for holder in holders)
    return [
        full_name(queue),
        queue.state,
        Text(escaped(describing.first_of(holders)), style="yellow" if asked else ""),
        describing.age(holders[0]) if holders else "",
        Text(str(len(waiting)), style="bold red" if waiting else ""),
        describing.first_of(waiting[:1]),
        describing.age(waiting[0]) if waiting else "",
    ]


def _circle(circle: Sequence[Wait]) -> Text:
    lines = []
    for wait in circle:
        who = wait.waiting.who
        lines.append(f"  {describing.process(who)} {describing.thread(who)} waits for {wait.lock}")
    return Text(
        "\n".join(["", "They wait for each other:", *map(escaped, lines)]), style="bold red"
    )
