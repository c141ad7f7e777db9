"""The formats by name: reading a file, and showing a tree."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any

from zktools._configuration.tree import check_key, flatten
from zktools.cli.config.files import json_form, toml_form, yaml_form
from zktools.cli.config.files.flat_forms import ENV, PROPERTIES
from zktools.cli.config.files.form import FileError, Form, Parsed, problem
from zktools.cli.escaping import escaped

FORMS: dict[str, Form] = {
    "yaml": yaml_form.YAML,
    "toml": toml_form.TOML,
    "json": json_form.JSON,
    "env": ENV,
    "properties": PROPERTIES,
}
_SUFFIXES = {f".{name}": name for name in FORMS} | {".yml": "yaml"}
_FOR_TERMINAL: dict[str, Callable[[Mapping[str, Any]], str]] = {
    "yaml": yaml_form.render_for_terminal,
    "toml": toml_form.render_for_terminal,
    "json": json_form.render_for_terminal,
}


@dataclass(frozen=True)
class File:
    """What a file holds, by key."""

    name: str
    values: Mapping[str, Any]
    lines: Mapping[str, int]
    is_text: bool
    """Whether the values are the texts of nodes, whatever their codec."""
    sections: frozenset[str] = frozenset()
    """The names at its top, those of empty sections too."""


def format_of(name: str, given: str | None) -> str | None:
    """The format given, or the one that a file's name tells; None when neither does."""
    path = PurePath(name)
    return given or _SUFFIXES.get(path.suffix.lower() or path.name.lower())


def parse(text: str, form: str, name: str) -> File:
    """What `text` holds; `name` tells where it came from.

    :raises Problem: with :attr:`Status.USAGE`; it names the line, where that is known.
    """
    try:
        # Some editors put a mark of the byte order in front of what is UTF-8.
        parsed = FORMS[form].parse(text.removeprefix("\ufeff"))
        values = _flat(parsed)
        sections = frozenset(key.partition("/")[0] for key in parsed.tree)
        return File(name, values, parsed.lines, parsed.is_text, sections)
    except FileError as error:
        raise problem(name, error.line, str(error)) from error
    except (ValueError, RecursionError) as error:
        raise problem(name, None, f"no {form.upper()}: {error}") from error


def _flat(parsed: Parsed) -> dict[str, Any]:
    if not isinstance(parsed.tree, Mapping):
        raise FileError(f"it must hold keys and values, not a {type(parsed.tree).__name__}", 1)
    try:
        return flatten(parsed.tree, "the file")
    except (TypeError, ValueError) as error:
        raise FileError(str(error), _line_of(parsed, error)) from error


def _line_of(parsed: Parsed, error: Exception) -> int | None:
    for key, line in parsed.lines.items():
        if f"{key!r} twice" in str(error) or not _is_key(key):
            return line
    return None


def _is_key(key: str) -> bool:
    try:
        check_key(key)
    except ValueError:
        return False
    return True


def render(tree: Mapping[str, Any], form: str, *, for_terminal: bool) -> str:
    """What a format that it :class:`can express <Form>` says of a tree, as text.

    Args:
        tree: nested, or by key where the format has no sections.
        form: the format's name.
        for_terminal: write what is not plainly visible in the format's own escapes.
    """
    if not for_terminal:
        return FORMS[form].render(tree)
    if form in _FOR_TERMINAL:
        return _FOR_TERMINAL[form](tree)
    return "".join(escaped(line) + "\n" for line in FORMS[form].render(tree).split("\n")[:-1])
