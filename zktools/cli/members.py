"""``zooky members``: who is in a group."""

from __future__ import annotations

import datetime as dt
from typing import Any, NamedTuple

import click
from kazoo.exceptions import NoNodeError

from zktools._engine.steps import run
from zktools._queue.contenders import listing
from zktools.cli import describing
from zktools.cli.config.opening import path_argument
from zktools.cli.connection import Connection, connected
from zktools.cli.durations import in_words, local_time, seconds_since
from zktools.cli.output import json_option, print_json, print_table, say
from zktools.cli.settings import connection_options
from zktools.cli.tool import Command

HEADINGS = ("NAME", "SINCE", "FOR", "SESSION", "DATA")
_SPARE = ("SESSION", "SINCE")  # on a narrow terminal
_WIDTH = 60  # characters of the data


class Member(NamedTuple):
    """One who is in a group."""

    name: str
    data: bytes
    since: dt.datetime
    session_id: int


@click.command(cls=Command, examples=["zooky members /shop/workers"])
@path_argument
@json_option
@connection_options
def members(path: str, *, as_json: bool) -> None:
    """Show who is in the group at PATH, and what each says.

    SINCE and FOR: in this session. Nodes of no session are not members.
    """
    with connected() as connection:
        found = read_members(connection, path)
        if as_json:
            print_json([_as_json(member, path) for member in found])
        elif found:
            print_table(HEADINGS, [_row(member) for member in found], spare=_SPARE)
        else:
            say(f"Nobody is in {path}.")


def read_members(connection: Connection, path: str) -> list[Member]:
    """Who is in the group at `path`, by name; nobody where it is not there."""
    session, client = connection.session, connection.client
    found = []
    reads = {
        name: session.ask(client.get_async, f"{path.rstrip('/')}/{name}")
        for name in sorted(run(listing(session, path)))
    }
    for name, read in reads.items():
        read.wait(session.wire.session_timeout)
        if isinstance(read.exception, NoNodeError):
            continue  # it has left meanwhile
        data, stat = session.wait(read, f"reading {path}")
        if stat.ephemeralOwner:
            since = dt.datetime.fromtimestamp(stat.ctime / 1000, dt.UTC)
            found.append(Member(name, data, since, stat.ephemeralOwner))
    return found


def _row(member: Member) -> list[str]:
    text = member.data.decode(errors="backslashreplace")
    return [
        member.name,
        local_time(member.since),
        in_words(seconds_since(member.since)),
        f"{member.session_id:#x}",
        text if len(text) <= _WIDTH else text[: _WIDTH - 3] + "...",
    ]


def _as_json(member: Member, path: str) -> dict[str, Any]:
    return {
        "name": member.name,
        "path": f"{path.rstrip('/')}/{member.name}",
        "since": member.since.isoformat(),
        "seconds": round(seconds_since(member.since), 3),
        "session": f"{member.session_id:#x}",
        **describing.data_as_json(member.data),
    }
