"""The queue of a lock, as decisions on names: no I/O, no clock, no state.

A candidate is an ephemeral sequential child of the lock's folder, named by the zktools 0.2
convention with a GUID in the middle::

    write-5f1c0a7be2f24f0d8c6e0b7a3a3c1a55-0000000007
    kind  GUID (none in names of 0.2)      sequence

Candidates are served in the order of their sequence numbers, which the server hands out. A reader
is blocked by the writers ahead of it, everybody else by every candidate ahead. ``lock`` and
``write`` are the same thing under two names, because 0.2 had both.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from functools import lru_cache
from typing import NamedTuple

READ = "read"
WRITE = "write"
LOCK = "lock"

# The server appends "%010d" of a signed 32-bit counter: after 2147483647 follows "-2147483648",
# and "-000000001" has nine digits. The GUID is matched as short as can be, or it would take the
# sign.
_NAME = re.compile(r"(read|write|lock)-(?:(.+?)-)?(-[0-9]{9,10}|[0-9]{10})", re.DOTALL)
#: How many of those who block are watched.
WATCHED = 2

_HALF = 2**31
_WHOLE = 2**32


class Candidate(NamedTuple):
    """One place in the queue."""

    name: str
    kind: str
    guid: str | None
    sequence: int

    @property
    def is_shared(self) -> bool:
        """Whether it can hold the lock together with others of its kind."""
        return self.kind == READ


def prefix(kind: str, guid: str) -> str:
    """What to ask the server to create; it appends the sequence number."""
    return f"{kind}-{guid}-"


@lru_cache(maxsize=4096)
def parse(name: str) -> Candidate | None:
    """The candidate of this name, or None for a child that is nobody's contender.

    Kept, because one listing of a queue has nearly the same names as the one before.
    """
    match = _NAME.fullmatch(name)
    if match is None:
        return None
    sequence = int(match[3])
    return Candidate(name, match[1], match[2], sequence) if -_HALF <= sequence < _HALF else None


def distance(sequence: int, reference: int) -> int:
    """How far behind `reference` a sequence number is; negative when it is ahead.

    Serial-number arithmetic (RFC 1982) on 32 bits: right across the wrap from 2147483647 to
    -2147483648 as long as the queue is shorter than 2^31.
    """
    return (sequence - reference + _HALF) % _WHOLE - _HALF


def in_order(names: Iterable[str]) -> list[Candidate]:
    """All candidates among the names of a folder's children, first in the queue first."""
    candidates = [candidate for candidate in map(parse, names) if candidate is not None]
    if not candidates:
        return []
    reference = candidates[0].sequence
    return sorted(candidates, key=lambda c: (distance(c.sequence, reference), c.name))


def blocks(ahead: Candidate, behind: Candidate) -> bool:
    """Whether `behind` has to wait for `ahead`, given that order."""
    return not (ahead.is_shared and behind.is_shared)


def blockers(
    names: Iterable[str], own: Candidate, gone: Collection[str] = ()
) -> list[Candidate] | None:
    """Whom `own` has to wait for, first in the queue first; None when `own` is not there.

    `gone` are names known to have left although an older listing may still hold them.
    """
    present = False
    found = []
    for name in names:
        if name == own.name:
            present = True
            continue
        other = parse(name)
        if other is None or name in gone or not blocks(other, own):
            continue
        # Equal numbers cannot come from one counter; forged ones must still have one order for all.
        place = (distance(other.sequence, own.sequence), name)
        if place < (0, own.name):
            found.append((place, other))
    return [other for _, other in sorted(found)] if present else None


def whom_to_watch(blocking: list[Candidate]) -> list[str]:
    """The last blocker, and the one before it.

    The last one's departure is the grant if nobody else blocks. The one before it is the
    look-ahead: when it leaves, listing again tells whether the last one is the only one left, so
    that the listing is done by the time our turn comes. Each departure wakes at most two waiters.
    """
    return [candidate.name for candidate in blocking[-WATCHED:]]


def holders(queue: list[Candidate]) -> int:
    """How many candidates at the head of an ordered queue hold the lock."""
    for position, candidate in enumerate(queue):
        if not candidate.is_shared:
            return max(position, 1)
    return len(queue)
