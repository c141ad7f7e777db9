"""Configurations as YAML, TOML and JSON."""

from __future__ import annotations

import datetime as dt
import json
import tomllib
from collections.abc import Mapping
from pathlib import PurePath
from typing import Any

import tomli_w
import yaml

from zktools.cli.config.presenting import plain
from zktools.cli.problems import Problem
from zktools.cli.statuses import Status

FORMATS = ("yaml", "toml", "json")
_SUFFIXES = {".yaml": "yaml", ".yml": "yaml", ".toml": "toml", ".json": "json"}


def format_of(name: str, given: str | None) -> str | None:
    """The format given, or the one that a file's name tells; None when neither does."""
    return given or _SUFFIXES.get(PurePath(name).suffix.lower())


def parse(text: str, form: str, name: str) -> dict[str, Any]:
    """The nested dictionary that `text` holds.

    :raises Problem: with :attr:`Status.USAGE`; `name` tells where it came from.
    """
    try:
        tree = _parse(text, form)
    except (ValueError, yaml.YAMLError, RecursionError) as error:
        reason = " ".join(str(error).split())
        raise Problem(Status.USAGE, f"{name} is no {form.upper()}: {reason}") from error
    if tree is None:
        return {}
    if not isinstance(tree, dict):
        raise Problem(
            Status.USAGE, f"{name} must hold keys and values, not a {type(tree).__name__}"
        )
    return tree


def _parse(text: str, form: str) -> Any:
    if form == "yaml":
        return yaml.safe_load(text)
    return tomllib.loads(text) if form == "toml" else json.loads(text)


def render(tree: Mapping[str, Any], form: str, *, for_terminal: bool) -> str:
    """A nested dictionary as text.

    Args:
        tree: what to write.
        form: one of :data:`FORMATS`.
        for_terminal: write what is not plainly visible in the format's own escapes.

    :raises Problem: the format has no way to write a value.
    """
    if form == "json":
        ready = _converted(tree, plain)
        return json.dumps(ready, indent=2, ensure_ascii=for_terminal) + "\n"
    if form == "yaml":
        ready = _converted(tree, _for_yaml)
        text: str = yaml.safe_dump(
            ready, sort_keys=False, allow_unicode=not for_terminal, default_flow_style=False
        )
        return text
    _refuse_none(tree, "")
    toml = tomli_w.dumps(dict(tree))
    return _with_escapes(toml) if for_terminal else toml


def _converted(value: Any, convert: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _converted(each, convert) for key, each in value.items()}
    if isinstance(value, list):
        return [_converted(each, convert) for each in value]
    return convert(value)


def _for_yaml(value: Any) -> Any:
    return value if isinstance(value, (dt.date, dt.datetime)) else plain(value)


def _refuse_none(value: Any, key: str) -> None:
    if value is None:
        raise Problem(
            Status.FAILED, f"TOML has no way to write {key}, which is None; try --format yaml"
        )
    if isinstance(value, Mapping):
        for name, each in value.items():
            _refuse_none(each, f"{key}/{name}".lstrip("/"))


def _with_escapes(toml: str) -> str:
    # TOML's own escapes: what is not ASCII stands inside quotes always.
    return "".join(c if c.isprintable() or c == "\n" else f"\\U{ord(c):08x}" for c in toml)
