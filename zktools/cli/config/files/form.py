"""What all formats of files have in common: what is read, and what is wrong with a file."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from zktools.cli.problems import Problem
from zktools.cli.statuses import Status


class FileError(ValueError):
    """What is wrong with a file, and in which line, where that is known."""

    def __init__(self, why: str, line: int | None = None) -> None:
        super().__init__(why)
        self.line = line


@dataclass(frozen=True)
class Parsed:
    """What a file holds."""

    tree: Mapping[str, Any]
    """Nested, or by key where the format has no sections."""
    lines: Mapping[str, int] = field(default_factory=dict)
    """In which line each key stands, as far as that is known."""
    is_text: bool = False
    """Whether all values are the texts of nodes, whatever their codec."""


@dataclass(frozen=True)
class Form:
    """One format of files."""

    parse: Callable[[str], Parsed]
    """:raises ValueError: what is wrong; a :class:`FileError` knows the line."""
    render: Callable[[Mapping[str, Any]], str]
    """From nested form, of values that :attr:`takes`."""
    takes: Callable[[Any], bool]
    """Whether a value can be written at all."""
    takes_key: Callable[[str], bool] = lambda _: True
    is_text: bool = False


def problem(name: str, line: int | None, why: str) -> Problem:
    """What is wrong with the file called `name`."""
    at = f"{name}, line {line}" if line is not None else name
    return Problem(Status.USAGE, f"{at}: {' '.join(why.split())}")
