"""What must hold in every history of recipes. Pure, as `checker`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from tests.chaos.checker import EVENT, Violation
from tests.chaos.history import Event
from tests.chaos.recipes_subjects import PERMITS

CAPACITY = {"slots": PERMITS}


class Span(NamedTuple):
    """For how long somebody certainly believed to hold something."""

    start: float
    end: float
    weight: int
    key: int
    who: str


def check(events: list[Event]) -> list[Violation]:
    """All violations, in the order of time."""
    found = list(_seen_directly(events))
    for resource, spans in spans_of(events).items():
        found += _too_many(resource, spans)
        if resource not in CAPACITY:
            found += _disordered(resource, spans)
    return sorted(found, key=lambda violation: violation.t)


def spans_of(events: Iterable[Event]) -> dict[str, list[Span]]:
    """For each resource the times from the first to the last look at which somebody held it.

    A lease that was lost never comes back: what is held at two looks was held between them. One
    that somebody destroyed counts until then, if the news came soon.
    """
    events = list(events)
    destroyed = [event for event in events if event["event"] == "destroyed"]
    times: dict[tuple[str, int, str, int], list[float]] = {}
    for event in events:
        if event["event"] != "believes":
            continue
        for resource, key, weight in event["held"]:
            name = (resource, key, f"{event['who']}.{event['life']}", weight)
            # It was held at some moment of the look: for certain from its end to the next begin.
            times.setdefault(name, [event["until"], event["until"]])[1] = event["t"]
    spans = defaultdict(list)
    for (resource, key, who, weight), (start, end) in times.items():
        span = _destroyed(Span(start, end, weight, key, who), destroyed)
        if span.end > span.start:
            spans[resource].append(span)
    return spans


def _destroyed(span: Span, destroyed: list[Event]) -> Span:
    for event in destroyed:
        if event["tokens"] is not None:
            is_hit = span.key in event["tokens"]
        else:
            is_owner = span.who.partition(".")[0] in event["owners"]
            is_hit = is_owner and span.start <= event["until"]
        if is_hit and event["t"] < span.end <= event["until"] + EVENT:
            span = span._replace(end=event["t"])
    return span


def _too_many(resource: str, spans: list[Span]) -> Iterator[Violation]:
    """At no time more is held than there is."""
    room = CAPACITY.get(resource, 1)
    # At one moment, ends before starts.
    steps = sorted(
        [(s.start, 1, s) for s in spans] + [(s.end, 0, s) for s in spans], key=lambda step: step[:2]
    )
    holding: set[Span] = set()
    for at, starts, span in steps:
        if not starts:
            holding.discard(span)
            continue
        holding.add(span)
        if sum(each.weight for each in holding) > room:
            who = ", ".join(sorted(f"{each.who} ({each.weight})" for each in holding))
            yield Violation("overlap", at, f"{resource}: held by {who}; there is {room}")


def _disordered(resource: str, spans: list[Span]) -> Iterator[Violation]:
    """Of what one can hold, later holds have higher tokens."""
    before: Span | None = None
    for span in sorted(spans):
        if before is not None and before.end <= span.start and before.key >= span.key:
            text = f"{resource}: {span.who} has token {span.key} after {before.who}'s {before.key}"
            yield Violation("token", span.start, text)
        before = span


def _seen_directly(events: list[Event]) -> Iterator[Violation]:
    for event in events:
        if event["event"] == "stuck":
            text = f"after {event['seconds']:.0f} s: " + "; ".join(event["wrong"][:8])
            yield Violation("liveness", event["t"], text)
        elif event["event"] == "left" and event["nodes"]:
            yield Violation("ghost", event["t"], "left: " + ", ".join(event["nodes"][:8]))
        elif event["event"] == "logged":
            yield Violation("error", event["t"], f"{event['who']} logged {event['text']}")
        elif event["event"] == "gone":
            yield Violation("error", event["t"], f"{event['target']} ended: {event['code']}")
