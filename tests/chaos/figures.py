"""What a run amounts to, in numbers. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import Any

from tests.chaos.checker import Case, Violation, lost_writes
from tests.chaos.holds import INF, Hold

STALL = 0.1  #: seconds without an answer, and without a SIGSTOP, from which on it is counted


@dataclass(frozen=True)
class Figures:
    """All of one run; times in seconds."""

    subject: str
    seed: int
    workers: int
    session_timeout: float
    seconds: float
    attempts: int
    grants: int
    """Attempts that acquired."""
    refused: int
    """Their time ran out."""
    cancelled: int
    failed: int
    died: int
    """With their process, waiting or holding."""
    writes: int
    """Acknowledged, in all guarded registers."""
    stale_refused: int
    """Writes of holders who held no more, refused by a guarded register."""
    unknown: int
    """Writes whose outcome nobody knows."""
    lost_guarded: int
    """Acknowledged writes that are not in a guarded register."""
    lost_unguarded: int
    """The same, in the register with no guard."""
    overlaps: int
    """Two believed at once, against the rules."""
    overtaken: int
    """Holders overtaken while they stood still, who noticed on waking."""
    stalls: int
    """Times the machine let a holder stand still, with no SIGSTOP."""
    ghosts: int
    faults: int
    by_kind: dict[str, int]
    handover_p50: float
    handover_p99: float
    longest_gap: float
    """The longest time in which somebody waited and nobody held, whatever was broken."""
    longest_gap_during: str
    violations: dict[str, int]
    crowd: dict[str, float]
    """See `crowd.Crowd`; empty when there was none."""

    def as_json(self) -> dict[str, Any]:
        """For a file."""
        return asdict(self)


def figures(
    case: Case,
    found: Iterable[Violation],
    options: dict[str, Any],
    crowd: dict[str, float] | None = None,
) -> Figures:
    """Count everything."""
    violations = Counter(violation.rule for violation in found)
    kinds = Counter(event["kind"] for event in case.of_kind("fault"))
    outcomes = Counter(hold.outcome for hold in case.holds)
    wrote = [e for e in case.of_kind("wrote") if e["register"] != "unguarded"]
    writes = Counter(event["outcome"] for event in wrote)
    begun = min((hold.invoked for hold in case.holds), default=0.0)
    over = next((event["t"] for event in case.of_kind("quiet")), begun)
    handovers = sorted(handover_times(case.holds))
    gap, during = longest_gap(case)
    return Figures(
        subject=options["subject"],
        seed=options["seed"],
        workers=options["workers"],
        session_timeout=options["session_timeout"],
        seconds=over - begun,
        attempts=len(case.holds),
        grants=outcomes["acquired"],
        refused=outcomes["refused"],
        cancelled=outcomes["cancelled"],
        failed=outcomes["failed"],
        died=sum(hold.died < INF for hold in case.holds),
        writes=writes["ok"],
        stale_refused=writes["refused"],
        unknown=writes["unknown"],
        lost_guarded=violations["register"],
        lost_unguarded=len(list(lost_writes(case, ["unguarded"]))),
        overlaps=violations["belief"] + violations["waking"],
        overtaken=overtaken(case),
        stalls=stalls(case),
        ghosts=violations["ghost"],
        faults=kinds.total(),
        by_kind=dict(sorted(kinds.items())),
        handover_p50=percentile(handovers, 50),
        handover_p99=percentile(handovers, 99),
        longest_gap=gap,
        longest_gap_during=during,
        violations=dict(violations),
        crowd=crowd or {},
    )


def handover_times(holds: list[Hold]) -> list[float]:
    """From the call of release to the next grant, where the next one was waiting already."""
    writers = [h for h in holds if h.outcome == "acquired" and not h.is_shared]
    writers.sort(key=lambda hold: hold.answered)
    return [
        new.answered - old.releasing
        for old, new in pairwise(writers)
        if new.invoked < old.releasing <= new.answered
    ]


def longest_gap(case: Case) -> tuple[float, str]:
    """The longest span in which somebody waited and nobody believed; and the fault by then."""
    held = _union([(b.start, b.last) for hold in case.holds for b in hold.beliefs])
    waited = _union([(h.invoked, min(h.answered, h.died)) for h in case.holds if h.timeout != 0])
    gaps = [
        (min(until, later) - max(since, earlier), later)
        for (_, earlier), (later, _) in pairwise(held)
        for since, until in waited
        if since < later and until > earlier
    ]
    length, end = max(gaps, default=(0.0, 0.0))
    faults = [event for event in case.of_kind("fault") if event["t"] <= end]
    return length, faults[-1]["card"] if faults else "no fault"


def _union(spans: list[tuple[float, float]]) -> list[tuple[float, float]]:
    merged: list[tuple[float, float]] = []
    for start, end in sorted(spans):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], end))
        else:
            merged.append((start, end))
    return merged


def overtaken(case: Case) -> int:
    """How many exclusive holders stood still by SIGSTOP until another was granted."""
    grants = [b.start for h in case.holds for b in h.beliefs if not h.is_shared]
    return sum(
        any(belief.last < start < belief.end for start in grants)
        for hold in case.holds
        for belief in hold.beliefs
        if not hold.is_shared and case.paused(hold.who, belief.last, belief.end) >= 0
    )


def stalls(case: Case) -> int:
    """How many beliefs ended with a silence that no SIGSTOP explains."""
    return sum(
        STALL < belief.end - belief.last < INF and case.paused(h.who, belief.last, belief.end) < 0
        for h in case.holds
        if h.died == INF
        for belief in h.beliefs
    )


def percentile(ordered: list[float], percent: int) -> float:
    """By nearest rank; 0 of nothing."""
    if not ordered:
        return 0.0
    return ordered[min(len(ordered) - 1, len(ordered) * percent // 100)]
