"""Locks: a cycle that nobody disturbs, a queue that hands over, readers behind a writer."""

from __future__ import annotations

import itertools
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import asdict
from typing import Any

from benchmarks.backends import Backend
from benchmarks.crew import Crew, Worker, order_all
from benchmarks.peers import Peer
from benchmarks.plan import Contest, Plan
from benchmarks.spread import spread
from zktools.testing import wait_until

Record = dict[str, Any]
Say = Callable[[str], None]

_WARM_UP = 400  # cycles on loopback before a peer with a compiler is measured
_CYCLE_TIME = 1.5  # seconds that a block of cycles may take on a long link
_QUEUE_TIME = 60.0  # seconds that it may take until all wait
_PAUSE = 0.05  # seconds between two looks at the watches; longer than the longest round trip
_STANDSTILL = 10.0  # seconds without a single handover, then that is the result
_SETTLE = 0.5  # seconds, where nobody can tell whether all wait


class Race:
    """Runs the lock scenarios with all peers, in turns, so that drift of the machine hits all."""

    def __init__(
        self, plan: Plan, peers: list[Peer], backends: dict[str, Backend], crew: Crew, say: Say
    ) -> None:
        self._plan = plan
        self._peers = peers
        self._backends = backends
        self._crew = crew
        self._say = say

    def run(self) -> dict[str, list[Record]]:
        """Measure all."""
        self._warm_up()
        return {
            "cycle": list(self._cycles()),
            "handover": list(self._handovers()),
            "readers": list(self._readers()),
        }

    # -- nobody else wants it ------------------------------------------------------------------

    def _cycles(self) -> Iterator[Record]:
        for link in self._plan.links:
            self._say(f"acquire and release, {_link_name(link)}")
            blocks: dict[str, list[Record]] = {peer.name: [] for peer in self._peers}
            for peer in self._peers * self._plan.blocks:
                blocks[peer.name].append(self._cycle_block(peer, link))
            for peer in self._peers:
                yield {"peer": peer.name, "link": link} | _merge_blocks(blocks[peer.name])

    def _cycle_block(self, peer: Peer, link: float) -> Record:
        backend = self._backends[peer.backend]
        # A cycle takes four round trips at most.
        most = int(_CYCLE_TIME / (4 * link)) if link else self._plan.cycles
        count = max(2, min(self._plan.cycles, most))
        with self._crew.workers(peer, 1, backend.link(link)) as (worker,):
            name = _new_name()
            worker("cycle", "lock", name, 3)  # makes the lock's folder
            requests, cpu = backend.requests(), backend.cpu()
            block: Record = worker("cycle", "lock", name, count)
            block["requests"] = backend.requests() - requests
            block["server_cpu"] = _difference(backend.cpu(), cpu)
        return block

    def _warm_up(self) -> None:
        for peer in self._peers:
            if peer.keeps:
                most = max(contest.processes for contest in self._plan.contests)
                hosts = self._backends[peer.backend].link(0)
                with self._crew.workers(peer, most, hosts) as workers:
                    order_all(workers, "cycle", "lock", _new_name(), _WARM_UP)

    # -- a queue -------------------------------------------------------------------------------

    def _handovers(self) -> Iterator[Record]:
        peers = [peer for peer in self._peers if peer.is_lock]
        for contest in self._plan.contests:
            self._say(
                f"handover, {contest.contenders} contenders in {contest.processes} processes, "
                f"{_link_name(contest.link)}, held for {1000 * contest.hold:g} ms"
            )
            turns: dict[str, list[Record]] = {peer.name: [] for peer in peers}
            for peer in peers * self._plan.turns:
                turns[peer.name].append(self._contest(peer, contest))
            for peer in peers:
                yield {"peer": peer.name, **asdict(contest)} | _merge_turns(turns[peer.name])

    def _contest(self, peer: Peer, contest: Contest) -> Record:
        backend = self._backends[peer.backend]
        hosts = backend.link(contest.link)
        with self._crew.workers(peer, contest.processes, hosts) as workers:
            name = _new_name()
            workers[0]("gate", "lock", name)
            share = contest.contenders // contest.processes
            order_all(workers, "contend", "lock", name, share, 0, contest.hold)
            _wait_queued(workers[0], name, share * contest.processes + 1)
            record: Record = {"watches": _settled(backend.watches)}
            order_all(workers, "mark")
            requests, cpu = backend.requests(), backend.cpu()
            opened: float = workers[0]("ungate")["at"]
            time.sleep(self._plan.window + 10 * contest.link)
            reports = _reports(workers)
            record["requests"] = backend.requests() - requests
            record["server_cpu"] = _difference(backend.cpu(), cpu)
            record["cpu"] = sum(report["cpu"] for report in reports)
        spans = [
            (acquired, released, (worker, number))
            for worker, report in enumerate(reports)
            for acquired, released, number in report["spans"]
        ]
        return record | _follow(sorted(spans), opened)

    # -- readers -------------------------------------------------------------------------------

    def _readers(self) -> Iterator[Record]:
        peers = [peer for peer in self._peers if peer.shared]
        for link, readers in itertools.product(self._plan.links, self._plan.readers):
            self._say(f"{readers} readers behind a writer, {_link_name(link)}")
            times: dict[str, list[float]] = {peer.name: [] for peer in peers}
            for peer in peers * self._plan.blocks:
                times[peer.name].append(self._all_readers(peer, link, readers))
            for peer in peers:
                record = {"peer": peer.name, "link": link, "readers": readers}
                yield record | {"all_in": spread(times[peer.name])}

    def _all_readers(self, peer: Peer, link: float, readers: int) -> float:
        """Seconds from the writer's release() until the last reader's acquire() returned."""
        backend = self._backends[peer.backend]
        with self._crew.workers(peer, 1, backend.link(link)) as (worker,):
            name = _new_name()
            worker("gate", "write", name)
            worker("contend", "read", name, readers, 1, 0.0)
            _wait_queued(worker, name, readers + 1)
            opened: float = worker("ungate")["at"]
            spans: list[list[float]] = []

            def all_were_in() -> bool:
                spans[:] = worker("report")["spans"]
                return len(spans) == readers

            wait_until(all_were_in, _QUEUE_TIME)
        return max(acquired for acquired, *_ in spans) - opened


def _settled(watches: Callable[[], int] | None) -> int | None:
    """How many watches there are once all who wait have set theirs."""
    if watches is None:
        return None
    counts = [-1, watches()]

    def is_settled() -> bool:
        time.sleep(_PAUSE)
        counts.append(watches())
        return counts[-1] == counts[-2] == counts[-3]

    wait_until(is_settled, _QUEUE_TIME)
    return counts[-1]


def _reports(workers: list[Worker]) -> list[Record]:
    """What all did; those that are very slow get more time."""
    found: list[Record] = []

    def somebody_had_it() -> bool:
        found[:] = order_all(workers, "report")
        return any(report["spans"] for report in found)

    with suppress(TimeoutError):
        wait_until(somebody_had_it, _STANDSTILL)
    return found


def _follow(spans: list[tuple[float, float, tuple[int, int]]], opened: float) -> Record:
    """Who released to who came next; all processes of a machine have the same clock."""
    handovers, released, holder = [], opened, (-1, -1)
    for acquired, will_release, contender in spans:
        # To come next oneself is no handing over.
        if contender != holder:
            handovers.append(acquired - released)
        released, holder = will_release, contender
    return {"handovers": handovers, "cycles": len(spans), "time": released - opened}


def _wait_queued(worker: Worker, name: str, count: int) -> None:
    if worker("queued", name)["queued"] is None:
        time.sleep(_SETTLE)
    else:
        wait_until(lambda: worker("queued", name)["queued"] >= count, _QUEUE_TIME)


def _merge_blocks(blocks: list[Record]) -> Record:
    acquire = [value for block in blocks for value in block["acquire"]]
    release = [value for block in blocks for value in block["release"]]
    return {
        "acquire": spread(acquire),
        "release": spread(release),
        "cycle": spread([a + r for a, r in zip(acquire, release, strict=True)]),
        **_per_cycle(blocks, len(acquire)),
    }


def _merge_turns(turns: list[Record]) -> Record:
    handovers = [value for turn in turns for value in turn["handovers"]]
    if not handovers:
        return {"handover": None}
    cycles = sum(turn["cycles"] for turn in turns)
    return {
        "handover": spread(handovers),
        "per_second": cycles / sum(turn["time"] for turn in turns),
        "watches": max((turn["watches"] or 0 for turn in turns), default=0),
        **_per_cycle(turns, cycles),
    }


def _per_cycle(records: list[Record], cycles: int) -> Record:
    requests = sum((record["requests"] for record in records), Counter[str]())
    servers = [record["server_cpu"] for record in records if record["server_cpu"] is not None]
    return {
        "requests": {name: count / cycles for name, count in sorted(requests.items())},
        "cpu": sum(record["cpu"] for record in records) / cycles,
        "server_cpu": sum(servers) / cycles if servers else None,
    }


def _difference(now: float | None, before: float | None) -> float | None:
    return now - before if now is not None and before is not None else None


def _link_name(link: float) -> str:
    return f"a link of {1000 * link:g} ms" if link else "loopback"


def _new_name() -> str:
    return f"lock{uuid.uuid4().hex[:8]}"
