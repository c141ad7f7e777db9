"""TOML."""

from __future__ import annotations

import datetime as dt
import re
import tomllib
from collections.abc import Mapping
from typing import Any

import tomli_w

from zktools.cli.config.files import json_form
from zktools.cli.config.files.form import FileError, Form, Parsed

_LINE = re.compile(r" \(at line (\d+), column \d+\)")


def _parse(text: str) -> Parsed:
    try:
        return Parsed(tomllib.loads(text), _lines(text))
    except tomllib.TOMLDecodeError as error:
        match = _LINE.search(str(error))
        line = int(match[1]) if match else None
        written = text.splitlines()[line - 1 : line] if line is not None else []
        # Before the equals sign only: what follows may be a secret.
        key = f" at {written[0].partition('=')[0].strip()!r}" if written else ""
        raise FileError(f"no TOML: {_LINE.sub('', str(error))}{key}", line) from error


def _lines(text: str) -> dict[str, int]:
    """Where names are written plainly; enough to find one that is wrong."""
    found: dict[str, int] = {}
    above = ""
    for number, line in enumerate(text.splitlines(), 1):
        header = re.fullmatch(r"\s*\[([^\[\]]+)\]\s*(#.*)?", line)
        if header:
            above = _path("", header[1])
            found.setdefault(above, number)
        elif "=" in line:
            found.setdefault(_path(above, line.partition("=")[0]), number)
    return found


def _path(above: str, written: str) -> str:
    name = written.strip()
    if name[:1] in {'"', "'"}:
        name = name.strip("\"'")
    else:
        name = "/".join(part.strip().strip("\"'") for part in name.split("."))
    return f"{above}/{name}" if above and name else above or name


def _render(tree: Mapping[str, Any]) -> str:
    return tomli_w.dumps(dict(tree))


def render_for_terminal(tree: Mapping[str, Any]) -> str:
    """With what is not plainly visible as escapes."""
    # TOML's own escapes: what is not ASCII stands inside quotes always.
    toml = _render(tree)
    return "".join(c if c.isprintable() or c == "\n" else f"\\U{ord(c):08x}" for c in toml)


def _takes(value: Any) -> bool:
    if isinstance(value, list):
        return all(map(_takes, value))
    if isinstance(value, dict):
        return all(_takes(each) for pair in value.items() for each in pair)
    if value is None:
        return False
    return isinstance(value, (float, dt.date, dt.datetime)) or json_form.takes(value)


TOML = Form(_parse, _render, _takes)
