"""The bytes of ZooKeeper's requests and replies: pure functions.

Numbers are big-endian; a string or a buffer goes behind its length, -1 for none; a list behind its
count. See ``zookeeper.jute`` in ZooKeeper's sources.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from kazoo.exceptions import EXCEPTIONS
from kazoo.protocol.states import ZnodeStat

GET_DATA = 4
GET_CHILDREN = 8

_MULTI_HEADER = struct.Struct("!iBi")
_INT = struct.Struct("!i")
_EVENT = struct.Struct("!iii")
_LONG = struct.Struct("!q")
_STAT = struct.Struct("!qqqqiiiqiiq")


def set_watches(zxid: int, *lists: Sequence[str]) -> bytes:
    """The body of a set-watches: full paths of data, exist and child watches."""
    return _LONG.pack(zxid) + b"".join(_strings(paths) for paths in lists)


def multi_read(operations: Iterable[tuple[int, str]]) -> bytes:
    """The body of a multi-read: opcodes and full paths."""
    parts = []
    for opcode, path in operations:
        parts += [_MULTI_HEADER.pack(opcode, 0, -1), _string(path), b"\0"]
    return b"".join([*parts, _MULTI_HEADER.pack(-1, 1, -1)])


def multi_read_results(buffer: bytes, offset: int) -> list[Any]:
    """What a multi-read answered, one result an operation; see :class:`.requests.Snapshot`."""
    results: list[Any] = []
    while True:
        opcode, done, _ = _MULTI_HEADER.unpack_from(buffer, offset)
        offset += _MULTI_HEADER.size
        if done:
            return results
        result, offset = _READERS[opcode](buffer, offset)
        results.append(result)


def event(buffer: bytes, offset: int) -> tuple[int, str]:
    """The type and the full path of an event of a watch."""
    kind, _, length = _EVENT.unpack_from(buffer, offset)
    start = offset + _EVENT.size
    return kind, buffer[start : start + length].decode()


def _string(text: str) -> bytes:
    encoded = text.encode()
    return _INT.pack(len(encoded)) + encoded


def _strings(texts: Sequence[str]) -> bytes:
    return _INT.pack(len(texts)) + b"".join(map(_string, texts))


def _read_buffer(buffer: bytes, offset: int) -> tuple[bytes, int]:
    (length,) = _INT.unpack_from(buffer, offset)
    start = offset + _INT.size
    end = start + max(length, 0)  # -1 is null, which a node without data answers with
    return bytes(buffer[start:end]), end


def _read_data(buffer: bytes, offset: int) -> tuple[tuple[bytes, ZnodeStat], int]:
    data, offset = _read_buffer(buffer, offset)
    stat = ZnodeStat._make(_STAT.unpack_from(buffer, offset))
    return (data, stat), offset + _STAT.size


def _read_children(buffer: bytes, offset: int) -> tuple[list[str], int]:
    (count,) = _INT.unpack_from(buffer, offset)
    offset += _INT.size
    names = []
    for _ in range(max(count, 0)):
        name, offset = _read_buffer(buffer, offset)
        names.append(name.decode())
    return names, offset


def _read_error(buffer: bytes, offset: int) -> tuple[Exception, int]:
    (code,) = _INT.unpack_from(buffer, offset)
    return EXCEPTIONS[code](), offset + _INT.size


_READERS: dict[int, Callable[[bytes, int], tuple[Any, int]]] = {
    GET_DATA: _read_data,
    GET_CHILDREN: _read_children,
    -1: _read_error,
}
