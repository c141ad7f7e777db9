"""A node as the server tells it, in one object: its data, with its stat behind them. Pure.

A hundred thousand nodes are kept this way. One object is less than a dozen, and of most of the
numbers nobody will ever ask.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from operator import itemgetter

from kazoo.protocol.states import ZnodeStat

_STAT = struct.Struct("!qqqqiiiqiiq")
_LONG = struct.Struct("!q")
_INT = struct.Struct("!i")

#: Bytes of the stat.
STAT = _STAT.size


def record_of(data: bytes, stat: ZnodeStat) -> bytes:
    """One record of both."""
    return data + _STAT.pack(*stat)


#: The data of the node.
data_of: Callable[[bytes], bytes] = itemgetter(slice(None, -STAT))

#: What two records have in common if it is the same node, not written in between: the transactions
#: that created it and that wrote its data last.
writing_of: Callable[[bytes], bytes] = itemgetter(slice(-68, -52))


def stat_of(record: bytes) -> ZnodeStat:
    """All of its stat."""
    return ZnodeStat._make(_STAT.unpack_from(record, len(record) - STAT))


def data_and_stat_of(record: bytes) -> tuple[bytes, ZnodeStat]:
    """Both, as kazoo gives them."""
    return data_of(record), stat_of(record)


def czxid_of(record: bytes) -> int:
    """Which transaction created it."""
    return int(_LONG.unpack_from(record, len(record) - 68)[0])


def mzxid_of(record: bytes) -> int:
    """Which transaction wrote its data last."""
    return int(_LONG.unpack_from(record, len(record) - 60)[0])


def version_of(record: bytes) -> int:
    """How often its data were written."""
    return int(_INT.unpack_from(record, len(record) - 36)[0])


def owner_of(record: bytes) -> int:
    """The session of an ephemeral node, 0 of another."""
    return int(_LONG.unpack_from(record, len(record) - 24)[0])
