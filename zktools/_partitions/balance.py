"""One member's part in sharing out items: it sees who has what, and takes what is to be its own.

Nobody leads, and nobody is told what to do. A member looks at all queues, a thousand in one
request, decides by :mod:`.assignment`, and queues for what is to be its own; where somebody has it,
that one is asked, as for any lock. What is not asked for is not given away. So who joins is the
only one to act, and the others go on with what they have.

When it looks: when the members or the items change, when it lost something, and, with growing
pauses, until a look shows that all is where it is to be. If others leave something lying for a
session timeout, they are made to look, by a change of one's own data as a member. Looking is
harmless, so it looks now and then in any case, for what nobody is told of: two programs that were
given different items, say.

Everything here runs on the engine; deciding does not, for it may take long.
"""

from __future__ import annotations

import logging
import random
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any

from kazoo.exceptions import NoNodeError

from zktools._engine.clock import now
from zktools._engine.latch import Latch
from zktools._engine.session import Session, Transition
from zktools._engine.worker import Timer
from zktools._partitions.assignment import STRANGER, Decision, decide
from zktools._partitions.names import last_in, tag_in, tag_of
from zktools._partitions.place import Place, State
from zktools._partitions.reading import BulkRead, Found

log = logging.getLogger("zktools.partitions")

#: Items that nobody has which are queued for at a time.
AT_ONCE = 64
#: Seconds from a change to the look that it makes necessary: more may come.
_SOON = 0.02
#: Seconds until the next look where not all is as it is to be; doubled each time.
_FIRST = 0.25
#: Seconds between looks in any case.
_ANYWAY = 30.0
#: Seconds for which what was seen is good enough to take one more item by it.
_FRESH = 1.0
#: Seconds for which somebody with items who is not among the members may be about to be seen there.
_STRANGE = 0.25


class Balance:
    """What is held, what is queued for, and what comes next.

    `members` gives all members with their weights, None while this one is not among them; `nudge`
    makes all of them look.
    """

    def __init__(
        self,
        session: Session,
        me: str,
        folder: str,
        make_place: Callable[[str, Callable[[Place, State], None], bool], Place],
        *,
        members: Callable[[], Mapping[str, float] | None],
        nudge: Callable[[], None],
        moving: int,
    ) -> None:
        self.places: dict[str, Place] = {}
        self._session = session
        self._me = me
        self._folder = folder
        self._make_place = make_place
        self._members = members
        self._nudge = nudge
        self._waiting_since: float | None = None  # for others, to take what nobody has
        self._moving = moving
        self._items: tuple[str, ...] = ()
        self._free: deque[str] = deque()
        self._others: deque[str] = deque()
        self._queueing = {True: 0, False: 0}  # those that nobody has, and those of others
        self._strangers: dict[str, float] = {}  # candidates, and since when they are seen
        self._seen = 0.0  # when what is decided by was asked for
        self._looking = self._again = False
        self._timer: tuple[float, Timer] | None = None
        self._pause = _FIRST
        self._leaving = False
        self._empty: list[Latch] = []

    # -- what happens --------------------------------------------------------------------------

    def start(self, items: tuple[str, ...]) -> None:
        """Begin."""
        self._session.join(self)
        self.set_items(items)

    def set_items(self, items: tuple[str, ...]) -> None:
        """From now on these are shared out."""
        self._items = items
        wanted = set(items)
        for item, place in list(self.places.items()):
            if item not in wanted:
                place.give_back()
        self.on_change()

    def on_change(self) -> None:
        """Something is not as it was when we looked."""
        self._pause = _FIRST
        self._again = self._looking
        self._look_in(_SOON)

    def leave(self, empty: Latch) -> None:
        """Take nothing more, and let go of everything; open `empty` once that is done."""
        self._leaving = True
        self._empty.append(empty)
        for place in list(self.places.values()):
            place.give_back()
        self._end_if_empty()

    def on_transition(self, transition: Transition) -> None:
        """As :class:`zktools._engine.session.Member`."""
        if transition.lost:
            self._withdraw_but(frozenset())
        if transition.connected:
            self._looking = False  # what was asked before is not answered
            self.on_change()

    def _end_if_empty(self) -> None:
        if self._leaving and not self.places:
            self._session.leave(self)
            for latch in self._empty:
                latch.open()

    # -- looking -------------------------------------------------------------------------------

    def _look_in(self, seconds: float) -> None:
        """Look by then, if not sooner."""
        at = now() + seconds
        if self._leaving or (self._timer is not None and self._timer[0] <= at):
            return
        if self._timer is not None:
            self._timer[1].cancel()
        self._timer = at, self._session.engine.later(seconds, self._look)

    def _look(self) -> None:
        self._timer = None
        if self._leaving:
            return
        self._look_in(_about(_ANYWAY))
        if self._looking:
            self._again = True
            return
        if not self._session.connected or self._members() is None:
            return  # once that changes, on_change
        for place in list(self.places.values()):
            place.sweep()
        self._looking, self._again = True, False
        self._seen = now()
        paths = [f"{self._folder}/{item}" for item in self._items]
        items, epoch = self._items, self._session.epoch
        BulkRead(
            self._session, paths, children=True, done=lambda found: self._saw(items, epoch, found)
        ).start()

    def _saw(self, items: tuple[str, ...], epoch: int, found: Found | BaseException) -> None:
        members = self._members()
        if epoch != self._session.epoch or not self._looking:
            return
        if isinstance(found, BaseException) or members is None:
            self._looking = False
            self._look_later()
            return
        owners = self._owners(items, found, members)
        self._session.delivery.decisions.run(self._think, dict(members), owners, epoch)

    def _think(self, members: dict[str, float], owners: dict[str, str | None], epoch: int) -> None:
        decision = decide(self._me, members, owners)
        self._session.engine.post(self._decided, decision, epoch)

    def _owners(
        self, items: tuple[str, ...], found: Found, members: Mapping[str, float]
    ) -> dict[str, str | None]:
        by_tag = {tag_of(member): member for member in members}
        before, self._strangers = self._strangers, {}
        owners: dict[str, str | None] = {}
        for item, names in zip(items, found, strict=True):
            candidate = last_in(names) if isinstance(names, list) else None
            if candidate is None:
                owners[item] = None if not _is_hidden(names) else STRANGER
                continue
            owner = by_tag.get(tag_in(candidate) or "")
            if owner is None:
                # Who has just joined may be seen here first; who has left lets go in its own time,
                # and whoever comes next may queue for it.
                since = self._strangers[candidate] = before.get(candidate, self._seen)
                owner = STRANGER if self._seen - since < _STRANGE else None
            owners[item] = owner
        return owners

    def _look_later(self) -> None:
        """Not all is as it is to be: look again after a while."""
        self._look_in(_about(self._pause))
        self._pause = min(2 * self._pause, self._session.wire.session_timeout)

    # -- taking --------------------------------------------------------------------------------

    def _decided(self, decision: Decision, epoch: int) -> None:
        if epoch != self._session.epoch or not self._looking:
            return
        self._looking = False
        if self._again:
            self._look_in(0.0)
            return
        self._withdraw_but(decision.own)
        self._free = deque(decision.free)
        self._others = deque(decision.others)
        self._see_others_take(waits=decision.waits_for_others)
        if not decision.is_settled:
            self._look_later()
        self._go_on()

    def _see_others_take(self, *, waits: bool) -> None:
        """Who is to take what nobody has may not know: it hears of members, and not of items."""
        if not waits or self._waiting_since is None:
            self._waiting_since = self._seen if waits else None
        elif self._seen - self._waiting_since >= self._session.wire.session_timeout:
            self._waiting_since = self._seen
            self._nudge()

    def _withdraw_but(self, own: frozenset[str]) -> None:
        self._free.clear()
        self._others.clear()
        for item, place in list(self.places.items()):
            if place.state is State.QUEUEING and item not in own:
                place.give_back()

    def _go_on(self) -> None:
        """Queue for as many as may be queued for at a time."""
        if self._looking or self._leaving:
            return
        for wanted, is_free, limit in (
            (self._free, True, AT_ONCE),
            (self._others, False, self._moving),
        ):
            while wanted and self._queueing[is_free] < limit:
                if now() - self._seen > _FRESH:
                    self._look_in(0.0)
                    return
                self._take(wanted.popleft(), is_free=is_free)

    def _take(self, item: str, *, is_free: bool) -> None:
        if item not in self.places:
            place = self.places[item] = self._make_place(item, self._changed, is_free)
            self._queueing[is_free] += 1
            place.start()

    def _changed(self, place: Place, before: State) -> None:
        if before is State.QUEUEING:
            self._queueing[place.is_free] -= 1
            self._session.engine.post(self._go_on)
        if place.state is State.OVER:
            del self.places[place.item]
            self._session.engine.post(self._end_if_empty)
            if place.error is None:
                self._look_in(_FIRST)
            else:
                log.warning("%s/%s cannot be had: %r", self._folder, place.item, place.error)
                self._look_later()


def _about(seconds: float) -> float:
    """As long, but not for all members the same."""
    return seconds * random.uniform(0.75, 1.25)  # noqa: S311 - it guards nothing


def _is_hidden(error: Any) -> bool:
    """Whether there is something that cannot be read."""
    return isinstance(error, Exception) and not isinstance(error, NoNodeError)
