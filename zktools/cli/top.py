"""``zooky top``: all locks on one screen, drawn again whenever something changes."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import click
from rich.live import Live

from zktools.cli.connection import Connection, connected
from zktools.cli.durations import interval_option
from zktools.cli.health import Health, health
from zktools.cli.keyboard import Keyboard
from zktools.cli.output import console, json_option, print_json
from zktools.cli.queues import Queue, busiest_first, layout_option, read_queues
from zktools.cli.repeating import Repeated
from zktools.cli.settings import connection_options
from zktools.cli.sightings import Sightings
from zktools.cli.tool import Command, Option
from zktools.cli.top_view import frame_as_json, outage, view
from zktools.exceptions import NotConnectedError

_GLANCE = 0.25  # seconds between two pictures: ages grow, keys are heard
_HEALTH = 5.0  # seconds between two looks at the servers


@click.command(cls=Command, examples=["zooky top --root semaphores --interval 5s"])
@interval_option("Between two looks.")
@click.option("--once", cls=Option, is_flag=True, help="Look once, print, and end.")
@click.option("--all", "everything", cls=Option, is_flag=True, help="Free locks as well.")
@layout_option
@json_option
@connection_options
def top(
    *, interval: float, once: bool, everything: bool, layout: str | None, as_json: bool
) -> None:
    """Watch all locks, holders and queues, and the servers.

    The longest queues come first, as many as the screen has room for; holders that were asked to
    let go are yellow. Threads that wait for each other in a circle are named on top. While
    ZooKeeper does not answer, what was seen last stays, with its age. Ends with q or Ctrl-C.

    FOR is how long it has been held: 3m12s; <3m12s at the most, when all that is known is when the
    holder queued; 12s-3m12s in between. What top saw, it knows to the interval. With --json it
    prints one line for each look.

    Servers say how they are by the four-letter word srvr, and how many watches they keep by wchs,
    if their 4lw.commands.whitelist allows it.
    """
    with connected() as connection:
        if not as_json and not once and sys.stdout.isatty():
            _live(connection, interval, everything, layout)
            return
        for queues in _looks(connection, interval, layout, once=once):
            chosen = busiest_first(queues or [], everything=everything)
            servers = health(connection.settings)
            if as_json:
                print_json(frame_as_json(chosen, servers), one_line=True)
            else:
                out = console()
                out.print(view(out, connection.settings, chosen, servers))


def _live(connection: Connection, interval: float, everything: bool, layout: str | None) -> None:
    sightings = Sightings()
    locks = Repeated(lambda: sightings.look(lambda: read_queues(connection, layout)), interval)
    servers: Repeated[list[Health]] = Repeated(lambda: health(connection.settings), _HEALTH)
    out = console()
    try:
        with Keyboard() as keyboard, Live(console=out, screen=True, auto_refresh=False) as live:
            while True:
                seen = locks.seen
                chosen = busiest_first(seen.what, everything=everything)
                picture = view(
                    out,
                    connection.settings,
                    chosen,
                    servers.seen.what,
                    outage(seen),
                    lines=out.height,
                )
                live.update(picture, refresh=True)
                if "q" in keyboard.wait(min(interval, _GLANCE)):
                    return
    finally:
        locks.end()
        servers.end()


def _looks(
    connection: Connection, interval: float, layout: str | None, *, once: bool
) -> Iterator[list[Queue] | None]:
    """The queues, again and again; None while ZooKeeper does not answer."""
    pause = connection.session.handler.event_object()
    sightings = Sightings()
    while True:
        try:
            yield sightings.look(lambda: read_queues(connection, layout))
        except NotConnectedError:
            if once:
                raise
            yield None
        if once:
            return
        pause.wait(interval)
