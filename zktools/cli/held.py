"""For how long a lock has been held, as far as that can be told. Pure.

A holder writes nothing when it is granted the lock, and ZooKeeper keeps no time of a departure: for
those who look, the lock makes no request more. So there are two bounds: the moment of joining the
queue, and the latest one that the queue itself tells, or looks before this one.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from zktools.cli.durations import in_words, seconds_since

_EXACT = 0.1  # bounds that differ by less than this part of the whole are one number
_SOON = 1.0  # seconds: that much at least is not worth saying


@dataclass(frozen=True)
class Began:
    """When a contender began to hold: not before `earliest`, and not after `latest`."""

    earliest: dt.datetime
    latest: dt.datetime | None

    def in_words(self) -> str:
        """For how long: ``3m12s``, ``<3m12s`` at the most, ``12s-3m12s`` in between."""
        least, most = self._bounds
        if most - least <= most * _EXACT:
            return in_words(most)
        return f"<{in_words(most)}" if least < _SOON else f"{in_words(least)}-{in_words(most)}"

    def as_json(self) -> dict[str, Any]:
        """The same in seconds."""
        least, most = self._bounds
        return {"at_least": round(least, 3), "at_most": round(most, 3)}

    @property
    def _bounds(self) -> tuple[float, float]:
        least = 0.0 if self.latest is None else seconds_since(self.latest)
        return least, max(seconds_since(self.earliest), least)

    def seen_waiting(self, at: dt.datetime) -> Began:
        """What is known once it was seen to wait, then or later."""
        return Began(max(self.earliest, at), None)

    def seen_holding(self, at: dt.datetime) -> Began:
        """What is known once it was seen to hold, then or sooner."""
        return Began(self.earliest, at if self.latest is None else min(self.latest, at))
