"""The bytes of ZooKeeper's requests and replies: pure functions.

Numbers are big-endian; a string or a buffer goes behind its length, -1 for none; a list behind its
count. See ``zookeeper.jute`` in ZooKeeper's sources.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import Any

from kazoo.exceptions import EXCEPTIONS

from zktools._engine.listing import end_of
from zktools._engine.record import STAT

GET_DATA = 4
GET_CHILDREN = 8

_MULTI_HEADER = struct.Struct("!iBi")
_RESULT = struct.Struct("!iBii")  # with the number that comes first in all that is answered here
_INT = struct.Struct("!i")
_EVENT = struct.Struct("!iii")
_LONG = struct.Struct("!q")


def set_watches(zxid: int, *lists: Sequence[str]) -> bytes:
    """The body of a set-watches: full paths of data, exist and child watches, in any order."""
    parts = [_LONG.pack(zxid)]
    for paths in lists:
        parts += [_INT.pack(len(paths)), *_joined(b"", sorted(paths, key=len), b"")]
    return b"".join(parts)


def remove_watches(path: str, kind: int) -> bytes:
    """The body of a remove-watches: a full path, and which kind of watch."""
    return _string(path) + _INT.pack(kind)


def multi_read(data: Sequence[str], children: Sequence[str]) -> bytes:
    """The body of a multi-read: the full paths whose data and whose children are asked for."""
    parts = [
        *_joined(_MULTI_HEADER.pack(GET_DATA, 0, -1), data, b"\0"),
        *_joined(_MULTI_HEADER.pack(GET_CHILDREN, 0, -1), children, b"\0"),
        _MULTI_HEADER.pack(-1, 1, -1),
    ]
    return b"".join(parts)


def _joined(before: bytes, texts: Iterable[str], after: bytes) -> Iterator[bytes]:
    """Each of the texts behind its length, between these bytes. Quick where lengths repeat."""
    for length, several in groupby(texts, key=len):
        # Paths hold no NUL, so one can stand for what comes between.
        joined = "\0".join(several)
        if joined.isascii():
            head = before + _INT.pack(length)
            yield head
            yield joined.encode().replace(b"\0", after + head)
            yield after
        else:
            for text in joined.split("\0"):
                yield before + _string(text) + after


def multi_read_results(buffer: bytes, offset: int, count: int) -> list[Any]:
    """What a multi-read of `count` operations answered; see :class:`.requests.Snapshot`."""
    results: list[Any] = []
    add, unpack, size = results.append, _RESULT.unpack_from, _RESULT.size
    for left in range(count - 1, -1, -1):
        opcode, _, _, number = unpack(buffer, offset)
        start = end = offset + size
        if opcode == GET_DATA:
            # -1 is null, which a node without data answers with.
            end += STAT + number if number > 0 else STAT
            add(buffer[start:end])
        elif opcode == GET_CHILDREN:
            # What comes last needs not be gone through.
            end = end_of(buffer, start, number) if left else len(buffer) - _MULTI_HEADER.size
            add(buffer[start:end])
        else:
            add(EXCEPTIONS[number]())
        offset = end
    return results


def event(buffer: bytes, offset: int) -> tuple[int, str]:
    """The type and the full path of an event of a watch."""
    kind, _, length = _EVENT.unpack_from(buffer, offset)
    start = offset + _EVENT.size
    return kind, buffer[start : start + length].decode()


def _string(text: str) -> bytes:
    encoded = text.encode()
    return _INT.pack(len(encoded)) + encoded
