"""Events that have arrived together, taken from the socket together.

What a transaction of a thousand keys fires are a thousand packets. kazoo asks the system five times
and more for each: whether there is something, for its length, and for the rest. Here one look shows
what is there, and a second call takes those of it that are whole events.
"""

from __future__ import annotations

import socket
import struct
from typing import Any

from kazoo.protocol.connection import WATCH_XID

_HEAD = struct.Struct("!ii")  # the length of what follows, and to which request it is a reply
_HEADER = 20  # bytes ahead of what an event says, with the length
_SIZE = 65536  # bytes looked at: some hundred events. Then it is the turn of requests again.


def arrived(sock: Any) -> list[bytes]:
    """What the events say that stand next in `sock`, as far as they are whole."""
    # Others may have wrapped it, decrypt what they read, or read ahead as our own handler does.
    if type(sock) is not socket.socket:
        return []
    try:
        data = sock.recv(_SIZE, socket.MSG_PEEK)  # kazoo's do not block
    except OSError:
        return []  # nothing is there, or it is broken: as kazoo finds when it reads
    events = []
    start = 0
    while start + _HEADER < len(data):
        size, xid = _HEAD.unpack_from(data, start)
        end = start + 4 + size
        if xid != WATCH_XID or end > len(data):
            break
        events.append(data[start + _HEADER : end])
        start = end
    while start:
        start -= len(sock.recv(start))
    return events
