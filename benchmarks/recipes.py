"""Semaphores, elections and groups, and items shared out: what each takes beside other recipes."""

from __future__ import annotations

import time
import uuid
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from kazoo.client import KazooClient

from benchmarks import sharing
from benchmarks.backends import Backend
from benchmarks.crew import Crew, Worker
from benchmarks.locks import Record, Say
from benchmarks.peers import Peer
from benchmarks.plan import Plan
from benchmarks.spread import spread
from zktools.testing import wait_until

_PATIENCE = 60.0  # seconds
_CYCLE_TIME = 1.5  # seconds for the cycles of one peer, at twelve round trips each
_WARM_UP = 200  # cycles on loopback before a peer with a compiler is measured
_SETTLED = 5  # round trips after which who has queued has armed its watches
_SIGNS_OF_LIFE = ("ping", "multi", "create_session", "close")


class RecipesRace:
    """Runs the scenarios of the other recipes with all peers, in turns, on the longest link."""

    def __init__(
        self, plan: Plan, peers: list[Peer], backend: Backend, crew: Crew, say: Say
    ) -> None:
        self._plan = plan
        self._peers = peers
        self._backend = backend
        self._crew = crew
        self._say = say
        self._link = max(plan.links)
        self._host = KazooClient(backend.link(0))

    def run(self) -> dict[str, list[Record]]:
        """Measure all."""
        self._host.start()
        try:
            return {
                "semaphore": list(self._semaphores()),
                "election": list(self._elections()),
                "group": list(self._groups()),
                "shares": list(self._shares()),
            }
        finally:
            self._host.stop()
            self._host.close()

    # -- semaphores ----------------------------------------------------------------------------

    def _semaphores(self) -> Iterator[Record]:
        self._say(f"a permit acquired and released, {1000 * self._link:g} ms")
        count = max(2, min(self._plan.cycles, int(_CYCLE_TIME / (12 * self._link))))
        for peer in self._peers:
            if peer.keeps:
                with self._crew.workers(peer, 1, self._backend.link(0)) as (worker,):
                    worker("cycle", "semaphore", _new_name(), _WARM_UP)
            with self._crew.workers(peer, 1, self._backend.link(self._link)) as (worker,):
                name = _new_name()
                worker("cycle", "semaphore", name, 2)  # makes its folders
                before = self._backend.requests()
                block = worker("cycle", "semaphore", name, count)
                made = _without_signs_of_life(self._backend.requests() - before)
            pairs = zip(block["acquire"], block["release"], strict=True)
            yield {
                "peer": peer.name,
                "link": self._link,
                "cycle": spread([acquire + release for acquire, release in pairs]),
                "requests": made / count,
            }

    # -- elections -----------------------------------------------------------------------------

    def _elections(self) -> Iterator[Record]:
        self._say(f"the lead handed over, {1000 * self._link:g} ms")
        for peer in self._peers:
            with self._crew.workers(peer, 2, self._backend.link(self._link)) as workers:
                times = list(self._terms(workers))
            yield {"peer": peer.name, "link": self._link, "next": spread(times)}

    def _terms(self, workers: list[Worker]) -> Iterator[float]:
        """Seconds from letting go to the next one leading."""
        name = _new_name()
        leader, other = workers
        leader("stand", name)
        leader("leads")
        for _ in range(self._plan.terms):
            other("stand", name)
            wait_until(lambda: self._candidates(name) == len(workers), _PATIENCE)
            time.sleep(_SETTLED * self._link)
            other.send("leads")
            resigned = leader("resign")["at"]
            yield other.answer()["at"] - resigned
            leader, other = other, leader
        leader("resign")

    def _candidates(self, name: str) -> int:
        path = f"/elections/{name}"
        return len(self._host.get_children(path)) if self._host.exists(path) else 0

    # -- groups --------------------------------------------------------------------------------

    def _groups(self) -> Iterator[Record]:
        members = self._plan.members
        self._say(f"{members} members seen, loopback")
        self._backend.link(0)
        for peer in self._peers:
            with (
                self._members(f"/members-{peer.name}", members) as path,
                self._crew.workers(peer, 1, self._backend.proxy.hosts) as (worker,),
            ):
                before = self._backend.requests()
                seconds = worker("members", path, members)["seconds"]
                requests = self._backend.requests() - before
                more = [self._one_more(worker, path, members + n) for n in range(3)]
            yield {
                "peer": peer.name,
                "members": members,
                "seconds": seconds,
                "requests": _without_signs_of_life(requests),
                "one_more": min(made for _, made in more),
                "one_more_seconds": spread([took for took, _ in more]),
            }

    def _one_more(self, worker: Worker, path: str, before: int) -> tuple[float, int]:
        requests = self._backend.requests()
        began = time.monotonic()
        self._host.create(f"{path}/{_name(before)}", b'"up"', ephemeral=True)
        took = worker("see", before + 1)["at"] - began
        return took, _without_signs_of_life(self._backend.requests() - requests)

    @contextmanager
    def _members(self, path: str, count: int) -> Iterator[str]:
        self._host.ensure_path(path)
        paths = [f"{path}/{_name(number)}" for number in range(count)]
        for made in [self._host.create_async(each, b'"up"', ephemeral=True) for each in paths]:
            made.get()
        yield path
        self._host.delete(path, recursive=True)

    # -- items shared out ----------------------------------------------------------------------

    def _shares(self) -> Iterator[Record]:
        """Each in this process, with a client for each worker."""
        items, workers = self._plan.shares
        self._say(f"{items} items, {workers} workers become {workers + 1}, loopback")
        fleets = {"zktools": sharing.Fleet, "kazoo": sharing.KazooFleet}
        for peer in self._peers:
            if peer.name in fleets:
                with fleets[peer.name](self._backend.link(0), items, workers) as fleet:
                    record = fleet.measure()
                yield {"peer": peer.name, "items": items, "workers": workers, **record}


def _name(number: int) -> str:
    return f"m{number:05}__party__"  # kazoo knows its own by that


def _new_name() -> str:
    return f"recipe{uuid.uuid4().hex[:8]}"


def _without_signs_of_life(requests: Counter[str]) -> int:
    return sum(count for name, count in requests.items() if name not in _SIGNS_OF_LIFE)
