"""What the command line says of the pages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from zktools.values import Codec


@dataclass(frozen=True)
class Options:
    """How to look, and what to offer."""

    interval: float
    """Seconds between two looks."""
    names: Sequence[str]
    """Of this server, beside localhost and addresses."""
    offered: Mapping[str, Sequence[str]]
    """Paths that a page offers, by the page."""
    secrets: frozenset[str]
    """Keys and sections of configurations that are not shown."""
    codec: Codec[Any]
    """How values are stored."""
