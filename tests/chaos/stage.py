"""What the nemesis acts on: servers, workers, and the lock's queue as the servers have it."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from kazoo.client import KazooClient
from kazoo.exceptions import KazooException, NoNodeError

from tests.chaos.fleet import Crew, Fleet
from tests.chaos.history import Journal, now
from tests.chaos.schedule import ANYONE, FIRST, HOLDER
from tests.chaos.subjects import FOLDER
from zktools.testing import Ensemble, Member, wait_until

_WHO = re.compile(rb"\bw[0-9]+\b")
_AIMS = 10  # attempts to find a worker at a certain member
_ANSWER = 1.0  # seconds for a look at the queue; without a quorum there is none


@dataclass(frozen=True)
class Place:
    """One candidate."""

    name: str
    owner: str
    czxid: int
    version: int
    folder: str = FOLDER

    @property
    def path(self) -> str:
        """Of its node."""
        return f"{self.folder}/{self.name}"


class Stage:
    """Looks at the queue by a client of its own, which no proxy is in front of."""

    def __init__(
        self,
        ensemble: Ensemble,
        fleet: Fleet,
        client: KazooClient,
        journal: Journal,
        session_timeout: float,
    ) -> None:
        self.ensemble = ensemble
        self.fleet = fleet
        self.client = client
        self.journal = journal
        self.session_timeout = session_timeout
        self.over = threading.Event()

    def sleep(self, timeouts: float) -> None:
        """Wait this many session timeouts, or until the campaign is over."""
        self.over.wait(timeouts * self.session_timeout)

    def queue(self, folder: str = FOLDER) -> list[Place]:
        """All candidates in the order of their transactions; empty when nobody answers."""
        try:
            names = self.client.get_children_async(folder).get(timeout=_ANSWER)
            asked = [(name, self.client.get_async(f"{folder}/{name}")) for name in names]
            places = [self._place(folder, name, result) for name, result in asked]
        except (KazooException, self.client.handler.timeout_exception):
            return []
        return sorted((p for p in places if p is not None), key=lambda place: place.czxid)

    def _place(self, folder: str, name: str, result: object) -> Place | None:
        try:
            data, stat = result.get(timeout=_ANSWER)  # type: ignore[attr-defined]
        except NoNodeError:
            return None
        owner = _WHO.search(data)
        who = owner[0].decode() if owner else "?"
        return Place(name, who, stat.czxid, stat.version, folder)

    def place(self, role: str, timeout: float = 5.0) -> Place | None:
        """Who has this role now; None when nobody comes to have it."""
        try:
            return wait_until(lambda: _in_role(self.queue(), role), timeout)
        except TimeoutError:
            return None

    def crew(self, role: str) -> Crew:
        """The worker that has this role; any when nobody has."""
        place = self.place(role) if role != ANYONE else None
        owner = place.owner if place is not None else None
        return self.fleet.crews.get(owner or "", next(iter(self.fleet)))

    def server_of(self, crew: Crew) -> Member | None:
        """The member that this worker is connected to; None while there is none."""
        return next((member for member in self.ensemble if _serves(member, crew)), None)

    def crew_at(self, member: Member) -> Crew:
        """A worker that is connected to this member, if there comes to be one; else any."""
        for _ in range(_AIMS):
            for crew in self.fleet:
                if _serves(member, crew):
                    return crew
            for crew in self.fleet:
                crew.proxy.cut()  # each chooses by lot where to connect
            self.over.wait(0.3)
        return next(iter(self.fleet))

    def destroy(self, places: list[Place], *, folder: bool = False) -> bool:
        """Delete candidates, and the folder if wanted, all or nothing; write it down."""
        begun = now()
        request = self.client.transaction()
        for place in places:
            request.delete(place.path)
        if folder:
            request.delete(FOLDER)
        try:
            results = request.commit_async().get(timeout=_ANSWER)
        except (KazooException, self.client.handler.timeout_exception):
            results = [None]  # it may have been done
        done = not any(isinstance(result, Exception) for result in results)
        if done:
            owners, tokens = [p.owner for p in places], [p.czxid for p in places]
            facts = {"owners": owners, "tokens": tokens}
            self.journal.write("destroyed", t=begun, until=now(), **facts)
        return done

    @contextmanager
    def destroying(self, owners: list[str]) -> Iterator[None]:
        """Write down that all which these workers hold is taken from them meanwhile."""
        begun = now()
        yield
        self.journal.write("destroyed", t=begun, until=now(), owners=owners, tokens=None)


def _serves(member: Member, crew: Crew) -> bool:
    if crew.session is None or not member.is_running or member.is_paused:
        return False
    try:
        return f"{crew.session[0]:x}" in member.command("cons")
    except OSError:
        return False


def _in_role(queue: list[Place], role: str) -> Place | None:
    wanted = {HOLDER: 0, FIRST: 1}.get(role, max(len(queue) // 2, 2))
    return queue[wanted] if len(queue) > wanted else None
