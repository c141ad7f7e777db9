"""What ``zooky top`` shows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rich.console import Console, Group, RenderableType
from rich.text import Text

from zktools._engine.clock import now
from zktools.cli import describing
from zktools.cli.circles import Wait, find_circles
from zktools.cli.durations import in_words
from zktools.cli.escaping import escaped
from zktools.cli.health import Health
from zktools.cli.list_locks import full_name, queue_as_json
from zktools.cli.output import Cell, fitted_table
from zktools.cli.queues import Queue
from zktools.cli.repeating import Seen
from zktools.cli.settings import Settings

_HEADINGS = ("LOCK", "STATE", "HOLDER", "FOR", ">WAITING", "NEXT", "WAITS")
_SPARE = ("WAITS", "NEXT", "STATE")  # on a narrow terminal
_SERVERS = ("SERVER", "MODE", ">LATENCY", ">BEHIND", ">WATCHES")
_SERVERS_SPARE = (">WATCHES",)
_ROWS = 3  # of the locks, however low the screen is


def frame_as_json(queues: Sequence[Queue], servers: Sequence[Health]) -> dict[str, object]:
    """One look, for programs."""
    return {
        "locks": [queue_as_json(queue) for queue in queues],
        "circles": [[_wait_as_json(wait) for wait in circle] for circle in find_circles(queues)],
        "servers": [server.as_json() for server in servers],
    }


def _wait_as_json(wait: Wait) -> dict[str, object]:
    return {
        "token": wait.waiting.token,
        "waits_for": wait.lock,
        "held_by_token": wait.holding.token,
    }


def outage(seen: Seen[Any]) -> str:
    """How old it is, if ZooKeeper does not answer; else nothing."""
    if seen.current:
        return ""
    return f"ZooKeeper does not answer. This is how it was {in_words(now() - seen.at)} ago."


def view(
    out: Console,
    settings: Settings,
    queues: Sequence[Queue],
    servers: Sequence[Health],
    warning: str = "",
    lines: int | None = None,
) -> RenderableType:
    """One look, for people; on a screen of so many lines the longest queues, and how many more."""
    waiting = sum(len(queue.waiting) for queue in queues)
    held = sum(bool(queue.contenders) for queue in queues)
    title = f"{settings.hosts}  {settings.lock_root}: {held} held, {waiting} waiting"
    above = [
        Text(escaped(title), style="bold"),
        Text(warning, style="bold red"),
        *(_circle(circle) for circle in find_circles(queues)),
    ]
    below: list[RenderableType] = []
    if servers:
        below = [Text(), fitted_table(out, _SERVERS, map(_server, servers), _SERVERS_SPARE)]
    fitting = len(queues) if lines is None else _fitting(out, lines, [*above, *below], len(queues))
    locks = fitted_table(out, _HEADINGS, map(_row, queues[:fitting]), _SPARE)
    more = len(queues) - fitting
    rest = [Text(f"and {more} more; zooky list has them all", style="bold")] if more else []
    return Group(*above, locks, *rest, *below)


def _fitting(out: Console, lines: int, others: Sequence[RenderableType], queues: int) -> int:
    """How many queues there is room for among the others, below a heading."""
    taken = 1 + sum(len(out.render_lines(each)) for each in others)
    room = lines - taken
    return queues if queues <= room else min(queues, max(room - 1, _ROWS))


def _row(queue: Queue) -> list[Cell]:
    holders, waiting = queue.holders, queue.waiting
    asked = any(holder.asked for holder in holders)
    return [
        full_name(queue),
        queue.state,
        Text(escaped(describing.first_of(holders)), style="yellow" if asked else ""),
        queue.age(holders[0]) if holders else "",
        Text(str(len(waiting)), style="bold red" if waiting else ""),
        describing.first_of(waiting[:1]),
        queue.age(waiting[0]) if waiting else "",
    ]


def _server(server: Health) -> list[Cell]:
    known = server.zxid is not None
    behind = "" if server.behind is None else str(server.behind)
    return [
        server.address,
        Text(escaped(server.mode), style="" if known else "bold red"),
        "" if server.latency is None else f"{server.latency:g} ms",
        behind if server.mode != "leader" else "",
        "" if server.watches is None else str(server.watches),
    ]


def _circle(circle: Sequence[Wait]) -> Text:
    lines = []
    for wait in circle:
        who = wait.waiting.who
        lines.append(f"  {describing.process(who)} {describing.thread(who)} waits for {wait.lock}")
    return Text(
        "\n".join(["They wait for each other:", *map(escaped, lines), ""]), style="bold red"
    )
