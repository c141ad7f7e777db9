"""Coordination for Python on Apache ZooKeeper: revocable locks, live nodes, configuration."""

from zktools.configuration import Configuration
from zktools.locks import IMMEDIATE, ZkLock, ZkReadLock, ZkWriteLock
from zktools.node import Node, NodeDict

__all__ = [
    "IMMEDIATE",
    "Configuration",
    "Node",
    "NodeDict",
    "ZkLock",
    "ZkReadLock",
    "ZkWriteLock",
]
