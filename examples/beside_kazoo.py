"""kazoo's Lock and ours, side by side in five situations of real life, on a real ZooKeeper.

Run it with ``python -m examples.beside_kazoo``; it takes about half a minute.
"""

from __future__ import annotations

import logging
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from typing import Any

import kazoo.exceptions
import kazoo.version
from kazoo.client import KazooClient
from rich.console import Console
from rich.table import Table

from zktools import ZkLock
from zktools.testing import Clients, Proxy, Server, expire_session, wait_until

SESSION_TIMEOUT = 2.0  # seconds
PATIENCE = 6.0  # seconds to watch an acquire that was given one second


class Kazoo:
    """kazoo's Lock."""

    def __init__(self, zk: KazooClient, name: str) -> None:
        self.folder = f"/kazoo/{name}"
        self._lock = zk.Lock(self.folder)

    def acquire(self, timeout: float | None = None) -> bool:
        """Acquire; whether it did."""
        with suppress(kazoo.exceptions.LockTimeout):
            return bool(self._lock.acquire(timeout=timeout))
        return False

    def release(self) -> None:
        """Release."""
        self._lock.release()

    def believes(self) -> bool:
        """Whether it says that the lock is held."""
        return bool(self._lock.is_acquired)


class Zktools:
    """Ours."""

    def __init__(self, zk: KazooClient, name: str) -> None:
        self._lock = ZkLock(zk, name)
        self.folder = f"/ZktoolsLocks/{name}"
        self._lease: Any = None

    def acquire(self, timeout: float | None = None) -> bool:
        """Acquire; whether it did."""
        acquired = self._lock.acquire(timeout)
        self._lease = self._lock.lease if acquired else None
        return acquired

    def release(self) -> None:
        """Release."""
        self._lock.release()

    def believes(self) -> bool:
        """Whether it says that the lock is held."""
        return self._lease is not None and bool(self._lease.is_held)


Kind = type[Kazoo] | type[Zktools]


@dataclass(frozen=True)
class Outcome:
    """What was seen, in words, and whether it is what one would want."""

    words: str
    good: bool


def acquire_while_cut_off(kind: Kind, clients: Clients, hosts: str) -> Outcome:
    """``acquire(timeout=1)`` while ZooKeeper cannot be reached."""
    with network(hosts) as proxy:
        lock = kind(clients(proxy.hosts, timeout=SESSION_TIMEOUT), "cut-off")
        proxy.refuse()
        proxy.cut()
        return seconds_taken(lock)


def acquire_among_the_impatient(kind: Kind, clients: Clients, _hosts: str) -> Outcome:
    """``acquire(timeout=1)`` while others ahead in the queue give up one after the other."""
    holder = kind(clients(), "impatient")
    holder.acquire()
    others = [kind(clients(), "impatient") for _ in range(4)]
    with ExitStack() as stack:
        for number, other in enumerate(others):
            queue(other, 0.8 * (len(others) - number), stack)  # the last gives up first
            wait_for_queue(clients(), other.folder, 2 + number)
        return seconds_taken(kind(clients(), "impatient"))


def hold_past_the_session(kind: Kind, clients: Clients, _hosts: str) -> Outcome:
    """A holder's session has ended, and somebody else holds the lock."""
    zk = clients()
    old, new = kind(zk, "session"), kind(clients(), "session")
    old.acquire()
    ended = zk.client_id
    expire_session(zk)
    new.acquire()
    wait_until(lambda: zk.connected and zk.client_id not in {None, ended}, timeout=PATIENCE)
    return belief(old)


def hold_through_a_partition(kind: Kind, clients: Clients, hosts: str) -> Outcome:
    """A holder is cut off, its session has ended, and somebody else holds the lock."""
    with network(hosts) as proxy:
        old = kind(clients(proxy.hosts, timeout=SESSION_TIMEOUT), "partition")
        new = kind(clients(), "partition")
        old.acquire()
        proxy.swallow("both")
        new.acquire()
        return belief(old)


def interrupt_a_waiter(kind: Kind, clients: Clients, _hosts: str) -> Outcome:
    """Ctrl-C while waiting for the lock; then the holder lets go."""
    zk = clients()
    holder, waiter = kind(zk, "interrupt"), kind(clients(), "interrupt")
    holder.acquire()

    def press_control_c() -> None:
        wait_for_queue(zk, holder.folder, 2)
        os.kill(os.getpid(), signal.SIGINT)

    threading.Thread(target=press_control_c).start()
    with suppress(KeyboardInterrupt):
        waiter.acquire()
    holder.release()
    free = kind(clients(), "interrupt").acquire(timeout=1.0)
    return Outcome("the lock is free" if free else "the lock is blocked", free)


SITUATIONS = (
    acquire_while_cut_off,
    acquire_among_the_impatient,
    hold_past_the_session,
    hold_through_a_partition,
    interrupt_a_waiter,
)


@contextmanager
def network(hosts: str) -> Iterator[Proxy]:
    """A network between a client and the server; whole again at the end."""
    with Proxy(hosts) as proxy:
        yield proxy
        proxy.heal()


def seconds_taken(lock: Kazoo | Zktools) -> Outcome:
    """How long an acquire with a timeout of one second takes."""
    began = time.monotonic()
    attempt = threading.Thread(target=lock.acquire, args=(1.0,), daemon=True)
    attempt.start()
    attempt.join(PATIENCE)
    taken = time.monotonic() - began
    if attempt.is_alive():
        return Outcome(f"still blocked after {PATIENCE:.0f} s", good=False)
    return Outcome(f"gives up after {taken:.1f} s", good=taken < 1.5)  # noqa: PLR2004


def belief(lock: Kazoo | Zktools) -> Outcome:
    """Whether it believes to hold what somebody else holds."""
    believes = lock.believes()
    words = "says it still holds it" if believes else "knows that it does not"
    return Outcome(words, not believes)


def queue(lock: Kazoo | Zktools, timeout: float, stack: ExitStack) -> None:
    """Let a lock wait on a thread of its own."""
    waiting = threading.Thread(target=lock.acquire, args=(timeout,))
    waiting.start()
    stack.callback(waiting.join)


def wait_for_queue(zk: KazooClient, folder: str, length: int) -> None:
    """Wait until that many candidates are in a lock's folder."""
    wait_until(lambda: len(zk.get_children(folder)) >= length, timeout=PATIENCE)


def look(situation: Callable[..., Outcome], kind: Kind, hosts: str) -> Outcome:
    """Play one situation with one kind of lock, in a place of its own."""
    with Clients(hosts, name="beside") as clients:
        return situation(kind, clients, hosts)


def main(hosts: str) -> bool:
    """Print the table; whether ours did in all situations what one would want."""
    logging.getLogger("kazoo").setLevel(logging.CRITICAL)
    table = Table("", f"kazoo {kazoo.version.__version__} Lock", "zktools", show_lines=True)
    ours = []
    for situation in SITUATIONS:
        outcomes = [look(situation, kind, hosts) for kind in (Kazoo, Zktools)]
        ours.append(outcomes[1].good)
        cells = (f"[{'green' if o.good else 'red'}]{o.words}" for o in outcomes)
        table.add_row((situation.__doc__ or "").replace("``", ""), *cells)
    Console().print(table)
    return all(ours)


if __name__ == "__main__":
    with Server() as server:
        fine = main(server.hosts)
    raise SystemExit(0 if fine else 1)
