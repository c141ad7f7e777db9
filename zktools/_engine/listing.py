"""The names of a node's children as the server tells them, in one object: pure.

Each name in it stands behind its length, four bytes. Names hold no NUL, and are shorter than 16 MB:
so where there are three NULs, a name's length begins. That is how a place in the middle is found
without going through all that is before it.

A listing of a hundred thousand names is a megabyte, of which a creation changes a few bytes: the
server tells names in the same order until it has to spread them anew. So two listings are compared
as bytes, and only what lies between their common beginning and their common end as names.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable

_LENGTH = struct.Struct("!i")
_MARK = b"\0\0\0"
_BLOCK = 1 << 16  # bytes that are compared at once


def listing_of(names: Iterable[str]) -> bytes:
    """The listing of these names."""
    encoded = (name.encode() for name in names)
    return b"".join(_LENGTH.pack(len(name)) + name for name in encoded)


def names_in(listing: bytes) -> list[str]:
    """The names in their order."""
    if listing.isascii():
        # Of names shorter than 128 the length is three NULs and one character that is none.
        _, *parts = listing.decode("ascii").split("\0\0\0")
        if listing.count(0) == 3 * len(parts):
            return [part[1:] for part in parts]
    return list(_one_by_one(listing))


def _one_by_one(listing: bytes) -> Iterable[str]:
    at = 0
    while at < len(listing):
        (length,) = _LENGTH.unpack_from(listing, at)
        yield listing[at + 4 : at + 4 + length].decode()
        at += 4 + length


def has(listing: bytes, name: str) -> bool:
    """Whether a name is in it."""
    encoded = name.encode()
    # Names hold no NUL: what looks like a name behind its length begins as one, and ends so where
    # the next length begins.
    return listing.find(_LENGTH.pack(len(encoded)) + encoded) >= 0


def end_of(buffer: bytes, start: int, count: int) -> int:
    """Where a listing of `count` names ends that begins at `start`."""
    for _ in range(count):
        start += 4 + _LENGTH.unpack_from(buffer, start)[0]
    return start


def difference(old: bytes, new: bytes) -> tuple[frozenset[str], frozenset[str]]:
    """The names that are in the old listing alone, and those that are in the new one alone."""
    if old == new:
        return frozenset(), frozenset()
    if not old:
        return frozenset(), frozenset(names_in(new))
    begin = max(old.rfind(_MARK, 0, _common_start(old, new)), 0)
    end = old.find(_MARK, len(old) - _common_end(old, new))
    longer = len(new) - len(old)
    end = len(old) if end < 0 else max(end, begin, begin - longer)
    before = frozenset(names_in(old[begin:end]))
    after = frozenset(names_in(new[begin : end + longer]))
    return before - after, after - before


def _common_start(one: bytes, other: bytes) -> int:
    """How many bytes they have in common from the start."""
    at = 0
    while one[at : at + _BLOCK] == other[at : at + _BLOCK] and at < len(one):
        at += _BLOCK
    low, high = at, min(at + _BLOCK, len(one), len(other))
    while low < high:
        middle = (low + high + 1) // 2
        if one[low:middle] == other[low:middle]:
            low = middle
        else:
            high = middle - 1
    return min(low, len(one), len(other))


def _common_end(one: bytes, other: bytes) -> int:
    """How many bytes they have in common up to the end."""
    return _common_start(one[::-1], other[::-1])
