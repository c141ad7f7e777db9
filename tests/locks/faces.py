"""The locks of the face that a test runs with; see the fixture `face`."""

from __future__ import annotations

import zktools
from tests.locks import awaiting
from zktools import aio


class Kind:
    """Makes locks of one kind, for all faces."""

    #: The loop that the locks of the present test run on; None where they block.
    loop = None

    def __init__(self, name):
        self.__name__ = name

    def __call__(self, *args, **kw):
        """A lock of the present test's face."""
        if Kind.loop is None:
            return getattr(zktools, self.__name__)(*args, **kw)
        return awaiting.Lock(Kind.loop, getattr(aio, self.__name__)(*args, **kw))


ZkLock = Kind("ZkLock")
ZkReadLock = Kind("ZkReadLock")
ZkSemaphore = Kind("ZkSemaphore")


def multilock(locks):
    """A multi-lock of the present test's face; a lock may come with its weight."""
    if Kind.loop is None:
        return zktools.ZkMultiLock(locks)
    bare = [(one[0]._lock, one[1]) if isinstance(one, tuple) else one._lock for one in locks]
    return awaiting.Lock(Kind.loop, aio.ZkMultiLock(bare))


ZkWriteLock = Kind("ZkWriteLock")
