"""``zooky config set`` and ``unset``."""

from __future__ import annotations

import json
from typing import Any

import click

from zktools._configuration.tree import is_within
from zktools.cli.config.opening import KEY, codec_option, encode, opened, path_argument, read
from zktools.cli.config.plan import Plan, lines, make_plan
from zktools.cli.config.plan import as_json as plan_as_json
from zktools.cli.confirming import confirm, yes_option
from zktools.cli.output import json_option, print_json, say
from zktools.cli.problems import Problem
from zktools.cli.settings import connection_options
from zktools.cli.statuses import Status
from zktools.cli.tool import Command, Option
from zktools.values import Codec, Json


@click.command("set", cls=Command)
@path_argument
@click.argument("key", type=KEY)
@click.argument("value")
@codec_option
@click.option(
    "--version",
    cls=Option,
    type=int,
    metavar="NUMBER",
    help="Only if KEY was not changed after this version of the configuration.",
)
@json_option
@connection_options
def set_value(
    path: str, key: str, value: str, *, codec: Codec[Any], version: int | None, as_json: bool
) -> None:
    """Store VALUE under KEY at PATH.

    What it is is told by its text: 10 is a number, true a truth value, [1, 2] a list. With
    --codec json VALUE is JSON, so that text stands in quotes.
    """
    wanted = {key: _encoded(codec, value)}
    with opened(path) as config:
        stored = read(config)
        plan = make_plan(stored, wanted, replace=False)
        made = config.store(wanted, version=stored.version if version is None else version)
    _report(plan, codec, made, as_json=as_json)


def _encoded(codec: Codec[Any], value: str) -> bytes:
    if not isinstance(codec, Json):
        return value.encode("utf-8", "surrogateescape")
    try:
        return encode(codec, {"VALUE": json.loads(value)})["VALUE"]
    except ValueError as error:
        raise Problem(
            Status.USAGE, f"VALUE is no JSON: {error}; text stands in quotes: '\"text\"'"
        ) from error


@click.command(cls=Command)
@path_argument
@click.argument("keys", type=KEY, nargs=-1, required=True, metavar="KEY...")
@codec_option
@yes_option
@json_option
@connection_options
def unset(path: str, keys: tuple[str, ...], *, codec: Codec[Any], yes: bool, as_json: bool) -> None:
    """Remove KEYs at PATH, with all below them.

    In one transaction.
    """
    with opened(path) as config:
        stored = read(config)
        rest = dict(stored.data)
        for key in keys:
            doomed = [each for each in rest if is_within(each, key)]
            if not doomed:
                raise Problem(
                    Status.MISSING, f"there is no value {key} at {path}; nothing was removed"
                )
            for each in doomed:
                del rest[each]
        plan = make_plan(stored, rest, replace=True)
        confirm(f"This removes from {path}:", yes=yes, details=tuple(lines(plan, codec)))
        made = config.store(rest, replace=True, version=stored.version)
    _report(plan, codec, made, as_json=as_json)


def _report(plan: Plan, codec: Codec[Any], made: int, *, as_json: bool) -> None:
    if as_json:
        print_json({**plan_as_json(plan, codec), "version": made})
    else:
        for line in lines(plan, codec) or ["nothing to change"]:
            say(line)
