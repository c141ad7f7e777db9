"""Coordination for Python on Apache ZooKeeper: revocable locks, live nodes, configuration."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from zktools.configuration import Configuration as Configuration
    from zktools.election import Election as Election
    from zktools.group import Group as Group
    from zktools.locks import IMMEDIATE as IMMEDIATE
    from zktools.locks import Lease as Lease
    from zktools.locks import ZkLock as ZkLock
    from zktools.locks import ZkReadLock as ZkReadLock
    from zktools.locks import ZkWriteLock as ZkWriteLock
    from zktools.multilock import ZkMultiLock as ZkMultiLock
    from zktools.node import Node as Node
    from zktools.node import NodeDict as NodeDict
    from zktools.partitions import Partitions as Partitions
    from zktools.semaphore import ZkSemaphore as ZkSemaphore

# Imported when first used: pytest imports this package in every run, for its plugin in
# zktools.testing, and a program that wants the locks need not load the live nodes.
_HOMES = {
    "IMMEDIATE": "locks",
    "Configuration": "configuration",
    "Election": "election",
    "Group": "group",
    "Lease": "locks",
    "Node": "node",
    "NodeDict": "node",
    "Partitions": "partitions",
    "ZkLock": "locks",
    "ZkMultiLock": "multilock",
    "ZkReadLock": "locks",
    "ZkSemaphore": "semaphore",
    "ZkWriteLock": "locks",
}

__all__ = sorted(_HOMES)  # noqa: PLE0605 - one list of names is enough


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return [*globals(), *_HOMES]
