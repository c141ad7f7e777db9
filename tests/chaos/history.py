"""Histories: JSON lines, one file for each process, one clock for all.

Every event has ``t`` (seconds, ``CLOCK_MONOTONIC``, the same in all processes of a machine),
``who`` and ``event``. An operation is written down before it begins and again with its outcome, so
what was under way when a process was killed stays open for ever. Each line is one ``write`` to a
file opened for appending: a SIGKILL leaves whole lines.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any, TypeAlias

Event: TypeAlias = dict[str, Any]


def now() -> float:
    """Seconds on the clock that all processes share."""
    return time.clock_gettime(time.CLOCK_MONOTONIC)


class Journal:
    """What one process writes."""

    def __init__(self, path: Path, who: str) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        self._who = who

    def write(self, event: str, t: float | None = None, **facts: object) -> float:
        """Append an event, which happened at `t` or happens now; answer when."""
        at = now() if t is None else t
        line = json.dumps({"t": round(at, 6), "who": self._who, "event": event, **facts})
        os.write(self._file, line.encode() + b"\n")
        return at

    def close(self) -> None:
        """Give up the file."""
        os.close(self._file)


def parse(lines: Iterable[str]) -> list[Event]:
    """The events of these lines. A last line cut short by the end of the disk is left out."""
    events = []
    for line in lines:
        try:
            events.append(json.loads(line))
        except ValueError:
            continue
    return events


def read(folder: Path) -> list[Event]:
    """All events of a run, in the order of time."""
    texts = [file.read_text() for file in sorted(folder.glob("*.jsonl"))]
    events = [event for text in texts for event in parse(text.splitlines())]
    return sorted(events, key=lambda event: event["t"])
