"""How much is measured: a quick run to see that all is well, and the full one for the page."""

from __future__ import annotations

from dataclasses import dataclass

#: Round trips, in seconds; 0 is loopback without anything between.
Link = float


@dataclass(frozen=True)
class Contest:
    """One setting in which contenders hand a lock over.

    Attributes:
        link: round trip in seconds.
        contenders: how many are in the queue, the holder included.
        processes: how many they are spread over.
        hold: seconds that each keeps the lock.
    """

    link: Link
    contenders: int
    processes: int = 1
    hold: float = 0.0


@dataclass(frozen=True)
class Plan:
    """What a run measures.

    Attributes:
        name: as the results say.
        links: for uncontended cycles and readers.
        cycles: how many cycles make one block, on loopback; fewer on long links.
        blocks: how many blocks each peer gets, taking turns.
        contests: for handovers.
        window: seconds that a contest is measured.
        turns: how often each contest is run, the peers taking turns.
        readers: how many wait behind a writer.
        keys: sizes of the trees for live nodes.
        tree_cache_keys: the largest of them that kazoo's TreeCache and DataWatch are given.
        changes: how often one key is changed, for its subscribers.
        starts: how often an import is timed.
        terms: how often the lead is handed over.
        members: of the group.
        shares: items that are shared out, and the workers that share them at first.
    """

    name: str
    links: tuple[Link, ...]
    cycles: int
    blocks: int
    contests: tuple[Contest, ...]
    window: float
    turns: int
    readers: tuple[int, ...]
    keys: tuple[int, ...]
    tree_cache_keys: int
    changes: int
    starts: int
    terms: int
    members: int
    shares: tuple[int, int]


_LINKS = (0.0, 0.001, 0.005, 0.020)
_LONG = 0.020
_ENDS = (0.0, _LONG)
_PROCESSES = 4
_SECTION = Contest(_LONG, 8, hold=1.5 * _LONG)

QUICK = Plan(
    name="quick",
    links=(0.0, _LONG),
    cycles=100,
    blocks=3,
    contests=(
        *(Contest(0.0, contenders) for contenders in (2, 8, 64)),
        *(Contest(_LONG, contenders) for contenders in (2, 8)),
        _SECTION,
    ),
    window=0.5,
    turns=1,
    readers=(8,),
    keys=(100, 1_000),
    tree_cache_keys=1_000,
    changes=10,
    starts=5,
    terms=5,
    members=1_000,
    shares=(200, 4),
)

FULL = Plan(
    name="full",
    links=_LINKS,
    cycles=200,
    blocks=4,
    contests=(
        *(Contest(link, contenders) for link in _LINKS for contenders in (2, 8, 64)),
        *(Contest(link, 512) for link in _ENDS),
        *(Contest(link, 2, 2) for link in _ENDS),
        *(Contest(link, count, _PROCESSES) for link in _ENDS for count in (8, 64, 512)),
        _SECTION,
    ),
    window=1.0,
    turns=2,
    readers=(8, 64),
    keys=(100, 1_000, 10_000, 100_000),
    tree_cache_keys=10_000,
    changes=20,
    starts=11,
    terms=20,
    members=1_000,
    shares=(1_000, 10),
)

#: For the test suite: every path once, figures without meaning.
SMOKE = Plan(
    name="smoke",
    links=(0.0, 0.001),
    cycles=3,
    blocks=1,
    contests=(Contest(0.0, 2), Contest(0.001, 4, processes=2)),
    window=0.1,
    turns=1,
    readers=(2,),
    keys=(20,),
    tree_cache_keys=20,
    changes=2,
    starts=1,
    terms=2,
    members=20,
    shares=(12, 3),
)

PLANS = {plan.name: plan for plan in (QUICK, FULL, SMOKE)}
