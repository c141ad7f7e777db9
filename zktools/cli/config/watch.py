"""``zooky config watch``: what changes, as it happens."""

from __future__ import annotations

import datetime as dt
import itertools
from typing import Any

import click

from zktools.cli.config.following import NOTHING, Following, Sight
from zktools.cli.config.opening import KEY, codec_option, path_argument, up_to_date
from zktools.cli.config.plan import as_json as plan_as_json
from zktools.cli.config.plan import lines, plan_of_changes
from zktools.cli.output import aside, json_option, print_json, say
from zktools.cli.settings import connection_options
from zktools.cli.tool import Command, Option
from zktools.configuration import Changes
from zktools.values import Codec


@click.command(cls=Command, examples=["zooky config watch /config/shop db"])
@path_argument
@click.argument("prefix", type=KEY, default="")
@click.option("--once", cls=Option, is_flag=True, help="End after the first change.")
@codec_option
@json_option
@connection_options
def watch(path: str, prefix: str, *, once: bool, codec: Codec[Any], as_json: bool) -> None:
    """Print what changes at PATH, as it happens.

    Only at and below PREFIX, if it is given. Begins with what there is; where PATH is no node,
    says so and waits for it. What one transaction changed comes together. Ends with Ctrl-C.

    Keys that may not be read or cannot be decoded are shown as that. No server tells that an ACL
    was changed, so all is read again every 10 seconds, or less often where there are many keys.
    """
    with up_to_date(path) as connection, Following(connection.client, path, prefix) as config:
        before = NOTHING
        for number in itertools.count():
            seen = config.next()
            _tell_presence(path, before, seen)
            changes, before = seen.since(before), seen
            if changes or number == 0:
                _print(changes, codec, as_json=as_json)
            if changes and number and once:
                return


def _tell_presence(path: str, before: Sight, seen: Sight) -> None:
    if before.is_there and not seen.is_there:
        what = "is nothing" if before is NOTHING else "is nothing any more"
        aside(f"there {what} at {path}; waiting for it to be made")


def _print(changes: Changes[Any], codec: Codec[Any], *, as_json: bool) -> None:
    plan = plan_of_changes(changes)
    if as_json:
        told = plan_as_json(plan, codec)
        del told["version"]
        print_json(told, one_line=True)
        return
    at = dt.datetime.now().astimezone().strftime("%H:%M:%S")
    for line in lines(plan, codec):
        say(f"{at} {line}")
