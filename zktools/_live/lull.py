"""News that come in a burst: what a transaction of a thousand keys fires are a thousand events.

They come one after another, and who reads at the first of them reads again for the rest, a round
trip later. So where many have come together, more are waited for, for a moment.
"""

from __future__ import annotations

from collections.abc import Callable

from zktools._engine.clock import now
from zktools._engine.worker import Timer, Worker

#: Events taken in together from which on there are likely to be more. One change is read at once.
MANY = 16
#: Seconds without another, after which there are no more;
PAUSE = 0.001
#: and seconds after which those that have come are read all the same.
LONGEST = 0.02


class Lull:
    """Says when a burst is over. On the engine's thread."""

    def __init__(self, engine: Worker, over: Callable[[], None]) -> None:
        """``over()`` is called when a burst is."""
        self._engine = engine
        self._over = over
        self._since = 0.0
        self._timer: Timer | None = None

    def awaits(self, count: int) -> bool:
        """So many events have come; whether what they are about is to be left until ``over()``."""
        at = now()
        if self._timer is None:
            if count < MANY:
                return False
            self._since = at
        elif at - self._since < LONGEST:
            self._timer.cancel()
        else:
            return True
        self._timer = self._engine.later(PAUSE, self._end)
        return True

    def _end(self) -> None:
        self._timer = None
        self._engine.post(self._over)  # behind what has come meanwhile
