"""One page: what to look at, and what of it to show."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from zktools._engine.arguments import check_path
from zktools.cli.web.looks import Source

#: What stands behind the ``?`` of an address.
Query = Mapping[str, str]


@dataclass(frozen=True)
class Scene:
    """What an address stands for."""

    title: str
    source: Source[Any]
    template: str
    """Of the part that changes."""
    facts: Callable[[Any], Mapping[str, Any]]
    """What the template takes, of what the source sees."""
    form: str = ""
    """The template of the part that does not; empty for none."""
    form_facts: Mapping[str, Any] = field(default_factory=dict)


def path_in(query: Query, name: str = "path") -> str:
    """A path that was asked for; empty for none.

    :raises ValueError: it is none.
    """
    path = query.get(name, "").strip()
    return check_path(path, name) if path else ""
