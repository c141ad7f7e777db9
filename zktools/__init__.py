"""Coordination for Python on Apache ZooKeeper: revocable locks, live nodes, configuration."""

from zktools.locks import IMMEDIATE, ZkLock, ZkReadLock, ZkWriteLock

__all__ = ["IMMEDIATE", "ZkLock", "ZkReadLock", "ZkWriteLock"]
