"""``zooky config diff`` and ``import``: a file against what is stored."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from zktools._configuration.tree import flatten
from zktools.cli.config.formats import FORMATS, format_of, parse
from zktools.cli.config.opening import (
    Stored,
    codec_option,
    decode,
    encode,
    opened,
    path_argument,
    read,
)
from zktools.cli.config.plan import Plan, lines, make_plan
from zktools.cli.config.plan import as_json as plan_as_json
from zktools.cli.config.presenting import plain
from zktools.cli.confirming import confirm, yes_option
from zktools.cli.escaping import escaped
from zktools.cli.output import json_option, print_json, say
from zktools.cli.problems import Problem
from zktools.cli.settings import connection_options
from zktools.cli.statuses import Status
from zktools.cli.tool import Command, Option
from zktools.values import Codec


def _file_options(command: Callable[..., Any]) -> Any:
    for decorate in (
        click.option(
            "--replace", cls=Option, is_flag=True, help="Remove what the file does not have."
        ),
        click.option(
            "--format",
            "form",
            cls=Option,
            type=click.Choice(FORMATS),
            help="Told by the file's name unless given.",
        ),
        click.argument("file", type=click.File(encoding="utf-8")),
    ):
        command = decorate(command)
    return command


@click.command(cls=Command)
@path_argument
@_file_options
@codec_option
@json_option
@connection_options
def diff(
    path: str, *, file: Any, form: str | None, replace: bool, codec: Codec[Any], as_json: bool
) -> None:
    """Show what importing FILE would change at PATH.

    Exit status 1 when there is something. FILE may be - for standard input. With --replace, what
    the file does not have counts as well.
    """
    tree = _tree(file, form)
    with opened(path) as config:
        plan = _plan(read(config), tree, codec, replace=replace)
    _show(plan, codec, as_json=as_json)
    if plan:
        click.get_current_context().exit(Status.NO)


@click.command("import", cls=Command)
@path_argument
@_file_options
@click.option("--dry-run", cls=Option, is_flag=True, help="Only show what it would change.")
@codec_option
@yes_option
@json_option
@connection_options
def import_file(
    path: str,
    *,
    file: Any,
    form: str | None,
    replace: bool,
    dry_run: bool,
    codec: Codec[Any],
    yes: bool,
    as_json: bool,
) -> None:
    """Store FILE at PATH in one transaction.

    Shows what will change and asks; everybody sees all of it at once, and it is refused when
    somebody has changed it since it was shown. FILE may be - for standard input, and then needs
    --yes. Keys that the file does not have stay, unless --replace.
    """
    tree = _tree(file, form)
    with opened(path) as config:
        plan = _plan(read(config), tree, codec, replace=replace)
        if dry_run or not plan:
            _show(plan, codec, as_json=as_json)
            return
        confirm(f"This changes {path}: {plan.summary}", yes=yes, details=tuple(lines(plan, codec)))
        made = config.store(plan.wanted, replace=replace, version=plan.version)
    if as_json:
        print_json({**plan_as_json(plan, codec), "version": made})
    else:
        say(f"Imported to {path}: {plan.summary}.")


def _tree(file: Any, form: str | None) -> dict[str, Any]:
    name = getattr(file, "name", "-")
    chosen = format_of(name, form)
    if chosen is None:
        raise click.UsageError(f"the format of {name} is not told by its name; give --format")
    try:
        return parse(file.read(), chosen, name)
    except UnicodeDecodeError as error:
        raise Problem(Status.USAGE, f"{name} is not UTF-8: {error}") from error


def _plan(stored: Stored, tree: dict[str, Any], codec: Codec[Any], *, replace: bool) -> Plan:
    wanted = encode(codec, tree)
    _warn(tree, wanted, codec)
    return make_plan(stored, wanted, replace=replace)


def _warn(tree: dict[str, Any], wanted: dict[str, bytes], codec: Codec[Any]) -> None:
    """Say which values programs will read as something else than the file says."""
    for key, value in flatten(tree).items():
        found = plain(decode(codec, wanted[key], key))
        if found != plain(value) or isinstance(found, str) is not isinstance(plain(value), str):
            click.echo(
                f"zooky: note: {escaped(key)} = {escaped(repr(value))} will be read as "
                f"{escaped(repr(found))}; --codec json keeps it",
                err=True,
            )


def _show(plan: Plan, codec: Codec[Any], *, as_json: bool) -> None:
    if as_json:
        print_json(plan_as_json(plan, codec))
    else:
        for line in lines(plan, codec) or ["no differences"]:
            say(line)
