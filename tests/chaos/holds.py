"""From events to holds: who claimed, was granted, believed to hold, and let go, and when. Pure.

A worker asks its lock every few milliseconds whether it is held, and writes down changes. A
*belief* runs from the first answer "yes" to the first "no", to the call of release, or to the death
of its process. The moment written for an answer is taken before asking, so an answer "yes" is about
that moment or a later one: what follows from it against the lock is certain.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from tests.chaos.history import Event

INF = math.inf


@dataclass
class Belief:
    """One stretch of time in which a process took the lock for its own."""

    start: float
    """The first answer "yes"."""
    last: float
    """The last answer "yes" that is known."""
    end: float = INF
    """The first "no", or when it let go or died; infinite when the history ends before."""


@dataclass
class Hold:
    """One attempt to acquire, and what became of it."""

    id: str
    who: str
    kind: str
    """``"write"`` or ``"read"``."""
    invoked: float
    timeout: float | None = None
    destroys: bool = False
    """Whether it destroyed those who were in its way."""
    outcome: str = "open"
    """``acquired``, ``refused`` (the time ran out), ``cancelled``, ``failed``, or ``open``."""
    answered: float = INF
    token: int | None = None
    again: bool = False
    """Whether its node is one that was kept: its process has used it before."""
    error: str | None = None
    beliefs: list[Belief] = field(default_factory=list)
    releasing: float = INF
    released: float = INF
    died: float = INF
    """When its process was killed."""

    @property
    def is_shared(self) -> bool:
        """Whether it may hold together with its likes."""
        return self.kind == "read"

    @property
    def is_over(self) -> bool:
        """Whether nothing of it is left to happen."""
        if self.outcome == "acquired":
            return self.released < INF or self.died < INF
        return self.outcome != "open" or self.died < INF


def holds(events: Iterable[Event]) -> list[Hold]:
    """All attempts, in the order in which they began."""
    found: dict[str, Hold] = {}
    alive: defaultdict[str, list[Hold]] = defaultdict(list)
    for event in events:
        if event["event"] == "killed":
            for hold in alive.pop(event["target"], []):
                _die(hold, event["t"])
        elif event["event"] == "acquire":
            hold = found[event["id"]] = Hold(
                id=event["id"],
                who=event["who"],
                kind=event["kind"],
                invoked=event["t"],
                timeout=event.get("timeout"),
                destroys=event.get("revoke") == "immediate",
            )
            alive[event["who"]].append(hold)
        elif event.get("id") in found:
            _apply(found[event["id"]], event)
    return list(found.values())


def _apply(hold: Hold, event: Event) -> None:
    kind, at = event["event"], event["t"]
    if kind in ("acquired", "refused", "cancelled", "failed"):
        hold.outcome, hold.answered = kind, at
        hold.token, hold.error = event.get("token"), event.get("error")
        hold.again = event.get("again", False)
    elif kind == "believes":
        if hold.beliefs and hold.beliefs[-1].end == INF:
            hold.beliefs[-1].last = at
        else:
            hold.beliefs.append(Belief(at, at))
    elif kind == "doubts":
        _end_belief(hold, event["last"], at)
    elif kind == "release":
        hold.releasing = at
        _end_belief(hold, event["last"], at)
    elif kind == "released":
        hold.released = at


def _end_belief(hold: Hold, last: float | None, end: float) -> None:
    if hold.beliefs and hold.beliefs[-1].end == INF:
        belief = hold.beliefs[-1]
        belief.last, belief.end = max(belief.last, last or 0.0), end


def _die(hold: Hold, at: float) -> None:
    if not hold.is_over:
        hold.died = at
        _end_belief(hold, None, at)


def pauses(events: Iterable[Event]) -> dict[str, list[tuple[float, float]]]:
    """For each process, when it stood still: SIGSTOP to SIGCONT, or to its death."""
    begun: dict[str, float] = {}
    found: defaultdict[str, list[tuple[float, float]]] = defaultdict(list)
    for event in events:
        target = event.get("target", "")
        if event["event"] == "stopped":
            begun[target] = event["t"]
        elif event["event"] in ("continued", "killed") and target in begun:
            found[target].append((begun.pop(target), event["t"]))
    for target, start in begun.items():
        found[target].append((start, INF))
    return found
