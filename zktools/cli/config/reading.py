"""``zooky config get``, ``list`` and ``export``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from zktools._configuration.tree import nest
from zktools.cli.config.formats import FORMATS, format_of, render
from zktools.cli.config.opening import KEY, codec_option, opened, path_argument, read
from zktools.cli.config.presenting import plain, shown, type_name
from zktools.cli.output import json_option, print_json, print_table, say
from zktools.cli.problems import Problem
from zktools.cli.settings import connection_options
from zktools.cli.statuses import Status
from zktools.cli.tool import Command, Option
from zktools.values import Codec


@click.command(cls=Command)
@path_argument
@click.argument("key", type=KEY)
@codec_option
@json_option
@connection_options
def get(path: str, key: str, *, codec: Codec[Any], as_json: bool) -> None:
    """Print the value of KEY at PATH.

    On a terminal escaped; into a pipe or file exactly as it is stored.
    """
    with opened(path) as config:
        stored = read(config)
    if key not in stored.data:
        raise Problem(
            Status.MISSING,
            f"there is no value {key} at {path}; `zooky config list {path}` shows those there are",
        )
    value = stored.within(key).values(codec)[key]
    if as_json:
        print_json({"key": key, "value": plain(value), "type": type_name(value)})
    elif sys.stdout.isatty():
        say(stored.data[key].decode("utf-8", "surrogateescape"))
    else:
        click.echo(stored.data[key])


@click.command("list", cls=Command)
@path_argument
@click.argument("prefix", type=KEY, default="")
@codec_option
@json_option
@connection_options
def list_values(path: str, prefix: str, *, codec: Codec[Any], as_json: bool) -> None:
    """List keys and values at PATH, or at and below PREFIX there."""
    with opened(path) as config:
        values = read(config).within(prefix).values(codec)
    if as_json:
        print_json({key: plain(value) for key, value in values.items()})
    elif values:
        rows = [(key, type_name(value), shown(value)) for key, value in values.items()]
        print_table(("KEY", "TYPE", "VALUE"), rows)
    else:
        say(f"Nothing is stored at {path}{'/' + prefix if prefix else ''}.")


@click.command(cls=Command)
@path_argument
@click.option(
    "--output",
    "-o",
    cls=Option,
    type=click.Path(dir_okay=False, writable=True),
    metavar="FILE",
    help="Write there, not to standard output.",
)
@click.option(
    "--format",
    "form",
    cls=Option,
    type=click.Choice(FORMATS),
    help="Told by the file's name, or YAML, unless given.",
)
@codec_option
@click.option("--json", "as_json", cls=Option, is_flag=True, help="The same as --format json.")
@connection_options
def export(
    path: str, *, output: str | None, form: str | None, codec: Codec[Any], as_json: bool
) -> None:
    """Write what is at PATH as YAML, TOML or JSON.

    All of it is of one moment.
    """
    chosen = "json" if as_json else format_of(output or "", form) or "yaml"
    with opened(path) as config:
        values = read(config).values(codec)
    text = render(nest(values), chosen, for_terminal=output is None and sys.stdout.isatty())
    if output is None:
        click.echo(text, nl=False)
    else:
        Path(output).write_text(text, encoding="utf-8")
