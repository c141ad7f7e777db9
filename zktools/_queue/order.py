"""The order of a queue, as decisions on candidates: no I/O, no clock, no state.

Candidates are served in the order of their sequence numbers, which the server hands out. How a name
reads is told by a :class:`zktools._queue.layouts.Layout`.

**Who waits for whom.** Each candidate has a weight, and a :class:`Standing`: who ahead of it
counts, and how much of their weight may stay. It is granted when no more than that is left. For a
lock nothing may stay: a reader counts the writers ahead of it, everybody else counts everybody
ahead. In a semaphore everybody counts, and what may stay are the permits less its own weight. Those
who hold are then never more than the permits: whoever of them queued last was granted when its own
weight and all the weight ahead, held or not, fitted.

**Whom to watch.** Let T be the shortest tail of those who count that weighs more than may stay. As
long as all of T are there, so is too much weight; so whenever the turn comes, one of T has left
before, and watching T is enough. For a lock T is the last one, for a semaphore of n permits and
weights of 1 it is the last n. One more than T is watched, as a look-ahead: when that one leaves,
listing again is done by the time the turn comes, and the turn itself needs no listing, because
then all who are left are watched. Each departure wakes at most one waiter more than T has members.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import NamedTuple

READ = "read"
WRITE = "write"
LOCK = "lock"
PERMIT = "permit"

#: Sequence numbers are signed, of 32 bits.
HALF = 2**31
_WHOLE = 2**32


class Candidate(NamedTuple):
    """One place in the queue."""

    name: str
    kind: str
    guid: str | None
    sequence: int
    weight: int = 1

    @property
    def excludes_all(self) -> bool:
        """Whether nobody else can hold the lock together with it."""
        return self.kind in (WRITE, LOCK)

    @property
    def is_shared(self) -> bool:
        """Whether it can hold the lock together with others of its kind."""
        return self.kind == READ


class Size(NamedTuple):
    """How many permits a semaphore has."""

    permits: int
    name: str
    """Of the node that says so."""


class Standing(NamedTuple):
    """What one candidate waits for."""

    ahead: list[Candidate]
    """Who counts, first in the queue first."""
    room: int
    """How much of their weight may stay."""

    def is_free(self, left: Iterable[Candidate]) -> bool:
        """Whether the turn has come, with these left of those ahead."""
        weight = 0
        for candidate in left:  # there may be many, of whom the first is too much
            weight += candidate.weight
            if weight > self.room:
                break
        return weight <= self.room

    def is_next(self, left: Collection[Candidate]) -> bool:
        """Whether one departure can be enough."""
        heaviest = max((candidate.weight for candidate in left), default=0)
        return sum(candidate.weight for candidate in left) - heaviest <= self.room

    @property
    def blocking(self) -> list[Candidate]:
        """All who are ahead, or nobody where the turn has come."""
        return [] if self.is_free(self.ahead) else self.ahead

    def behind(self, holder: Candidate) -> Standing:
        """What is left of it when `holder`, who excluded all others, had the lock: who came after.

        A lock is granted to such a one when nobody is left ahead, and nobody enters ahead later.
        """
        if holder not in self.ahead:
            return self
        return Standing(self.ahead[self.ahead.index(holder) + 1 :], self.room)

    def whom_to_watch(self) -> list[Candidate]:
        """The shortest tail that outweighs the room, and one more."""
        weight = 0
        for place in range(len(self.ahead) - 1, -1, -1):
            weight += self.ahead[place].weight
            if weight > self.room:
                return self.ahead[max(place - 1, 0) :]
        return []


def distance(sequence: int, reference: int) -> int:
    """How far behind `reference` a sequence number is; negative when it is ahead.

    Serial-number arithmetic (RFC 1982) on 32 bits: right across the wrap from 2147483647 to
    -2147483648 as long as the queue is shorter than 2^31.
    """
    return (sequence - reference + HALF) % _WHOLE - HALF


def in_order(candidates: list[Candidate]) -> list[Candidate]:
    """The candidates, first in the queue first."""
    reference = candidates[0].sequence if candidates else 0
    return sorted(candidates, key=lambda c: _place(c, reference))


def _place(candidate: Candidate, reference: int) -> tuple[int, bool, str]:
    # Equal numbers do not come from one counter, but from a writer of Curator's that became a
    # reader in its own place, or are forged: they must still have one order.
    return distance(candidate.sequence, reference), candidate.is_shared, candidate.name


def blocks(ahead: Candidate, behind: Candidate) -> bool:
    """Whether `behind` has to wait for `ahead`, given that order."""
    return ahead.kind != READ or behind.kind != READ


def standing(
    candidates: Iterable[Candidate],
    own: Candidate,
    gone: Collection[str] = (),
    permits: int | None = None,
) -> Standing | None:
    """What `own` has to wait for; None when it is not there itself.

    `gone` are names known to have left although an older listing may still hold them; `permits`,
    where it is a semaphore, how many there are.
    """
    # Each who joins a queue, or comes near its head, goes through all of it: so the distance is
    # taken without a call, and as little as can be is done for each of those behind.
    reference = own.sequence - HALF
    present = False
    found = []
    for other in candidates:
        behind = (other.sequence - reference) % _WHOLE - HALF
        if behind > 0:
            continue
        if other.name == own.name:
            present = True
        elif other.name not in gone and blocks(other, own):
            found.append((behind, other.kind == READ, other.name, other))
    found.sort()
    place = _place(own, own.sequence)
    room = 0 if permits is None else permits - own.weight
    return Standing([entry[-1] for entry in found if entry < place], room) if present else None


def holders(queue: list[Candidate], permits: int | None = None) -> int:
    """How many candidates at the head of an ordered queue hold the lock, or permits."""
    taken = 0
    for position, candidate in enumerate(queue):
        taken += candidate.weight
        if permits is not None:
            if taken > permits:
                return position
        elif not candidate.is_shared:
            return max(position, 1)
    return len(queue)
