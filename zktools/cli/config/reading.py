"""``zooky config get``, ``list`` and ``export``: look at values, or write them to a file."""

from __future__ import annotations

import sys
from typing import Any

import click

from zktools.cli.config.files.expressing import Expression
from zktools.cli.config.files.formats import FORMS, format_of, render
from zktools.cli.config.files.saving import save
from zktools.cli.config.opening import KEY, codec_option, opened, path_argument, read
from zktools.cli.config.presenting import plain, shown, type_name
from zktools.cli.output import json_option, print_json, print_table, say
from zktools.cli.problems import Problem
from zktools.cli.settings import connection_options
from zktools.cli.statuses import Status
from zktools.cli.tool import Command, Option
from zktools.values import Codec


@click.command(cls=Command, examples=["zooky config get /config/shop db/pool_size"])
@path_argument
@click.argument("key", type=KEY)
@codec_option
@json_option
@connection_options
def get(path: str, key: str, *, codec: Codec[Any], as_json: bool) -> None:
    """Print the value of KEY at PATH.

    On a terminal escaped; into a pipe or file the bytes that are stored, and nothing else.
    """
    with opened(path) as config:
        stored = read(config)
    if key not in stored.data:
        for error in stored.within(key).errors.values():
            raise error
        raise Problem(
            Status.MISSING,
            f"there is no value {key} at {path}; `zooky config list {path}` shows those there are",
        )
    data = stored.data[key]
    if as_json:
        value = _decoded(codec, data, key)
        print_json({"key": key, "value": plain(value), "type": type_name(value)})
    elif sys.stdout.isatty():
        say(data.decode("utf-8", "surrogateescape"))
    else:
        click.echo(data, nl=False)


def _decoded(codec: Codec[Any], data: bytes, key: str) -> Any:
    try:
        return codec.decode(data)
    except (ValueError, RecursionError) as error:
        raise Problem(
            Status.FAILED, f"{key} holds what {codec!r} cannot read: {error}; try another --codec"
        ) from error


@click.command(
    "list",
    cls=Command,
    examples=["zooky config list /config/shop", "zooky config list /config/shop db"],
)
@path_argument
@click.argument("prefix", type=KEY, default="")
@codec_option
@json_option
@connection_options
def list_values(path: str, prefix: str, *, codec: Codec[Any], as_json: bool) -> None:
    """List keys and values at PATH, or at and below PREFIX there.

    Keys that may not be read or cannot be decoded are named on standard error; exit status 9.
    """
    with opened(path, codec) as config:
        whole = read(config)
    whole.check_there()
    stored = whole.within(prefix)
    values = stored.values(codec)
    if prefix and not values and not stored.errors:
        raise Problem(Status.MISSING, f"there is no value {prefix} at {path}, nor any below it")
    if as_json:
        print_json({key: plain(value) for key, value in values.items()})
    elif values:
        rows = [(key, type_name(value), shown(value)) for key, value in values.items()]
        print_table(("KEY", "TYPE", "VALUE"), rows)
    elif not stored.errors:
        say(f"Nothing is stored at {path}.")
    stored.check_whole()


@click.command(
    cls=Command,
    examples=[
        "zooky config export /config/shop -o shop.yaml",
        "zooky config export /config/shop --format env",
    ],
)
@path_argument
@click.option(
    "--output",
    "-o",
    cls=Option,
    type=click.Path(dir_okay=False),
    metavar="FILE",
    help="Write there, not to standard output. A new file is yours alone to read.",
)
@click.option(
    "--format",
    "form",
    cls=Option,
    type=click.Choice(list(FORMS)),
    help="Told by the file's name, or YAML, unless given.",
)
@codec_option
@click.option("--json", "as_json", cls=Option, is_flag=True, help="The same as --format json.")
@connection_options
def export(
    path: str, *, output: str | None, form: str | None, codec: Codec[Any], as_json: bool
) -> None:
    """Write what is at PATH as YAML, TOML, JSON, .env or .properties.

    All of it is of one moment, and importing it gives the same tree: what a format has no way to
    write is refused. Keys that may not be read or cannot be decoded are left out and named on
    standard error; exit status 9.
    """
    chosen = "json" if as_json else format_of(output or "", form) or "yaml"
    with opened(path, codec) as config:
        stored = read(config)
    stored.check_there()
    found = Expression(stored.data, codec, FORMS[chosen])
    if found.lost:
        raise Problem(
            Status.FAILED,
            f"nothing was written: {chosen} has no way to write {', '.join(found.lost)}; "
            "try --format yaml",
        )
    text = render(found.tree, chosen, for_terminal=output is None and sys.stdout.isatty())
    if output is None:
        click.echo(text, nl=False)
    else:
        save(output, text)
    stored.check_whole()
