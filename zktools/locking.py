"""Where zktools 0.2 kept its locks; the same as :mod:`zktools.locks`."""

from zktools.locks import IMMEDIATE, ZkLock, ZkReadLock, ZkWriteLock

__all__ = ["IMMEDIATE", "ZkLock", "ZkReadLock", "ZkWriteLock"]
