"""JSON."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from typing import Any

from zktools.cli.config.files.form import FileError, Form, Parsed

_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\],:\n]', re.DOTALL)


def _parse(text: str) -> Parsed:
    try:
        tree = json.loads(text, parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        raise FileError(f"no JSON: {error.msg}", error.lineno) from error
    return Parsed(tree, _lines(text))


def _no_constant(name: str) -> Any:
    raise FileError(f"no JSON: there is no {name} in it")


def _lines(text: str) -> dict[str, int]:
    """In which line each key of a valid document stands; and none stands twice in one object."""
    found: dict[str, int] = {}
    line = 1
    # Of each object and list that is open: where it is, the names in it, and the newest of them.
    places: list[tuple[str, set[str]] | None] = []
    above, last = "", ""
    for match in _TOKEN.finditer(text):
        part = match.group()
        if part == "\n":
            line += 1
        elif part == "{":
            places.append((above, set()))
        elif part == "[":
            places.append(None)
        elif part in "}]":
            places.pop()
        elif part == ":":
            place = places[-1]
            assert place is not None
            above = _below(place, json.loads(last), line)
            if None not in places:  # inside of a list there are no keys
                found[above] = line
        elif part != ",":
            last = part
    return found


def _below(place: tuple[str, set[str]], name: str, line: int) -> str:
    path, names = place
    if name in names:
        raise FileError(f"the key {name!r} stands there twice", line)
    names.add(name)
    return f"{path}/{name}" if path and name else path or name


def _render(tree: Mapping[str, Any]) -> str:
    return json.dumps(tree, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def render_for_terminal(tree: Mapping[str, Any]) -> str:
    """With what is not plainly visible as escapes."""
    return json.dumps(tree, indent=2, ensure_ascii=True) + "\n"


def takes(value: Any) -> bool:
    """Whether JSON has a way to write it."""
    if isinstance(value, str):
        return not any("\ud800" <= character <= "\udfff" for character in value)
    if isinstance(value, list):
        return all(map(takes, value))
    if isinstance(value, dict):
        return all(takes(each) for pair in value.items() for each in pair)
    if isinstance(value, float):
        return math.isfinite(value)
    return value is None or isinstance(value, (bool, int))


JSON = Form(_parse, _render, takes)
