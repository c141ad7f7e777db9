"""Semaphores, elections, groups and partitions beside kazoo's: ``python -m benchmarks.recipes``.

Requests, round trips and moves do not depend on the machine; seconds do. All on one server.
"""

from __future__ import annotations

import argparse
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from kazoo.client import KazooClient
from kazoo.recipe.partitioner import SetPartitioner
from kazoo.recipe.party import Party

from zktools import Election, Group, Partitions, ZkSemaphore
from zktools.testing import Clients, Op, Proxy, Server, wait_until

_TRIP = 0.02  # seconds
_TIMES = 10
_PATIENCE = 120.0
_NOT_COUNTED = (Op.PING, Op.MULTI)  # signs of life, which are sent anyway

_SESSION = 4.0  # seconds


class Site:
    """A server, near and far."""

    def __init__(self, proxy: Proxy, doomed: Proxy, clients: Clients) -> None:
        self._proxy = proxy
        self._doomed = doomed
        self._clients = clients

    def near(self) -> KazooClient:
        """A client beside the server."""
        return self._clients(timeout=10.0)

    def far(self) -> KazooClient:
        """A client whose requests are counted, and may take a while."""
        return self._clients(self._proxy.hosts, timeout=30.0)

    def doomed(self, timeout: float) -> KazooClient:
        """A client that :meth:`cut_off` cuts off."""
        return self._clients(self._doomed.hosts, timeout=timeout)

    def cut_off(self) -> None:
        """As if its machine were gone."""
        self._doomed.swallow()

    @contextmanager
    def link(self) -> Iterator[None]:
        """A round trip takes 20 ms."""
        self._proxy.delay(_TRIP / 2)
        yield
        self._proxy.heal()

    def requests(self, work: Callable[[], object]) -> int:
        """How many `work` takes."""
        before = self._proxy.requests
        work()
        made = self._proxy.requests - before
        return sum(count for op, count in made.items() if op not in _NOT_COUNTED)


def semaphore(site: Site) -> Iterator[str]:
    """Acquiring and releasing, once it is in use."""
    ours = ZkSemaphore(site.far(), "slots", 8)

    def cycle() -> None:
        with ours:
            pass

    yield _cycles(site, "semaphore: acquire and release, zktools", cycle)
    theirs = site.far().Semaphore("/kazoo/slots", max_leases=8)

    def kazoos() -> None:
        with theirs:
            pass

    yield _cycles(site, "semaphore: acquire and release, kazoo", kazoos)


def _cycles(site: Site, what: str, cycle: Callable[[], None]) -> str:
    cycle()
    with site.link():
        seconds = min(_timed(cycle) for _ in range(_TIMES))
    return row(what, requests=site.requests(cycle), trips=seconds / _TRIP)


def _timed(work: Callable[[], object]) -> float:
    began = time.monotonic()
    work()
    return time.monotonic() - began


def election(site: Site) -> Iterator[str]:
    """From when the leader lets go until the next one leads."""
    for what, lead in (("zktools", _leads), ("kazoo", _kazoo_leads)):
        with site.link():
            trips = min(_failover(site, lead) for _ in range(3)) / _TRIP
        yield row(f"election: the next one leads, {what}", trips=trips)


def _failover(site: Site, lead: Callable[[KazooClient, Callable[[], None]], None]) -> float:
    times: dict[str, float] = {}
    leading, may_end = threading.Event(), threading.Event()

    def first() -> None:
        leading.set()
        may_end.wait(_PATIENCE)
        times["end"] = time.monotonic()

    def second() -> None:
        times["begin"] = time.monotonic()

    threads = [threading.Thread(target=lead, args=(site.far(), each)) for each in (first, second)]
    threads[0].start()
    leading.wait(_PATIENCE)
    threads[1].start()
    time.sleep(20 * _TRIP)  # it queues, and watches
    may_end.set()
    for thread in threads:
        thread.join()
    return times["begin"] - times["end"]


def _leads(client: KazooClient, work: Callable[[], None]) -> None:
    with Election(client, "leads").lead():
        work()


def _kazoo_leads(client: KazooClient, work: Callable[[], None]) -> None:
    client.Election("/kazoo/leads").run(work)


def membership(site: Site, members: int) -> Iterator[str]:
    """Seeing who is there, with what they say; and one who joins."""
    path, host = "/members", site.near()
    host.ensure_path(path)
    names = [f"{path}/m{number}__party__" for number in range(members)]
    for each in [host.create_async(name, b'"up"', ephemeral=True) for name in names]:
        each.get()
    client = site.far()
    group: list[Group] = []
    first = site.requests(lambda: group.append(Group(client, path)))

    def one_more() -> None:
        host.create(f"{path}/new__party__", b'"up"', ephemeral=True)
        group[0].wait_for(members + 1, _PATIENCE)

    yield row(
        f"group: {members:,} members seen, zktools", requests=first, more=site.requests(one_more)
    )
    group[0].close()
    party = Party(client, path)
    listed = site.requests(lambda: list(party))
    yield row(f"group: {members:,} members seen, kazoo", requests=listed, more=listed)


def partitions(site: Site, items: int, workers: int) -> Iterator[str]:
    """One more joins a fleet; then that one is cut off for good."""
    names = [f"item-{number}" for number in range(items)]
    fleet = [_part(site.near(), number, names) for number in range(workers)]
    _wait_shared(fleet, items)
    before = {item: lease.token for one in fleet for item, lease in one.mine.items()}
    leases = {item: lease for one in fleet for item, lease in one.mine.items()}
    watch = _Watch(lambda: {item for item, lease in leases.items() if not lease.is_held})
    began = time.monotonic()
    fleet.append(_part(site.doomed(_SESSION), workers, names))
    _wait_shared(fleet, items)
    seconds = time.monotonic() - began
    after = {item: lease.token for one in fleet for item, lease in one.mine.items()}
    moved = {item for item in names if before[item] != after[item]}
    paused = watch.stop() - moved
    yield row(f"partitions: {workers} become {workers + 1}, zktools", moved=len(moved), s=seconds)
    yield row("  others that were not held all the time", moved=len(paused))
    began = time.monotonic()
    site.cut_off()
    _wait_shared(fleet[:-1], items)
    yield row(f"  cut off, session {_SESSION:.0f} s: all owned again", s=time.monotonic() - began)
    for one in fleet[:-1]:
        one.stop()


def kazoo_partitions(site: Site, items: int, workers: int) -> Iterator[str]:
    """The same of kazoo's, but for the end."""
    names = [f"item-{number}" for number in range(items)]
    fleet = [_Partitioner(site.near(), number, names) for number in range(workers)]
    wait_until(lambda: sum(len(one.has) for one in fleet) == items, _PATIENCE)
    before = {item: one for one in fleet for item in one.has}
    watch = _Watch(lambda: {item for item, one in before.items() if item not in one.has})
    began = time.monotonic()
    fleet.append(_Partitioner(site.near(), workers, names))
    wait_until(lambda: len(fleet[-1].has) >= items // (workers + 1), _PATIENCE)
    wait_until(lambda: sum(len(one.has) for one in fleet) == items, _PATIENCE)
    seconds = time.monotonic() - began
    moved = {item for one in fleet for item in one.has if before[item] is not one}
    paused = watch.stop() - moved
    yield row(f"partitions: {workers} become {workers + 1}, kazoo", moved=len(moved), s=seconds)
    yield row("  others that were not held all the time", moved=len(paused))
    for one in fleet:
        one.stop()


def _part(client: KazooClient, number: int, names: list[str]) -> Partitions:
    part = Partitions(client, "/partitions", names, name=f"worker-{number}")
    part.start()
    return part


def _wait_shared(fleet: list[Partitions], items: int) -> None:
    least = items // len(fleet)

    def is_shared() -> bool:
        loads = [len(one.mine) for one in fleet]
        return sum(loads) == items and min(loads) >= least

    wait_until(is_shared, _PATIENCE)


class _Partitioner:
    """Drives kazoo's SetPartitioner as its documentation does."""

    def __init__(self, client: KazooClient, number: int, names: list[str]) -> None:
        self.has: set[str] = set()
        self._over = threading.Event()
        self._partitioner = SetPartitioner(
            client, "/kazoo/partitions", tuple(names), identifier=f"w{number}", time_boundary=0.5
        )
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        while not self._over.wait(0.002):
            if self._partitioner.acquired:
                self.has = set(self._partitioner)
            elif self._partitioner.release:
                self.has = set()
                self._partitioner.release_set()
            elif self._partitioner.allocating:
                self._partitioner.wait_for_acquire(0.2)

    def stop(self) -> None:
        """Leave."""
        self._over.set()
        self._thread.join()
        self._partitioner.finish()


class _Watch:
    """Looks all the time, and remembers all that ever was."""

    def __init__(self, look: Callable[[], set[str]]) -> None:
        self._look = look
        self._seen: set[str] = set()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        while not self._over.wait(0.005):
            self._seen |= self._look()

    def stop(self) -> set[str]:
        """What it has seen."""
        self._over.set()
        self._thread.join()
        return self._seen


HEADINGS = ("requests", "more", "trips", "moved", "s")


def row(what: str, **cells: float) -> str:
    """A line of the table."""
    shown = [f"{cells[h]:10.1f}" if h in cells else " " * 10 for h in HEADINGS]
    return f"{what:52}" + "".join(shown).replace(".0", "  ").rstrip()


def main(arguments: list[str] | None = None) -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.recipes", description=__doc__)
    parser.add_argument("--items", type=int, default=1000, help="of the partitions")
    parser.add_argument("--workers", type=int, default=10, help="that share them at first")
    parser.add_argument("--members", type=int, default=1000, help="of the group")
    options = parser.parse_args(arguments)
    print(f"{'':52}" + "".join(f"{heading:>10}" for heading in HEADINGS))
    with (
        Server() as server,
        Proxy(server.hosts) as proxy,
        Proxy(server.hosts) as doomed,
        Clients(server.hosts) as clients,
    ):
        site = Site(proxy, doomed, clients)
        for lines in (
            semaphore(site),
            election(site),
            membership(site, options.members),
            partitions(site, options.items, options.workers),
            kazoo_partitions(site, options.items, options.workers),
        ):
            for line in lines:
                print(line, flush=True)


if __name__ == "__main__":
    main()
