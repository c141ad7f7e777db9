"""What zooky prints: tables for people, JSON for programs."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Any

import click
from rich.console import Console
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from zktools.cli.escaping import escaped
from zktools.cli.tool import AS_JSON, Option

# What may be long; the other columns keep their width on a narrow terminal.
_FOLDED = {"LOCK", "HOLDER", "NEXT", "WHO", "NAME", "THREAD", "ASKED BY", "KEY", "VALUE", "OUTCOME"}
_NAMES = "LOCK"
_NO_LIMIT = 10_000  # columns: what is piped is never folded

Cell = str | Text


def console(*, stderr: bool = False) -> Console:
    """Where to print. Nothing printed on it is read as markup."""
    stream = sys.stderr if stderr else sys.stdout
    return Console(
        file=stream,
        width=None if stream.isatty() else _NO_LIMIT,
        markup=False,
        emoji=False,
        highlight=False,
        soft_wrap=not stream.isatty(),
    )


def table(
    headings: Sequence[str],
    rows: Iterable[Sequence[Cell]],
    *,
    cut: Collection[str] = (),
    whole: Collection[str] = (),
) -> Table:
    """A table without lines, for people and for grep. A heading that begins with ``>`` is a number.

    Text is escaped, and never markup. What is too long is folded, but cut in the columns `cut` and
    left as it is in the columns `whole`.
    """
    made = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    for heading in headings:
        made.add_column(
            Text(heading.lstrip(">")),
            justify="right" if heading.startswith(">") else "left",
            overflow="fold",
            no_wrap=heading not in _FOLDED or heading in whole,
            min_width=len(heading.lstrip(">")),
        )
    for row in rows:
        cells = [cell if isinstance(cell, Text) else Text(escaped(cell)) for cell in row]
        for heading, cell in zip(headings, cells, strict=True):
            if heading in cut:
                cell.no_wrap, cell.overflow = True, "ellipsis"
        made.add_row(*cells)
    return made


def fitted_table(
    out: Console, headings: Sequence[str], rows: Iterable[Sequence[Cell]], spare: Sequence[str]
) -> Table:
    """A :func:`table` with one line for each row, however narrow the terminal is.

    It does without the columns in `spare`, the first to go first, as far as need be. What does not
    fit even so is cut, but for the names of locks, which have to be typed: one that takes more than
    half the terminal is folded.
    """
    cells = [*zip(*rows, strict=True)] or [()] * len(headings)
    columns = dict(zip(headings, cells, strict=True))
    no_limit = out.options.update(width=_NO_LIMIT)
    for heading in spare:
        made = table([*columns], zip(*columns.values(), strict=True))
        if Measurement.get(out, no_limit, made).maximum <= out.width:
            break
        columns.pop(heading, None)
    longest = max(map(len, columns.get(_NAMES, ())), default=0)
    return table(
        [*columns],
        zip(*columns.values(), strict=True),
        cut=[heading for heading in columns if heading != _NAMES],
        whole=[_NAMES] if longest <= out.width // 2 else [],
    )


def print_table(
    headings: Sequence[str], rows: Iterable[Sequence[Cell]], spare: Sequence[str] | None = None
) -> None:
    """Print a :func:`table`, or a :func:`fitted_table` where there are spare columns."""
    out = console()
    made = table(headings, rows) if spare is None else fitted_table(out, headings, rows, spare)
    with out.capture() as captured:
        out.print(made)
    click.echo("\n".join(line.rstrip() for line in captured.get().splitlines()))


def print_json(data: Any, *, one_line: bool = False) -> None:
    """Print for programs; whatever is not ASCII is escaped, so a terminal is safe too."""
    click.echo(as_json_text(data, indent=None if one_line else 2))


def as_json_text(data: Any, indent: int | None = None) -> str:
    """JSON as everybody reads it: numbers that there are in Python's alone become text."""
    return json.dumps(_finite(data), indent=indent, ensure_ascii=True, allow_nan=False)


def _finite(data: Any) -> Any:
    if isinstance(data, float) and not math.isfinite(data):
        return str(data)
    if isinstance(data, dict):
        return {key: _finite(each) for key, each in data.items()}
    if isinstance(data, (list, tuple)):
        return [_finite(each) for each in data]
    return data


def say(text: str) -> None:
    """Tell a person, on standard output. `text` may hold names from ZooKeeper: it is escaped."""
    click.echo(escaped(text))


def aside(text: str) -> None:
    """Tell a person what is worth knowing, on standard error; escaped."""
    click.echo(f"zooky: note: {escaped(text)}", err=True)


def json_option(command: Callable[..., Any]) -> Any:
    """``--json``, as the argument `as_json`."""

    def keep(ctx: click.Context, _param: click.Parameter, value: bool) -> bool:
        ctx.meta[AS_JSON] = value
        return value

    option = click.option(
        "--json",
        "as_json",
        cls=Option,
        is_flag=True,
        callback=keep,
        is_eager=True,
        help="Print JSON, problems too.",
    )
    return option(command)
