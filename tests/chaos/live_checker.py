"""What must hold in every history of trees kept current. Pure, as `checker`."""

from __future__ import annotations

from collections.abc import Iterator

from tests.chaos.checker import Violation
from tests.chaos.history import Event

#: Views of one value cannot show whether the odd key is there.
_SINGLE = "node"


def check(events: list[Event]) -> list[Violation]:
    """All violations, in the order of time."""
    found = [
        *_torn(events),
        *_backwards(events),
        *_left_behind(events),
        *_lost(events),
        *_apart(events),
        *_seen_directly(events),
    ]
    return sorted(found, key=lambda violation: violation.t)


def _torn(events: list[Event]) -> Iterator[Violation]:
    """Every view is of one moment: one number in all of it, and the odd key at odd ones only."""
    for event in _views(events):
        numbers = event["numbers"]
        whole = len(numbers) == 1 and (
            event["what"] == _SINGLE or event["odd"] == bool(numbers[0] % 2)
        )
        if not whole:
            text = f"{event['who']} saw {numbers} in its {event['what']}, odd key: {event['odd']}"
            yield Violation("torn", event["t"], text)


def _backwards(events: list[Event]) -> Iterator[Violation]:
    """No view is older than one before it, of the same object in the same process."""
    highest: dict[tuple[str, int, str], int] = {}
    for event in _views(events):
        key = (event["who"], event["life"], event["what"])
        number = max(event["numbers"], default=-1)
        if number < highest.get(key, -1):
            text = f"{event['who']} saw {number} in its {event['what']}, after {highest[key]}"
            yield Violation("backwards", event["t"], text)
        highest[key] = max(number, highest.get(key, -1))


def _left_behind(events: list[Event]) -> Iterator[Violation]:
    """After every fault, and in the end, everybody comes to see what is on the server."""
    for event in events:
        if event["event"] == "behind":
            text = f"{event['who_is']} did not see {event['number']} in {event['seconds']:.0f} s"
            yield Violation("liveness", event["t"], text)


def _lost(events: list[Event]) -> Iterator[Violation]:
    """What was acknowledged to a writer is its alone, and there in the end or overruled later."""
    counted: set[int] = set()
    kept: dict[str, int] = {}
    for event in events:
        if event["event"] == "counted":
            if event["number"] in counted:
                text = f"{event['who']} stored {event['number']}, which somebody else had stored"
                yield Violation("lost", event["t"], text)
            counted.add(event["number"])
        elif event["event"] == "kept":
            kept[event["key"]] = max(event["number"], kept.get(event["key"], 0))
        elif event["event"] == "removes":
            kept[event["key"]] = 0
        elif event["event"] == "found":
            yield from _lost_in_the_end(event, max(counted, default=0), kept)


def _lost_in_the_end(found: Event, count: int, kept: dict[str, int]) -> Iterator[Violation]:
    if found["count"] < count:
        yield Violation("lost", found["t"], f"{count} was stored, {found['count']} is there")
    if not found["hidden"]:
        yield Violation("lost", found["t"], "a key is gone that no writer could see")
    for key, number in kept.items():
        if found["own"].get(key, 0) < number:
            text = f"{number} was stored last as {key}, {found['own'].get(key)} is there"
            yield Violation("lost", found["t"], text)


def _apart(events: list[Event]) -> Iterator[Violation]:
    """Records and values agree, and what was acknowledged has its record, if any as old has."""
    made = {event["zxid"]: event for event in events if event["event"] == "recorded"}
    for event in events:
        if event["event"] != "records":
            continue
        for text in event["apart"]:
            yield Violation("apart", event["t"], text)
        oldest = min(event["zxids"], default=0)
        for zxid in sorted(made.keys() - set(event["zxids"])):
            if zxid > oldest:
                text = f"{made[zxid]['who']} stored {zxid}, and there is no record of it"
                yield Violation("apart", event["t"], text)


def _seen_directly(events: list[Event]) -> Iterator[Violation]:
    for event in events:
        if event["event"] == "residue" and any(event["found"].values()):
            yield Violation("residue", event["t"], f"{event['who']} left {event['found']}")
        elif event["event"] in ("logged", "crashed"):
            yield Violation(
                "error", event["t"], f"{event['who']}: {event['text'].splitlines()[-1]}"
            )
        elif event["event"] == "gone":
            yield Violation("error", event["t"], f"{event['target']} ended: {event['code']}")


def _views(events: list[Event]) -> Iterator[Event]:
    return (event for event in events if event["event"] == "view")
