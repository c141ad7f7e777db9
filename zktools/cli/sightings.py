"""What looks in succession tell that a single one does not: since when each holds."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import replace

from zktools.cli.held import Began
from zktools.cli.queues import Queue


class Sightings:
    """Remembers the look before, and nothing of those who have left."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str], Began] = {}

    def look(self, read: Callable[[], Sequence[Queue]]) -> list[Queue]:
        """What `read` answers, with what is known by now."""
        before = dt.datetime.now(dt.UTC)
        queues = read()
        return self.compared(queues, before, dt.datetime.now(dt.UTC))

    def compared(
        self, queues: Sequence[Queue], before: dt.datetime, after: dt.datetime
    ) -> list[Queue]:
        """The same queues; they were read after the one moment and before the other."""
        seen = [replace(queue, began=self._of(queue, before, after)) for queue in queues]
        self._known = {
            (queue.folder, name): began for queue in seen for name, began in queue.began.items()
        }
        return seen

    def _of(self, queue: Queue, before: dt.datetime, after: dt.datetime) -> dict[str, Began]:
        found = {}
        for contender in queue.contenders:
            known = self._known.get((queue.folder, contender.name), queue.began_of(contender))
            if contender.held_since is not None:
                known = known.seen_holding(contender.held_since)
            now = known.seen_holding(after) if contender.holds else known.seen_waiting(before)
            found[contender.name] = now
        return found
