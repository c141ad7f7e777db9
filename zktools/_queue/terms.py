"""What is claimed, and how; and the words for what becomes of it."""

from __future__ import annotations

import enum
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from zktools._queue.layouts import Layout


class Reason(enum.Enum):
    """Why a hold was revoked."""

    ASKED = "asked"
    """Somebody asked for the lock; it is still held."""
    DESTROYED = "destroyed"
    """The candidate's node was deleted; others may hold the lock."""
    SESSION_LOST = "session lost"
    """The session ended, or can no longer be proven not to have ended."""


class Revocation(enum.Enum):
    """What to do about those who block us."""

    NONE = enum.auto()
    ASK = enum.auto()
    DESTROY = enum.auto()


@dataclass(eq=False)
class Terms:
    """The same for every attempt of one claim to enter the queue."""

    folder: str
    layout: Layout
    """How names and data read in this folder."""
    kind: str
    weight: int
    """How many permits of a semaphore; 1 for locks."""
    permits: int | None
    """How many the semaphore has, where the caller says so."""
    who: dict[str, Any]
    acl: list[Any] | None
    wait: bool
    """Whether to wait for others; otherwise the claim is refused as soon as it is blocked."""
    revocation: Revocation
    grace: float | None
    """Seconds between asking a blocker and destroying it; None for never."""
    on_revoke: Callable[[Reason], None]
    """Called once, on the engine, when the hold is revoked first; has users' functions called."""
    held: int = 0
    """Permits that whoever waits has already, and does not let go of meanwhile."""
