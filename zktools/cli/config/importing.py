"""``zooky config diff``, ``import`` and ``apply``: a file against what is stored."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click
from kazoo.security import ACL

from zktools.cli.config.after import after_option, check_after
from zktools.cli.config.files.form import problem
from zktools.cli.config.files.formats import FORMS, File, format_of, parse
from zktools.cli.config.history import diff_versions
from zktools.cli.config.opening import (
    Stored,
    acl_option,
    codec_option,
    encode,
    note_option,
    opened,
    path_argument,
    read,
)
from zktools.cli.config.plan import Plan, lines, plan_import
from zktools.cli.config.plan import as_json as plan_as_json
from zktools.cli.config.presenting import plain
from zktools.cli.confirming import confirm, yes_option
from zktools.cli.output import aside, json_option, print_json, say
from zktools.cli.problems import Problem
from zktools.cli.settings import connection_options
from zktools.cli.statuses import Status
from zktools.cli.tool import Command, Option
from zktools.configuration import Configuration
from zktools.values import Codec, Json

_ALL = frozenset({""})

_replace_option = click.option(
    "--replace", cls=Option, is_flag=True, help="Remove what the file does not have."
)


_format_option = click.option(
    "--format",
    "form",
    cls=Option,
    type=click.Choice(list(FORMS)),
    help="Told by the file's name unless given.",
)


def _file_options(command: Callable[..., Any]) -> Any:
    return click.argument("file", type=click.File(encoding="utf-8"))(_format_option(command))


@click.command(
    cls=Command,
    examples=[
        "zooky config diff /config/shop shop.yaml",
        "zooky config diff /config/shop before-sale now",
    ],
)
@path_argument
@click.argument("one", metavar="FILE|VERSION")
@click.argument("other", metavar="[VERSION]", required=False)
@_format_option
@_replace_option
@codec_option
@json_option
@connection_options
def diff(
    path: str,
    *,
    one: str,
    other: str | None,
    form: str | None,
    replace: bool,
    codec: Codec[Any],
    as_json: bool,
) -> None:
    """Compare PATH with FILE, or two VERSIONs of it.

    Shows what importing FILE would change. Exit status 1 when there is something. FILE may be - for
    standard input; with --replace, what the file does not have counts as well. A VERSION is a
    number of the history or a tag; the second may be now.
    """
    if other is None:
        different = _diff_file(path, one, form, codec, replace=replace, as_json=as_json)
    else:
        different = diff_versions(path, one, other, codec, as_json=as_json)
    if different:
        click.get_current_context().exit(Status.NO)


def _diff_file(
    path: str, name: str, form: str | None, codec: Codec[Any], *, replace: bool, as_json: bool
) -> bool:
    file = click.File(encoding="utf-8").convert(name, None, click.get_current_context())
    wanted = _read_file(file, form)
    with opened(path, codec) as config:
        plan = _plan(read(config), wanted, codec, _ALL if replace else frozenset())
    _show(plan, codec, as_json=as_json)
    return bool(plan)


@click.command(
    "import",
    cls=Command,
    examples=[
        "zooky config import /config/shop shop.yaml",
        "zooky config import /config/shop shop.yaml --replace --dry-run",
    ],
)
@path_argument
@_file_options
@_replace_option
@click.option("--dry-run", cls=Option, is_flag=True, help="Only show what it would change.")
@note_option
@acl_option
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
    note: str | None,
    acl: tuple[ACL, ...],
    codec: Codec[Any],
    yes: bool,
    as_json: bool,
) -> None:
    """Store FILE at PATH in one transaction.

    Shows what will change and asks; everybody sees all of it at once, and it is refused when
    somebody has changed it since it was shown. FILE may be - for standard input, and then needs
    --yes. Keys that the file does not have stay, unless --replace; those that may not be read or
    cannot be decoded stay always.
    """
    wanted = _read_file(file, form)
    replaced = _ALL if replace else frozenset()
    with opened(path, codec, acl) as config:
        plan = _plan(read(config), wanted, codec, replaced)
        if dry_run or not plan:
            _show(plan, codec, as_json=as_json)
            return
        _carry_out(config, plan, replaced, codec, note, yes=yes, as_json=as_json)


@click.command(
    "apply",
    cls=Command,
    examples=[
        "zooky config apply /config/shop shop.yaml --dry-run",
        "zooky config apply /config/shop shop.yaml --yes --note 'release 12'",
    ],
)
@path_argument
@_file_options
@click.option(
    "--dry-run",
    cls=Option,
    is_flag=True,
    help="Only show what it would change; exit status 1 when there is something.",
)
@after_option
@note_option
@acl_option
@codec_option
@yes_option
@json_option
@connection_options
def apply_file(
    path: str,
    *,
    file: Any,
    form: str | None,
    dry_run: bool,
    after: str | None,
    note: str | None,
    acl: tuple[ACL, ...],
    codec: Codec[Any],
    yes: bool,
    as_json: bool,
) -> None:
    """Make PATH what FILE says, in the sections that FILE names.

    Those are the names at its top. What it does not have in them is removed; other sections are
    left alone. Shows what will change and asks, and is refused when somebody has changed it since
    it was shown. Nothing is done, and nothing asked, when all is as the file says.
    """
    wanted = _read_file(file, form)
    with opened(path, codec, acl) as config:
        plan = _plan(read(config), wanted, codec, wanted.sections)
        if plan and not dry_run:
            made = _carry_out(config, plan, wanted.sections, codec, note, yes=yes, as_json=as_json)
            if after is not None:
                check_after(config, plan, made, after)
            return
    _show(plan, codec, as_json=as_json)
    if plan:
        click.get_current_context().exit(Status.NO)


def _carry_out(
    config: Configuration,
    plan: Plan,
    replaced: frozenset[str],
    codec: Codec[Any],
    note: str | None,
    *,
    yes: bool,
    as_json: bool,
) -> int:
    announcement = f"This changes {config.path}: {plan.summary}"
    confirm(announcement, yes=yes, details=tuple(lines(plan, codec)))
    made = config.store(plan.wanted, replace=replaced, version=plan.version, note=note)
    if as_json:
        print_json({**plan_as_json(plan, codec), "version": made})
    else:
        say(f"Stored at {config.path}: {plan.summary}.")
    return made


def _read_file(file: Any, form: str | None) -> File:
    name = getattr(file, "name", "-")
    chosen = format_of(name, form)
    if chosen is None:
        raise click.UsageError(f"the format of {name} is not told by its name; give --format")
    try:
        text = file.read()
    except UnicodeDecodeError as error:
        raise Problem(Status.USAGE, f"{name} is not UTF-8: {error}") from error
    return parse(text, chosen, name)


def _plan(stored: Stored, file: File, codec: Codec[Any], replaced: frozenset[str]) -> Plan:
    wanted = {key: _encoded(file, key, codec) for key in file.values}
    plan = plan_import(stored, wanted, codec, replaced)
    for key in sorted({*plan.added, *plan.changed}):
        if not file.is_text:
            _warn(key, file.values[key], codec.decode(wanted[key]))
    left = stored.only(replaced)
    if left.errors:
        aside(f"left alone: {left.left_out}")
    return plan


def _encoded(file: File, key: str, codec: Codec[Any]) -> bytes:
    value = file.values[key]
    if not file.is_text:
        try:
            return encode(codec, value, key)
        except Problem as found:
            raise problem(file.name, file.lines.get(key), found.message) from found
    data: bytes = value.encode()
    try:
        codec.decode(data)
    except (ValueError, RecursionError) as error:
        why = f"{key} cannot be stored: it is not as {codec!r} has it: {error}"
        raise problem(file.name, file.lines.get(key), why) from error
    return data


def _warn(key: str, value: Any, found: Any) -> None:
    """Say where programs will read something else than the file says."""
    if _is_alike(plain(found), plain(value)):
        return
    remedy = "; --codec json keeps it" if _is_kept_by_json(value) else ""
    aside(f"{key} = {value!r} will be read as {plain(found)!r}{remedy}")


def _is_alike(one: Any, other: Any) -> bool:
    return bool(one == other) and isinstance(one, str) is isinstance(other, str)


def _is_kept_by_json(value: Any) -> bool:
    try:
        return _is_alike(Json().decode(Json().encode(value)), value)
    except (TypeError, ValueError):
        return False


def _show(plan: Plan, codec: Codec[Any], *, as_json: bool) -> None:
    if as_json:
        print_json(plan_as_json(plan, codec))
    else:
        for line in lines(plan, codec) or ["no differences"]:
            say(line)
