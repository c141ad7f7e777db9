"""Which faults, at whom, for how long: a pure function of the seed.

Every *card* of the deck is one fault in one form. The deck is shuffled, dealt to the last card,
shuffled again: so a run meets every kind before it meets one twice. Durations are in session
timeouts, because that is what decides whether a session survives.
"""

from __future__ import annotations

import random
from collections.abc import Collection, Iterator
from dataclasses import dataclass

HOLDER, FIRST, MIDDLE, ANYONE = "holder", "first waiter", "middle waiter", "anyone"
ROLES = (HOLDER, FIRST, MIDDLE)

#: Of recipes: who has permits, who has a lock, who has several of which one is wanted, who leads.
PERMITTED, LOCKER, COLLECTOR, LEADER = "permitted", "locker", "collector", "leader"

#: What keeps a tree current sends.
LIVE_REQUESTS = ("SET_WATCHES", "MULTI_READ", "CREATE_SESSION")

#: Every kind of request that locks, registers and their clients send.
REQUESTS = (
    "CREATE2",
    "GET_CHILDREN",
    "DELETE",
    "SET_DATA",
    "SET_WATCHES",
    "SYNC",
    "MULTI",
    "GET_DATA",
    "EXISTS",
    "CREATE_SESSION",
)


@dataclass(frozen=True)
class Card:
    """One fault.

    Attributes:
        kind: the name of a function in `faults`.
        role: at whom it is aimed, by the place in the queue when it begins.
        length: how long it lasts, in session timeouts; 0 where it is a moment.
        what: more of the kind: an operation, a direction.
    """

    kind: str
    role: str = ""
    length: float = 0.0
    what: str = ""

    def __str__(self) -> str:
        length = f" {self.length:g}T" if self.length else ""
        return " ".join(part for part in (self.kind, self.what, self.role) if part) + length


def _processes() -> Iterator[Card]:
    for role in ROLES:
        for length in (0.5, 1.5, 3.0):
            yield Card("pause", role, length)
        yield Card("kill", role)
    yield Card("pause_everybody", length=1.5)


def _forks() -> Iterator[Card]:
    yield Card("fork", length=1.0)


def _servers() -> Iterator[Card]:
    yield Card("kill_leader", length=1.0)
    yield Card("kill_follower", length=1.0)
    yield Card("kill_server_of", HOLDER, 0.5)
    yield Card("rolling_restart", length=0.3)
    yield Card("lose_quorum", length=0.5)
    yield Card("lose_quorum", length=2.0)
    for length in (0.5, 3.0):  # the second: for as long as its followers have patience
        yield Card("pause_leader", length=length)
        yield Card("pause_follower", length=length)


def _members() -> Iterator[Card]:
    for what in ("half_open", "silent"):
        yield Card("isolate_leader", length=3.0, what=what)
        yield Card("isolate_follower", length=3.0, what=what)
    yield Card("regrant", length=1.5)
    yield Card("pause_server_of", HOLDER, 1.5)
    yield Card("pause_server_of", FIRST, 1.5)


def _network() -> Iterator[Card]:
    for role in (HOLDER, FIRST):
        for way in ("both", "to_server", "to_client"):
            yield Card("swallow", role, 0.5, way)
            yield Card("swallow", role, 3.0, way)
        yield Card("half_open", role, 1.5, "client")
        yield Card("half_open", role, 1.5, "server")
        yield Card("reset", role)
        yield Card("disconnect", role, 0.4)
        yield Card("disconnect", role, 2.0)
    yield Card("flap", HOLDER, 2.0)
    yield Card("flap", FIRST, 2.0)
    yield Card("flap_everybody", length=1.5)
    yield Card("delay", length=1.0, what="0.05")
    yield Card("delay", length=1.0, what="0.25")
    yield Card("disconnect_everybody", length=0.4)
    yield Card("disconnect_everybody", length=2.0)


def _replies(requests: tuple[str, ...] = REQUESTS) -> Iterator[Card]:
    for request in requests:
        yield Card("lose_reply", ANYONE, what=request)
        yield Card("lose_request", ANYONE, what=request)
        yield Card("late_request", ANYONE, 0.5, request)
        yield Card("late_reply", ANYONE, 0.5, request)
        yield Card("lose_reply_of_all", length=0.3, what=request)


def _sessions() -> Iterator[Card]:
    for role in ROLES:
        yield Card("expire", role)
    yield Card("expire_after", ANYONE, what="CREATE2")
    yield Card("expire_before", ANYONE, what="SET_WATCHES")
    yield Card("expire_before", ANYONE, what="MULTI")
    yield Card("expire_everybody")


def _queue() -> Iterator[Card]:
    for role in ROLES:
        yield Card("delete_candidate", role)
        yield Card("ask", role)
    yield Card("delete_folder")
    yield Card("take_by_force", FIRST)
    yield Card("hurry", length=3.0)
    yield Card("ask_while_cut", HOLDER, 0.3)


def _storms() -> Iterator[Card]:
    for number in range(6):
        yield Card("storm", length=2.0, what=str(number))


DECK = (
    *_processes(),
    *_forks(),
    *_servers(),
    *_members(),
    *_network(),
    *_replies(),
    *_sessions(),
    *_queue(),
    *_storms(),
)

#: For trees kept current: there is no queue.
LIVE_DECK = (
    *_processes(),
    *_servers(),
    *_network(),
    *_replies(LIVE_REQUESTS),
    *(card for card in _sessions() if card.kind in ("expire", "expire_everybody")),
    Card("expire_after", ANYONE, what="MULTI_READ"),
    Card("expire_before", ANYONE, what="SET_WATCHES"),
    *_storms(),
)


def _recipes() -> Iterator[Card]:
    for role in (PERMITTED, LOCKER, LEADER):
        yield Card("pause", role, 0.5)
        yield Card("pause", role, 3.0)
        yield Card("kill", role)
        yield Card("expire", role)
        yield Card("delete_candidate", role)
        yield Card("swallow", role, 3.0, "both")
        yield Card("disconnect", role, 2.0)
    yield Card("delete_candidate", COLLECTOR)
    yield Card("ask", LEADER)


#: For all recipes at once.
RECIPES_DECK = (*LIVE_DECK, *_recipes())


def deal(seed: int, only: Collection[str] = (), deck_of: tuple[Card, ...] = DECK) -> Iterator[Card]:
    """Cards without end; `only` limits them to those whose text begins with one of these."""
    deck = [card for card in deck_of if str(card).startswith(tuple(only) or "")]
    if not deck:
        kinds = ", ".join(sorted({card.kind for card in deck_of}))
        raise ValueError(f"no fault is called {', '.join(only)}; there are {kinds}")
    shuffler = random.Random(f"deck-{seed}")
    while True:
        yield from shuffler.sample(deck, len(deck))


def storm(seed: int, number: int) -> list[Card]:
    """The faults of one storm: one of each sort, so that none undoes another.

    Nothing in a storm takes the lock or a session away, and servers are left one at a time.
    """
    rng = random.Random(f"storm-{seed}-{number}")
    servers = [c for c in _servers() if c.kind not in ("rolling_restart", "lose_quorum")]
    wire = [*_network(), *_replies()]
    return [rng.choice(list(_processes())), rng.choice(servers), *rng.sample(wire, 2)]
