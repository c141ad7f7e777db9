"""What the nemesis of recipes acts on: the nodes of each recipe, and who has the first of them."""

from __future__ import annotations

from collections import Counter
from functools import partial

from tests.chaos.live_campaign import LiveStage
from tests.chaos.recipes_subjects import LOCKS, ROOT
from tests.chaos.schedule import COLLECTOR, LEADER, LOCKER, PERMITTED
from tests.chaos.stage import Place, Stage
from zktools.testing import wait_until

#: In whose queue a role is played.
_FOLDERS = {PERMITTED: f"{ROOT}/semaphores/slots", LEADER: f"{ROOT}/elections/leads"}
_LOCKS = [f"{ROOT}/locks/{name}" for name in LOCKS]


class RecipesStage(LiveStage):
    """Who is first in a queue has a role; those of no queue are played by one worker each."""

    def place(self, role: str, timeout: float = 5.0) -> Place | None:
        """Who plays the role now; None when nobody comes to."""
        if role in (LOCKER, COLLECTOR):
            find = partial(self._locker, several=role == COLLECTOR)
        elif role in _FOLDERS:
            find = partial(self._first, _FOLDERS[role])
        else:
            return super().place(role)
        try:
            return wait_until(find, timeout)
        except TimeoutError:
            return None

    def _candidates(self, folder: str) -> list[Place]:
        return [place for place in Stage.queue(self, folder) if place.owner in self.fleet.crews]

    def _first(self, folder: str) -> Place | None:
        return next(iter(self._candidates(folder)), None)

    def _locker(self, *, several: bool) -> Place | None:
        """Who holds all that it queued for; or several locks, of which the next wants one alone."""
        queues = [self._candidates(folder) for folder in _LOCKS]
        behind = {place.czxid for queue in queues for place in queue[1:]}
        wanted = Counter(place.czxid for queue in queues for place in queue)  # one transaction each
        for first, *others in filter(None, queues):
            is_fit = bool(others) and wanted[first.czxid] > 1 == wanted[others[0].czxid]
            if first.czxid not in behind and (is_fit or not several):
                return first
        return None
