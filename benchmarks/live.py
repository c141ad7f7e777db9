"""Live nodes: to load a folder and follow it, to hear of changes, to be right after a reconnect."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from kazoo.client import KazooClient

from benchmarks.backends import Backend
from benchmarks.crew import Crew, Worker
from benchmarks.locks import Record, Say
from benchmarks.peers import Peer
from benchmarks.plan import Plan
from benchmarks.spread import spread
from zktools.testing import Op, delete_tree, wait_until

_BATCH = 1000  # requests under way, or operations in a transaction
_PATIENCE = 120.0  # seconds
_READS = 100_000
_QUIET = 0.3  # seconds without a request, then all was read again
_SLOW = ("treecache", "watches")  # not given the largest trees
_LIMITS = {"cache": 65_534}  # CuratorCache 5.4 leaves the rest out, and says it is complete
_ONE_BY_ONE = ("watches",)  # a link adds its round trip for each key: 20 s for a thousand
_REST = 0.05  # seconds between two changes


class LiveRace:
    """Runs the scenarios of live nodes with all peers, in turns."""

    def __init__(
        self, plan: Plan, peers: list[Peer], backend: Backend, crew: Crew, say: Say
    ) -> None:
        self._plan = plan
        self._peers = peers
        self._backend = backend
        self._crew = crew
        self._say = say
        self._writer = KazooClient(backend.link(0))
        self._generation = 0

    def run(self) -> dict[str, list[Record]]:
        """Measure all."""
        self._writer.start()
        try:
            return {"load": list(self._loads()), "follow": list(self._follows())}
        finally:
            self._writer.stop()
            self._writer.close()

    # -- loading -------------------------------------------------------------------------------

    def _loads(self) -> Iterator[Record]:
        for keys in self._plan.keys:
            with self._folder(keys) as folder:
                for link in self._load_links(keys):
                    self._say(f"load and follow {keys} keys, {1000 * link:g} ms")
                    peers = self._able(keys, link)
                    runs: dict[str, list[Record]] = {peer.name: [] for peer in peers}
                    for peer in peers * self._plan.turns:
                        runs[peer.name].append(self._load(peer, folder, keys, link))
                    for peer in peers:
                        yield {"peer": peer.name, "keys": keys, "link": link} | _merge(
                            runs[peer.name], keys
                        )

    def _load_links(self, keys: int) -> tuple[float, ...]:
        return (0.0, self._plan.links[-1]) if keys == self._plan.keys[0] * 10 else (0.0,)

    def _able(self, keys: int, link: float) -> list[Peer]:
        limits = _LIMITS | dict.fromkeys(_SLOW, self._plan.tree_cache_keys)
        return [peer for peer in self._near(link) if keys <= limits.get(peer.name, keys)]

    def _near(self, link: float) -> list[Peer]:
        return [peer for peer in self._peers if not link or peer.name not in _ONE_BY_ONE]

    def _load(self, peer: Peer, folder: str, keys: int, link: float) -> Record:
        with self._crew.workers(peer, 1, self._backend.link(link)) as (worker,):
            assert self._backend.packets is not None
            packets = self._backend.packets()
            record: Record = worker("load", folder, keys)
            record["requests"] = self._backend.packets() - packets
        return record

    # -- following -----------------------------------------------------------------------------

    def _follows(self) -> Iterator[Record]:
        keys = min(self._plan.tree_cache_keys, 1000)
        with self._folder(keys) as folder:
            for link in (0.0, self._plan.links[-1]):
                for peer in (peer for peer in self._near(link) if peer.is_lock):
                    self._say(f"changes and reconnect, {peer.title}, {1000 * link:g} ms")
                    record = {"peer": peer.name, "keys": keys, "link": link}
                    yield record | self._follow(peer, folder, keys, link)

    def _follow(self, peer: Peer, folder: str, keys: int, link: float) -> Record:
        # Through the proxy even on loopback: it counts, and cuts.
        self._backend.link(link)
        with self._crew.workers(peer, 1, self._backend.proxy.hosts) as (worker,):
            worker("load", folder, keys)
            reads = worker("reads", _key(0), _READS)["seconds"] / _READS
            one = [self._change(worker, folder, 1) for _ in range(self._plan.changes)]
            many = [self._change(worker, folder, keys) for _ in range(1 + self._plan.changes // 5)]
            return {
                "read": reads,
                "one": _merge_changes(one),
                "transaction": _merge_changes(many),
                "resync": self._resync(worker, folder, keys - 1, link),
            }

    def _change(self, worker: Worker, folder: str, keys: int) -> Record:
        """Change keys in one transaction; how long until a subscriber was told of all."""
        time.sleep(_REST)  # what follows the last change is over
        value = self._expect(worker, range(keys))
        requests = self._backend.requests()
        sent = time.monotonic()
        self._write(folder, range(keys), value)
        arrival = worker("arrived", _PATIENCE)
        time.sleep(_REST)  # so is what follows this one
        return {
            "seconds": arrival["at"] - sent,
            "calls": arrival["calls"],
            "requests": (self._backend.requests() - requests).total(),
        }

    def _resync(self, worker: Worker, folder: str, last: int, link: float) -> Record:
        """Cut the connection, change the last key meanwhile; how long until it was noticed."""
        proxy = self._backend.proxy
        opened: list[float] = []
        came = threading.Event()

        def reopened(_frame: object) -> None:
            opened.append(time.monotonic())
            came.set()

        proxy.refuse()
        proxy.cut()
        value = self._expect(worker, range(last, last + 1))
        self._write(folder, range(last, last + 1), value)
        hook = proxy.on_request(reopened, Op.CREATE_SESSION)
        before = self._backend.requests()
        proxy.heal()
        self._backend.link(link)
        arrival = worker("arrived", _PATIENCE)
        hook.cancel()
        self._wait_quiet()
        requests = self._backend.requests() - before
        return {"seconds": arrival["at"] - opened[-1], "requests": dict(requests)}

    def _wait_quiet(self) -> None:
        def quiet() -> bool:
            before = self._backend.requests()
            time.sleep(_QUIET)
            return self._backend.requests() == before

        wait_until(quiet, _PATIENCE)

    # -- the nodes -----------------------------------------------------------------------------

    @contextmanager
    def _folder(self, keys: int) -> Iterator[str]:
        folder = f"/live/{keys}"
        self._writer.ensure_path(folder)
        value = _value(0)
        for first in range(0, keys, _BATCH):
            transaction = self._writer.transaction()
            for number in range(first, min(first + _BATCH, keys)):
                transaction.create(f"{folder}/{_key(number)}", value.encode())
            _commit(transaction)
        yield folder
        delete_tree(self._writer, folder)

    def _expect(self, worker: Worker, keys: range) -> str:
        self._generation += 1
        value = _value(self._generation)
        worker("expect", value, ",".join(map(_key, keys)))
        return value

    def _write(self, folder: str, keys: range, value: str) -> None:
        transaction = self._writer.transaction()
        for number in keys:
            transaction.set_data(f"{folder}/{_key(number)}", value.encode())
        _commit(transaction)


def _commit(transaction: Any) -> None:
    failed = [result for result in transaction.commit() if isinstance(result, Exception)]
    if failed:
        raise failed[0]


def _key(number: int) -> str:
    # Short: the Java client refuses an answer of more than 1 MiB, and there may be 100,000.
    return f"k{number:05}"


def _value(generation: int) -> str:
    return f"generation-{generation:05}"


def _merge(runs: list[Record], keys: int) -> Record:
    return {
        "seconds": spread([run["seconds"] for run in runs]),
        "cpu": spread([run["cpu"] for run in runs]),
        "requests": min(run["requests"] for run in runs),
        "bytes_per_key": min(run["memory"] for run in runs) / keys,
    }


def _merge_changes(changes: list[Record]) -> Record:
    return {
        "seconds": spread([change["seconds"] for change in changes]),
        "calls": max(change["calls"] for change in changes),
        "requests": max(change["requests"] for change in changes),
    }
