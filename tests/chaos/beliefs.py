"""What a process believes to hold."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple


class Belief(NamedTuple):
    """Something that is held, as this process has been told."""

    resource: str
    key: int
    """Of this hold alone: its fencing token, where it has one."""
    weight: int
    is_held: Callable[[], bool]
    """What the library says."""
