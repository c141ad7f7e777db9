"""``zooky config set`` and ``unset``: change single values."""

from __future__ import annotations

import json
import re
from typing import Any

import click
from kazoo.security import ACL

from zktools.cli.config.opening import (
    KEY,
    Stored,
    acl_option,
    codec_option,
    encode,
    note_option,
    opened,
    path_argument,
    read,
)
from zktools.cli.config.plan import Plan, lines, plan_import, plan_removal
from zktools.cli.config.plan import as_json as plan_as_json
from zktools.cli.confirming import confirm, yes_option
from zktools.cli.output import json_option, print_json, say
from zktools.cli.problems import Problem
from zktools.cli.settings import connection_options
from zktools.cli.statuses import Status
from zktools.cli.tool import Command, Option
from zktools.values import Codec, Json

_NEGATIVE = re.compile(r"-(?:[0-9][0-9._]*(?:e[-+]?[0-9]+)?|\.[0-9]+|inf)", re.IGNORECASE)


class _SetCommand(Command):
    """Takes a negative number for the value that it is."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse."""
        ctx.ignore_unknown_options = any(_NEGATIVE.fullmatch(word) for word in args)
        return super().parse_args(ctx, args)


@click.command(
    "set",
    cls=_SetCommand,
    examples=[
        "zooky config set /config/shop db/pool_size 10 --note 'more shops'",
        "zooky config set /config/shop limits/low -5",
        'zooky config set /config/shop features \'["search", "wishlist"]\' --codec json',
    ],
)
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
@note_option
@acl_option
@json_option
@connection_options
def set_value(
    path: str,
    key: str,
    value: str,
    *,
    codec: Codec[Any],
    version: int | None,
    note: str | None,
    acl: tuple[ACL, ...],
    as_json: bool,
) -> None:
    """Store VALUE under KEY at PATH.

    What it is is told by its text: 10 is a number, true a truth value, [1, 2] a list. With
    --codec json VALUE is JSON, so that text stands in quotes.
    """
    wanted = {key: _encoded(codec, value, key)}
    with opened(path, acl=acl) as config:
        stored = read(config)
        plan = plan_import(stored, wanted, codec)
        if version is None and key not in stored.errors:
            version = stored.version  # so that it is what is printed that was done
        made = config.store(plan.wanted, version=version, note=note)
    _report(plan, codec, made, as_json=as_json)


def _encoded(codec: Codec[Any], value: str, key: str) -> bytes:
    if not isinstance(codec, Json):
        return value.encode("utf-8", "surrogateescape")
    try:
        return encode(codec, json.loads(value), key)
    except ValueError as error:
        raise Problem(
            Status.USAGE, f"VALUE is no JSON: {error}; text stands in quotes: '\"text\"'"
        ) from error


@click.command(cls=Command, examples=["zooky config unset /config/shop db/pool_size debug"])
@path_argument
@click.argument("keys", type=KEY, nargs=-1, required=True, metavar="KEY...")
@note_option
@codec_option
@yes_option
@json_option
@connection_options
def unset(
    path: str,
    keys: tuple[str, ...],
    *,
    note: str | None,
    codec: Codec[Any],
    yes: bool,
    as_json: bool,
) -> None:
    """Remove KEYs at PATH, with all below them.

    In one transaction. What may not be read is not removed, nor the sections it is in.
    """
    with opened(path) as config:
        stored = read(config)
        for key in keys:
            _check_removable(stored, key)
        plan = plan_removal(stored, keys)
        confirm(f"This removes from {path}:", yes=yes, details=tuple(lines(plan, codec)))
        made = config.store({}, remove=keys, version=stored.version, note=note)
    _report(plan, codec, made, as_json=as_json)


def _check_removable(stored: Stored, key: str) -> None:
    part = stored.within(key)
    if part.errors:
        raise Problem(Status.DENIED, f"nothing was removed: {part.left_out}")
    if not part.data:
        raise Problem(
            Status.MISSING, f"there is no value {key} at {stored.path}; nothing was removed"
        )


def _report(plan: Plan, codec: Codec[Any], made: int, *, as_json: bool) -> None:
    if as_json:
        print_json({**plan_as_json(plan, codec), "version": made})
    else:
        for line in lines(plan, codec) or ["nothing to change"]:
            say(line)
