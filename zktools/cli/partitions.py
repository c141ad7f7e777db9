"""``zooky partitions``: who has which item."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import click

from zktools._engine.steps import run
from zktools._partitions.owner import Owner, owners
from zktools._queue.contenders import listing
from zktools.cli import describing
from zktools.cli.config.opening import path_argument
from zktools.cli.connection import Connection, connected
from zktools.cli.output import json_option, print_json, print_table, say
from zktools.cli.settings import connection_options
from zktools.cli.tool import Command, Option

_NOBODY = "(nobody)"


@click.command(cls=Command)
@path_argument
@click.option("--items", "-i", cls=Option, is_flag=True, help="One line for each item.")
@json_option
@connection_options
def partitions(path: str, *, items: bool, as_json: bool) -> None:
    """Show how the items at PATH are shared out.

    One line for each member, with how many items it has, and how many of them it was asked for.
    Items that nobody has, as after they are taken off the list, count as nobody's. Each item is a
    lock under PATH/items.

    \b
    Examples:
      zooky partitions /shop/tenants
      zooky partitions /shop/tenants --items
      zooky revoke acme --lock-root /shop/tenants/items
    """  # noqa: D301 - click reads the \b
    with connected() as connection:
        shared = read_partitions(connection, path)
        if as_json:
            print_json({name: _as_json(owner) for name, owner in shared.items.items()})
        elif items and shared.items:
            rows = [_row(name, owner) for name, owner in shared.items.items()]
            print_table(_HEADINGS, rows, _SPARE)
        elif shared.items or shared.members:
            print_table((">ITEMS", ">ASKED", "MEMBER", "PROCESS"), shared.summary())
        else:
            say(f"There are no items in {path}.")


class Shared(NamedTuple):
    """Items, and who shares them."""

    items: Mapping[str, Owner | None]
    """Who has each item; None for nobody."""
    members: set[str]

    def summary(self) -> list[list[str]]:
        """How many items, how many of them asked for, the name and the process of each member."""
        has: dict[str, list[Owner]] = {name: [] for name in self.members}
        for owner in self.items.values():
            if owner is not None:
                has.setdefault(owner.name, []).append(owner)
        rows = []
        for name, own in sorted(has.items()):
            asked = sum(owner.asked for owner in own)
            process = describing.process(own[0].who) if own else ""
            rows.append([str(len(own)), str(asked), name, process])
        nobodys = sum(owner is None for owner in self.items.values())
        return [*rows, [str(nobodys), "", _NOBODY, ""]] if nobodys else rows


def read_partitions(connection: Connection, path: str) -> Shared:
    """How the items at `path` are shared out; nothing where it is not there."""
    above, session = path.rstrip("/"), connection.session
    names = sorted(run(listing(session, f"{above}/items")))
    found = run(owners(session, f"{above}/items", names))
    return Shared(found, set(run(listing(session, f"{above}/members"))))


_HEADINGS = ("ITEM", "OWNER", "ASKED", ">TOKEN", "SESSION", "PROCESS")
_SPARE = ("SESSION", "PROCESS", ">TOKEN")


def _row(name: str, owner: Owner | None) -> list[str]:
    if owner is None:
        return [name, _NOBODY, "", "", "", ""]
    asked, session = "asked" if owner.asked else "", f"{owner.session_id:#x}"
    return [name, owner.name, asked, str(owner.token), session, describing.process(owner.who)]


def _as_json(owner: Owner | None) -> dict[str, Any] | None:
    if owner is None:
        return None
    return {
        "owner": owner.name,
        "token": owner.token,
        "session": f"{owner.session_id:#x}",
        "asked": owner.asked,
        "who": {key: value for key, value in owner.who.items() if key != "unlock"},
    }
