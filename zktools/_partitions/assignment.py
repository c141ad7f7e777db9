"""Whose each item is to be, by who is there and who has what. Pure.

Each member has a quota of the items, by its weight; quotas add up to the number of items, and two
members of the same weight differ by one at most. Who has no more than its quota keeps what it has.
What nobody has, and what is over somebody's quota, goes to those who have room: of all pairs of
such an item and such a member the one with the highest score is taken first, and so on. The score
is that of weighted rendezvous hashing (D. Thaler and C. Ravishankar, 1998; J. Resch, 2015).

So no more moves than must for quotas to be kept: who joins as one of *k* with equal weights takes
one part in *k*, and nothing moves among the others. Rendezvous hashing alone moves as few on the
average, but leaves some members with a half more than others where there are few items for each.

**All arrive at the same, without a word.** Each member decides for itself what to take, by what it
sees on the server, where an item that somebody queues for counts as that one's. Let all see the
same: then all find the same pairs, and each takes those that are its own. Now let one see it after
some of them were carried out: then it finds the others of these pairs, and no more. For take away
one pair that was chosen, with its item, and one place of room at its member. Among the pairs with a
higher score as many are chosen as before, since that member had room for them and for this one; and
so are those with a lower one. (The same goes for what is over at who has it.) Nor do quotas change:
the odd items go to members that have more than their even share already; to others, by their names,
only where those are too few.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from hashlib import blake2b
from typing import NamedTuple

#: Who has it is not among the members, as far as is known.
STRANGER = ""

_MASK = 2**64 - 1


class Decision(NamedTuple):
    """What is to become of the items, as far as it concerns one member."""

    own: frozenset[str]
    """What is its own, or to become so."""
    free: list[str]
    """What it is to take, and nobody has; the most wanted first."""
    others: list[str]
    """What it is to take of others."""
    is_settled: bool
    """Whether all items are where they are to be, those of others too."""
    waits_for_others: bool
    """Whether there is an item that nobody has, and somebody else is to take."""


def decide(me: str, weights: Mapping[str, float], owners: Mapping[str, str | None]) -> Decision:
    """What `me` is to take.

    `weights` has all members; `owners` has all items, and by whom each is had or queued for: a
    member, None for nobody, or :data:`STRANGER`.
    """
    loads = Counter(owner for owner in owners.values() if owner is not None and owner in weights)
    quota = quotas(len(owners), weights, loads)
    room = {member: quota[member] - loads[member] for member in weights}
    over = {member: -spare for member, spare in room.items() if spare < 0}
    free = _match([item for item, owner in owners.items() if owner is None], room, weights)
    spare = {item: owner for item, owner in owners.items() if owner in over and owner is not None}
    moved = _match(spare, room, weights, over)
    taken = [item for item, member in free.items() if member == me]
    asked = [item for item, member in moved.items() if member == me]
    kept = (item for item, owner in owners.items() if owner == me and item not in moved)
    return Decision(
        own=frozenset((*kept, *taken, *asked)),
        free=taken,
        others=asked,
        is_settled=not free and not moved and STRANGER not in owners.values(),
        waits_for_others=len(taken) < len(free),
    )


def quotas(items: int, weights: Mapping[str, float], loads: Mapping[str, int]) -> dict[str, int]:
    """How many items each member is to have; with `loads` now."""
    total = sum(weights.values())
    exact = {member: items * weight / total for member, weight in weights.items()}
    quota = {member: math.floor(share) for member, share in exact.items()}

    def claim(member: str) -> tuple[bool, float, str]:
        return loads[member] <= quota[member], quota[member] - exact[member], member

    for member in sorted(weights, key=claim)[: items - sum(quota.values())]:
        quota[member] += 1
    return quota


def _match(
    items: Collection[str] | Mapping[str, str],
    room: dict[str, int],
    weights: Mapping[str, float],
    over: dict[str, int] | None = None,
) -> dict[str, str]:
    """Which items go to whom, best pairs first; takes `room` away, and what is `over` at owners."""
    takers = [(member, weights[member], _number(member)) for member in room if room[member] > 0]
    chosen: dict[str, str] = {}
    for _, item, member in sorted(_pairs(items, takers), reverse=True):
        if item in chosen or room[member] <= 0:
            continue
        if over is not None and isinstance(items, Mapping):
            owner = items[item]
            if over[owner] <= 0:
                continue
            over[owner] -= 1
        room[member] -= 1
        chosen[item] = member
    return chosen


def _pairs(
    items: Iterable[str], takers: list[tuple[str, float, int]]
) -> Iterable[tuple[float, str, str]]:
    for item in items:
        number = _number(item)
        for member, weight, salt in takers:
            yield _score(number ^ salt, weight), item, member


def _score(number: int, weight: float) -> float:
    """Higher for heavier ones: as often the highest of all as the weights are to each other."""
    # The bits are mixed as by splitmix64 (G. Steele and others, 2014), and become a number between
    # 0 and 1, both excluded.
    number = (number ^ (number >> 30)) * 0xBF58476D1CE4E5B9 & _MASK
    number = (number ^ (number >> 27)) * 0x94D049BB133111EB & _MASK
    number ^= number >> 31
    return -weight / math.log(((number >> 11) + 0.5) * 2.0**-53)


def _number(name: str) -> int:
    return int.from_bytes(blake2b(name.encode(), digest_size=8).digest())
