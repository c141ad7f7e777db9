"""What is measured: one module for each library, all with the same small face.

A worker process (:mod:`benchmarks.worker`) has one subject. The modules import nothing of each
other's, so that a worker's processor time and memory are those of its library.
"""

from __future__ import annotations

import importlib
from typing import Any, Protocol

#: Where each Python subject lives.
HOMES = {
    "zktools": "benchmarks.subjects.with_zktools",
    "zktools-plain": "benchmarks.subjects.with_zktools",
    "kazoo": "benchmarks.subjects.with_kazoo",
    "kazoo-handler": "benchmarks.subjects.with_kazoo",
    "zktools-recipes": "benchmarks.subjects.recipes_zktools",
    "kazoo-recipes": "benchmarks.subjects.recipes_kazoo",
    "limit": "benchmarks.subjects.bare",
    "limit-handler": "benchmarks.subjects.bare",
    "redis": "benchmarks.subjects.with_redis",
    "etcd": "benchmarks.subjects.with_etcd",
    "nodedict": "benchmarks.subjects.live_zktools",
    "treecache": "benchmarks.subjects.live_tree_cache",
    "watches": "benchmarks.subjects.live_data_watches",
    "gets": "benchmarks.subjects.live_gets",
}

#: Whose kazoo client waits and wakes by zktools.handlers; the others' by what comes with kazoo.
ON_OUR_HANDLER = ("zktools", "zktools-recipes", "nodedict", "kazoo-handler", "limit-handler")


class Lock(Protocol):
    """One contender: used by one thread at a time."""

    def acquire(self) -> object:
        """Wait until it is ours."""

    def release(self) -> object:
        """Let go."""


class Subject(Protocol):
    """A library, connected to its server."""

    def lock(self, kind: str, name: str) -> Lock:
        """Make a contender; `kind` is ``lock``, ``read`` or ``write``."""

    def queue_length(self, name: str) -> int | None:
        """How many hold or wait, as the server says; None where it does not know."""

    def close(self) -> None:
        """Disconnect. Threads that wait may fail or hang; the process ends soon."""


class Recipes(Protocol):
    """Other recipes of a library, connected to its server."""

    def lock(self, kind: str, name: str) -> Lock:
        """Make a contender for one permit of a semaphore."""

    def stand(self, name: str) -> Any:
        """Become a candidate in an election; a :class:`benchmarks.subjects.standing.Standing`."""

    def members(self, path: str, count: int) -> None:
        """Follow a group, until so many are seen."""

    def see(self, count: int) -> None:
        """Wait until so many are seen."""

    def close(self) -> None:
        """Disconnect."""


def open_subject(name: str, hosts: str) -> Any:
    """Connect the subject `name` to the server at `hosts`."""
    connect = importlib.import_module(HOMES[name]).connect
    return connect(hosts, zktools_handler()) if name in ON_OUR_HANDLER else connect(hosts)


def zktools_handler() -> Any:
    """Make one; imported only by who is measured with it."""
    return importlib.import_module("zktools.handlers").ThreadingHandler()
