"""``zooky config history``, ``at``, ``rollback`` and ``tag``: what was stored, and back to it."""

from __future__ import annotations

from functools import partial
from typing import Any

import click

from zktools._configuration.history.keeping import MAX_KEEP
from zktools._configuration.history.record import lines as record_lines
from zktools._configuration.tree import flatten
from zktools.cli.config.opening import KEY, codec_option, note_option, opened, path_argument
from zktools.cli.config.plan import as_json as plan_as_json
from zktools.cli.config.plan import lines, plan_of, plan_of_changes
from zktools.cli.config.presenting import plain_data, shown, shown_data, type_name
from zktools.cli.confirming import confirm, yes_option
from zktools.cli.output import aside, json_option, print_json, print_table, say
from zktools.cli.problems import Problem
from zktools.cli.settings import connection_options
from zktools.cli.statuses import Status
from zktools.cli.tool import Command, Option, ParamType
from zktools.configuration import History, Past, Plan, Record
from zktools.values import Codec


class _Version(ParamType):
    """The number of a record, or a tag."""

    name = "version"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> int | str:
        """A number where it is one."""
        del param, ctx
        return int(value) if str(value).isdecimal() else str(value)


VERSION = _Version()
#: What is stored, in the place of a version.
NOW = "now"

_remove_option = click.option(
    "--remove", cls=Option, is_flag=True, help="Remove the keys that were not there then."
)


@click.command(
    cls=Command,
    examples=[
        "zooky config history /config/shop --limit 20",
        "zooky config history /config/shop --keep 100",
    ],
)
@path_argument
@click.option(
    "--limit", cls=Option, type=click.IntRange(1), metavar="NUMBER", help="Only the newest."
)
@click.option(
    "--keep",
    cls=Option,
    type=click.IntRange(1, MAX_KEEP),
    metavar="NUMBER",
    help="Keep so many records from now on; begins a history where there is none.",
)
@codec_option
@json_option
@connection_options
def history(
    path: str, *, limit: int | None, keep: int | None, codec: Codec[Any], as_json: bool
) -> None:
    """Show who stored what at PATH, and when, newest first.

    A VERSION is the number that a line begins with, for `at`, `diff`, `rollback` and `tag`. Lines
    with a ! are of changes that some program made without a record.
    """
    with opened(path) as config:
        if keep is not None:
            config.keep_history(keep)
        found = config.history()
    if as_json:
        print_json(_history_as_json(found, found[:limit], codec))
        return
    for key in sorted(found.unrecorded):
        say(f"! {key} was changed without a record since")
    for record in found[:limit]:
        _say_record(record, codec)
    if not found:
        say(f"Nothing is recorded at {path}.")


def _say_record(record: Record, codec: Codec[Any]) -> None:
    when = record.when.astimezone().strftime("%Y-%m-%d %H:%M:%S")
    tags = "".join(f" [{tag}]" for tag in record.tags)
    note = f": {record.note}" if record.note else ""
    say(f"{record.version}{tags} {when} {record.author} {record.action}{note}")
    for line in record_lines(record, partial(shown_data, codec)):
        say(f"  {line}")


def _history_as_json(
    found: History, records: tuple[Record, ...], codec: Codec[Any]
) -> dict[str, Any]:
    return {
        "records": [_record_as_json(record, codec) for record in records],
        "unrecorded": sorted(found.unrecorded),
        "lost": sorted(found.lost),
        "tags": dict(found.tags),
    }


def _record_as_json(record: Record, codec: Codec[Any]) -> dict[str, Any]:
    changes = {
        key: {
            name: plain_data(codec, value)
            for name, value in zip(("before", "after"), both, strict=True)
            if value is not None
        }
        for key, both in record.changes.items()
    }
    return {
        "version": record.version,
        "when": record.when.isoformat(),
        "author": record.author,
        "note": record.note,
        "action": record.action,
        "tags": list(record.tags),
        "changes": changes,
        "unrecorded": sorted(record.unrecorded),
        "lost": sorted(record.lost),
        "cut": record.cut,
    }


@click.command(cls=Command, examples=["zooky config at /config/shop before-sale"])
@path_argument
@click.argument("version", type=VERSION)
@click.argument("prefix", type=KEY, default="")
@codec_option
@json_option
@connection_options
def at(path: str, version: int | str, prefix: str, *, codec: Codec[Any], as_json: bool) -> None:
    """List keys and values as they were at VERSION.

    That is a number of the history, or a tag. Keys that the history does not tell are named on
    standard error; exit status 9.
    """
    with opened(path) as config:
        past = config.at(version)
    found = {key: data for key, data in flatten(past).items() if _is_within(key, prefix)}
    if as_json:
        print_json({key: plain_data(codec, data) for key, data in found.items()})
    else:
        values = {key: codec.decode(data) for key, data in found.items()}
        rows = [(key, type_name(value), shown(value)) for key, value in values.items()]
        print_table(("KEY", "TYPE", "VALUE"), rows)
    _check_whole(past)


def _check_whole(past: Past) -> None:
    if past.unknown:
        left = "; ".join(f"{key} {why}" for key, why in sorted(past.unknown.items()))
        raise Problem(Status.PARTIAL, f"left out: {left}")


def _is_within(key: str, prefix: str) -> bool:
    return not prefix or key == prefix or key.startswith(prefix + "/")


def diff_versions(path: str, one: str, other: str, codec: Codec[Any], *, as_json: bool) -> bool:
    """Print what differs between two versions; whether something does."""
    first, second = (VERSION(each) for each in (one, other))
    with opened(path) as config:
        changes = config.diff(first, None if second == NOW else second)
    ours = plan_of_changes(changes)
    if as_json:
        told = plan_as_json(ours, codec)
        del told["version"]
        print_json(told)
    else:
        for line in lines(ours, codec) or ["no differences"]:
            say(line)
    return bool(changes)


@click.command(cls=Command, examples=["zooky config rollback /config/shop before-sale --dry-run"])
@path_argument
@click.argument("version", type=VERSION)
@_remove_option
@click.option(
    "--partial",
    cls=Option,
    is_flag=True,
    help="Go back also where the history does not tell all, but for what it does not.",
)
@click.option("--dry-run", cls=Option, is_flag=True, help="Only show what it would change.")
@note_option
@codec_option
@yes_option
@json_option
@connection_options
def rollback(
    path: str,
    version: int | str,
    *,
    remove: bool,
    partial: bool,
    dry_run: bool,
    note: str | None,
    codec: Codec[Any],
    yes: bool,
    as_json: bool,
) -> None:
    """Store again what was at PATH at VERSION.

    That is a number of the history, or a tag. In one transaction, with a record of its own. Shows
    what will change and asks; refused when somebody has changed it since it was shown. Keys that
    were not there then stay, unless --remove; secrets stay as they are.
    """
    with opened(path) as config:
        plan = config.plan_rollback(version, remove=remove, partial=partial)
        _say_left(plan)
        ours = plan_of(plan)
        if plan and not dry_run:
            announcement = f"This changes {path}, a {plan.action}: {ours.summary}"
            confirm(announcement, yes=yes, details=tuple(lines(ours, codec)))
            made = config.apply(plan, note=note)
    if as_json:
        told = plan_as_json(ours, codec) | {"left": list(plan.left)}
        print_json({**told, "version": made} if plan and not dry_run else told)
    elif plan and not dry_run:
        say(f"Stored at {path}: {ours.summary}.")
    else:
        for line in lines(ours, codec) or ["nothing to change"]:
            say(line)


def _say_left(plan: Plan) -> None:
    if plan.left:
        keys = ", ".join(plan.left)
        aside(f"left as it is, because the history does not tell what it was: {keys}")


@click.command(cls=Command, examples=["zooky config tag /config/shop before-sale"])
@path_argument
@click.argument("name")
@click.argument("version", type=click.INT, required=False)
@click.option("--delete", cls=Option, is_flag=True, help="Take the name away.")
@note_option
@json_option
@connection_options
def tag(
    path: str, name: str, version: int | None, *, delete: bool, note: str | None, as_json: bool
) -> None:
    """Give VERSION of PATH a NAME, or what is stored there now.

    Its tree is kept under that name, also when its record is dropped.
    """
    with opened(path) as config:
        if delete:
            config.untag(name)
        else:
            version = config.tag(name, version, note=note)
    if as_json:
        print_json({"tag": name, "version": version})
    elif delete:
        say(f"{path} has no tag {name} any more.")
    else:
        say(f"{path} at {version} is {name}.")
