"""ZooKeeper's framing, as far as a proxy has to understand it.

Both ways carry frames: four bytes of length, then that many of payload. The first each way is
the opening of the session. After it a request starts with its xid and opcode, a reply with
the xid it answers, a zxid and an error code. The server answers in order; only watch events
(xid -1) come unasked.

See ``zookeeper.jute`` and ``ZooDefs.OpCode`` in Apache ZooKeeper.
"""

from __future__ import annotations

import struct
from collections import defaultdict, deque
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Literal


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


_LENGTH = struct.Struct("!i")
_REQUEST_HEAD = struct.Struct("!ii")  # xid, opcode
_REPLY_HEAD = struct.Struct("!iqi")  # xid, zxid, error
_EVENT_XID = -1
_LONGEST = 64 * 1024 * 1024  # a server's default limit is 1 MiB; what looks longer is no frame

# What a request of these kinds begins with, after its head, is the path it is about.
_WITHOUT_PATH = frozenset(
    {
        Op.PING,
        Op.MULTI,
        Op.MULTI_READ,
        Op.AUTH,
        Op.SASL,
        Op.SET_WATCHES,
        Op.SET_WATCHES2,
        Op.CREATE_SESSION,
        Op.CLOSE_SESSION,
    }
)


@dataclass(frozen=True)
class Frame:
    """One request, reply or watch event on its way through a `Proxy`.

    Attributes:
        kind: ``"request"`` or ``"reply"``; watch events are replies with the `op` ``Op.EVENT``.
        op: what is asked for; in a reply, what it answers. A plain int where `Op` has no name.
        xid: the number by which client and server match replies to requests.
        connection: counts the proxy's connections from 1.
        payload: the bytes, without the length in front.
        request: the request that a reply answers; None for a request and for a watch event.
    """

    kind: Literal["request", "reply"]
    op: int
    xid: int
    connection: int
    payload: bytes = field(repr=False)
    request: Frame | None = field(default=None, repr=False)

    @property
    def path(self) -> str | None:
        """The path, chroot included, that the request is about; None if it has none or many."""
        if self.request is not None:
            return self.request.path
        if self.kind == "reply" or self.op in _WITHOUT_PATH:
            return None
        (length,) = _LENGTH.unpack_from(self.payload, 8)
        return self.payload[12 : 12 + length].decode()

    @property
    def error(self) -> int | None:
        """The error code of a reply, 0 for success; None for a request or the opening reply."""
        if self.kind == "request" or self.op == Op.CREATE_SESSION:
            return None
        error: int = _REPLY_HEAD.unpack_from(self.payload)[2]
        return error


_UNASKED = -1  # no kind of request; 0 is a watch event's


class Dialogue:
    """What is said on one connection: gives requests their names, and replies their requests.

    One thread may report requests while another reports replies, as long as no reply comes
    before its request was reported.
    """

    def __init__(self, connection: int) -> None:
        self._connection = connection
        self._opening: Frame | None = None
        self._opened = False
        self._pending: defaultdict[int, deque[Frame]] = defaultdict(deque)

    def request(self, payload: bytes) -> Frame:
        """Read what the client says."""
        if self._opening is None:
            self._opening = Frame("request", Op.CREATE_SESSION, 0, self._connection, payload)
            return self._opening
        xid, op = _REQUEST_HEAD.unpack_from(payload)
        frame = Frame("request", _name(op), xid, self._connection, payload)
        self._pending[xid].append(frame)
        return frame

    def reply(self, payload: bytes) -> Frame:
        """Read what the server says."""
        if not self._opened:
            self._opened = True
            return Frame(
                "reply", Op.CREATE_SESSION, 0, self._connection, payload, request=self._opening
            )
        xid, _, _ = _REPLY_HEAD.unpack_from(payload)
        if xid == _EVENT_XID:
            return Frame("reply", Op.EVENT, xid, self._connection, payload)
        # Pings, authentication and set-watches have one xid each, below 0, for any number under
        # way. Theirs stay, because a next one may be put there at this very moment.
        pending = self._pending[xid]
        # A server that ends a session under faults may say what nobody asked for. It is passed on.
        request = pending.popleft() if pending else None
        if xid >= 0:
            del self._pending[xid]
        op = request.op if request is not None else _UNASKED
        return Frame("reply", op, xid, self._connection, payload, request)


class Splitter:
    """Cuts a stream of bytes into frames.

    What does not begin with a frame, a four-letter word or TLS, is handed on as it comes, and
    `framed` turns False.
    """

    def __init__(self, *, framed: bool = True) -> None:
        self.framed = framed
        self._rest = b""

    def feed(self, data: bytes) -> list[bytes]:
        """Take bytes and return the frames they complete, each with its length in front."""
        self._rest += data
        pieces = []
        while self.framed and len(self._rest) >= _LENGTH.size:
            (length,) = _LENGTH.unpack_from(self._rest)
            self.framed = 0 <= length <= _LONGEST
            end = _LENGTH.size + length
            if not self.framed or len(self._rest) < end:
                break
            pieces.append(self._rest[:end])
            self._rest = self._rest[end:]
        if not self.framed:
            pieces.append(self._rest)
            self._rest = b""
        return pieces


def _name(op: int) -> int:
    try:
        return Op(op)
    except ValueError:
        return op
