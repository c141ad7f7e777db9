"""The three clients that `machine` drives, and what its model knows of each."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any

from kazoo.client import KazooClient

from zktools.testing import Clients, Proxy, Server

SEATS = 3
SESSION = 30.0  # seconds; sessions end because they are ended, not because the machine is slow
SOON = 15.0  # seconds for the real thing to come to what the model says

Lease = Any


@dataclass
class Entry:
    """One candidate, as the model has it."""

    seat: int
    shared: bool
    wanted: bool = True
    """False: nobody wants it any more, and its client cannot delete it before it reconnects."""
    asked: bool = False


@dataclass(repr=False)
class Seat:
    """One real client, and what the model knows of it."""

    number: int
    client: KazooClient
    proxy: Proxy
    thread: ThreadPoolExecutor
    session: tuple[int, bytes] = (0, b"")
    connected: bool = True
    expired: bool = False
    """Its session ended while it could not hear of it."""
    waiting: Future[Lease | None] | None = None
    wants_shared: bool = False
    lease: Lease | None = None
    lost: list[Lease] = field(default_factory=list)

    def __repr__(self) -> str:
        return f"client {self.number}"


@contextmanager
def seats(server: Server, clients: Clients) -> Iterator[list[Seat]]:
    """Three clients, each with a network of its own, for all examples of a test."""
    with ExitStack() as stack:
        found = []
        for number in range(SEATS):
            proxy = stack.enter_context(Proxy(server.hosts))
            client = clients(proxy.hosts, timeout=SESSION)
            thread = stack.enter_context(ThreadPoolExecutor(1))
            found.append(Seat(number, client, proxy, thread))
        yield found


def identity(seat: Seat) -> tuple[int, bytes] | None:
    """The session of a client that is connected; None when it is not."""
    return seat.client.client_id if seat.client.connected else None
