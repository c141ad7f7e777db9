"""``zooky show``: the queue of one lock."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click
from kazoo.exceptions import NoNodeError

from zktools.cli import describing
from zktools.cli.connection import Connection, connected
from zktools.cli.durations import in_words, local_time
from zktools.cli.list_locks import queue_as_json
from zktools.cli.names import lock_argument
from zktools.cli.output import json_option, print_json, print_table, say
from zktools.cli.queues import Queue, existing_queue, layout_option
from zktools.cli.settings import connection_options
from zktools.cli.tool import Command, Option
from zktools.contenders import Contender


@click.command(cls=Command)
@lock_argument
@click.option("--long", "-l", cls=Option, is_flag=True, help="Each node's data and stat as well.")
@layout_option
@json_option
@connection_options
def show(name: str, *, long: bool, layout: str | None, as_json: bool) -> None:
    """Show the queue of lock NAME.

    Who holds it, who waits, who was asked to let go and by whom, in the order in which they get the
    lock. SINCE: in the queue. FOR: how long it has waited or held; <3m12s at the most, when all
    that is known is when it queued; 12s-3m12s in between. TOKEN is the fencing token. A narrow
    terminal lacks columns that --json has.

    \b
    Get the lock back safely: ask first, and destroy only what does not listen.
      zooky revoke nightly              the holder is asked to let go
      zooky revoke nightly --grace 30s  destroyed if it has not by then
    """  # noqa: D301 - click reads the \b
    with connected() as connection:
        queue = existing_queue(connection, name, layout)
        stats = _stats(connection, queue) if long else {}
        if as_json:
            print_json(_with_stats(queue_as_json(queue), queue, stats))
        elif not queue.contenders:
            say(f"{name} is free: nobody holds it, nobody waits.")
        else:
            _print_queue(queue)
            for contender in queue.contenders:
                if contender.name in stats:
                    _print_stat(contender, stats[contender.name])


def _print_queue(queue: Queue) -> None:
    columns = {
        heading: [cell(queue, c) for c in queue.contenders] for heading, cell in _COLUMNS.items()
    }
    if not any(columns["ASKED BY"]):
        del columns["ASKED BY"]
    if set(columns["THREAD"]) <= {"", "MainThread"}:
        del columns["THREAD"]
    if queue.permits is None:
        del columns[">WEIGHT"]
    print_table(list(columns), zip(*columns.values(), strict=True), spare=_SPARE)


def _asked(contender: Contender) -> str:
    if not contender.asked:
        return ""
    return describing.process(describing.asked_by(contender))


_SPARE = ("SESSION", "SINCE", ">TOKEN", "THREAD", "KIND", ">#", "NAME")  # on a narrow terminal
_COLUMNS: dict[str, Callable[[Queue, Contender], str]] = {
    ">#": lambda _, c: str(c.position),
    "STATE": lambda _, c: describing.state(c),
    "KIND": lambda _, c: c.kind,
    ">WEIGHT": lambda _, c: str(c.weight),
    "WHO": lambda _, c: describing.process(c.who),
    "NAME": lambda _, c: describing.own_name(c.who),
    "THREAD": lambda _, c: describing.thread(c.who),
    "SINCE": lambda _, c: local_time(c.since),
    "FOR": Queue.age,
    "ASKED BY": lambda _, c: _asked(c),
    "SESSION": lambda _, c: f"{c.session_id:#x}",
    ">TOKEN": lambda _, c: str(c.token),
}


def _stats(connection: Connection, queue: Queue) -> dict[str, dict[str, Any]]:
    """The stat of each node; those that have left meanwhile are left out."""
    read = {
        c.name: connection.client.exists_async(f"{queue.folder}/{c.name}") for c in queue.contenders
    }
    found = {}
    for name, result in read.items():
        result.wait(connection.session.wire.session_timeout)
        if isinstance(result.exception, NoNodeError):
            continue
        stat = connection.session.wait(result, f"reading {queue.folder}")
        if stat is not None:
            found[name] = _readable(stat)
    return found


def _readable(stat: Any) -> dict[str, Any]:
    fields: dict[str, Any] = dict(stat._asdict())
    fields["created_ago"] = describing.seconds_since_ms(stat.ctime)
    fields["modified_ago"] = describing.seconds_since_ms(stat.mtime)
    return fields


def _with_stats(
    shown: dict[str, Any], queue: Queue, stats: dict[str, dict[str, Any]]
) -> dict[str, Any]:
    data = {f"{queue.folder}/{c.name}": c.data for c in queue.contenders}
    for each in (*shown["holders"], *shown["waiting"]):
        path = each["path"]
        found = stats.get(path.rpartition("/")[2])
        if found is not None:
            each.update(describing.data_as_json(data[path]), stat=found)
    return shown


def _print_stat(contender: Contender, stat: dict[str, Any]) -> None:
    click.echo()
    say(contender.name)
    rows = [["data", contender.data.decode("utf-8", "surrogateescape")]]
    rows += [[field, _in_words(field, value)] for field, value in stat.items()]
    print_table(("FIELD", "VALUE"), rows)


def _in_words(field: str, value: Any) -> str:
    if field == "ephemeralOwner":
        return f"{value:#x}"
    return in_words(value) if field.endswith("_ago") else str(value)
