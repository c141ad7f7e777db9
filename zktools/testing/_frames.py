"""ZooKeeper's framing, as far as a proxy has to understand it.

Both ways carry frames: four bytes of length, then that many of payload. The first each way is
the opening of the session. After it a request starts with its xid and opcode, a reply with
the xid it answers, a zxid and an error code. The server answers in order; only watch events
(xid -1) come unasked.

See ``zookeeper.jute`` and ``ZooDefs.OpCode`` in Apache ZooKeeper.
"""

from __future__ import annotations

from enum import IntEnum


class Op(IntEnum):
    """Kinds of request, by the numbers they have on the wire.

    Two are ours to name: what opens a session carries no opcode on the wire and is
    ``CREATE_SESSION`` here, and a watch event, which answers no request, is ``EVENT``.
    """

    EVENT = 0
    CREATE = 1
    DELETE = 2
    EXISTS = 3
    GET_DATA = 4
    SET_DATA = 5
    GET_ACL = 6
    SET_ACL = 7
    GET_CHILDREN = 8
    SYNC = 9
    PING = 11
    GET_CHILDREN2 = 12
    CHECK = 13
    MULTI = 14
    CREATE2 = 15
    RECONFIG = 16
    CHECK_WATCHES = 17
    REMOVE_WATCHES = 18
    CREATE_CONTAINER = 19
    CREATE_TTL = 21
    MULTI_READ = 22
    AUTH = 100
    SET_WATCHES = 101
    SASL = 102
    GET_EPHEMERALS = 103
    GET_ALL_CHILDREN_NUMBER = 104
    SET_WATCHES2 = 105
    ADD_WATCH = 106
    WHO_AM_I = 107
    CREATE_SESSION = -10
    CLOSE_SESSION = -11
