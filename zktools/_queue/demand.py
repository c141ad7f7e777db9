"""What a caller wants of those in its way, and for how long it waits: the words, and their checks.

The same for every face and every recipe on a queue.
"""

from __future__ import annotations

import enum
from typing import Final, Literal, NamedTuple

from zktools._engine.arguments import check_count, check_seconds
from zktools._queue.terms import Revocation


class Immediate(enum.Enum):
    """For ``acquire(revoke=IMMEDIATE)``: destroy the candidates that block, without asking."""

    IMMEDIATE = "immediate"

    def __repr__(self) -> str:
        return "IMMEDIATE"


IMMEDIATE: Final = Immediate.IMMEDIATE

Revoke = bool | Literal[Immediate.IMMEDIATE]


class Demand(NamedTuple):
    """The checked arguments of one acquire."""

    timeout: float | None
    """Seconds; None for no limit, 0 for not waiting for others."""
    revocation: Revocation
    grace: float | None
    weight: int = 1
    """How many permits of a semaphore."""


def check_demand(timeout: object, revoke: object, grace: object, weight: object = 1) -> Demand:
    """The arguments of an acquire; TypeError or ValueError names the wrong one."""
    return Demand(
        check_seconds(timeout, "timeout"),
        _revocation(revoke, grace),
        check_seconds(grace, "grace"),
        check_count(weight, "weight"),
    )


def _revocation(revoke: object, grace: object) -> Revocation:
    if revoke is IMMEDIATE and grace is None:
        return Revocation.DESTROY
    if not isinstance(revoke, bool):
        if revoke is IMMEDIATE:
            raise ValueError("grace goes with revoke=True; IMMEDIATE does not wait")
        raise TypeError(f"revoke must be True, False or IMMEDIATE, not {revoke!r}")
    if grace is not None and not revoke:
        raise ValueError("grace goes with revoke=True: it is the time given after asking")
    return Revocation.ASK if revoke else Revocation.NONE
