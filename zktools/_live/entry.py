"""What was read of one node, kept small: there is one of these for each live key."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from kazoo.exceptions import NoAuthError, NoNodeError
from kazoo.protocol.states import ZnodeStat

from zktools.exceptions import translate
from zktools.values import Codec, decoded


class Wants(NamedTuple):
    """Which changes of a node matter."""

    data: bool
    children: bool


class Found(NamedTuple):
    """What the server said of a node."""

    data: tuple[bytes, ZnodeStat] | Exception
    children: Sequence[str] | Exception | None
    listed: ZnodeStat | None = None
    """The stat that came with the children, where they were read apart from the data."""

    @property
    def error(self) -> Exception | None:
        """Why the node could not be read."""
        for result in (self.data, self.children):
            if isinstance(result, Exception):
                return result
        return None


class Entry:
    """One state of one node. Never changed once made, so that threads share it without a lock."""

    __slots__ = (
        "children",
        "count",
        "czxid",
        "data",
        "error",
        "modified",
        "mzxid",
        "owner",
        "since",
        "value",
        "version",
    )

    children: frozenset[str] | None
    count: int
    """How many changes that matter the node has seen since its creation."""
    czxid: int
    data: bytes
    error: Exception | None
    """Why there is no value."""
    modified: int
    """Milliseconds since the epoch by the server's clock."""
    mzxid: int
    owner: int
    since: int
    """The zxid of the last change that matters: the state held from then until it was read."""
    value: Any
    version: int

    def __repr__(self) -> str:
        return f"<Entry {self.value!r} version {self.version} since {self.since}>"

    @property
    def identity(self) -> tuple[int, int]:
        """Differs when the data were written again, or the node was created anew."""
        return self.czxid, self.version

    @property
    def created(self) -> int:
        """How many children were ever created; of a node read with its children."""
        # The version of a listing counts creations and deletions.
        return (self.count - self.version + len(self.children or ())) // 2

    @property
    def is_forbidden(self) -> bool:
        """Whether nothing is known of it but that an ACL refuses it."""
        return self.since < 0


def entry_of(
    path: str, found: Found, wants: Wants, codec: Codec[Any], known: Entry | None
) -> Entry | None:
    """The state that was found; None for no node; `known` itself when nothing has changed."""
    error = found.error
    if isinstance(error, NoNodeError):
        return None
    if error is not None:
        return _forbidden(path, error, known)
    assert not isinstance(found.data, Exception)
    assert not isinstance(found.children, Exception)
    data, stat = found.data
    listed = found.listed or stat
    since = max(wants.data and stat.mzxid, wants.children and listed.pzxid)
    if known is not None and _same(known, since, stat, found):
        return known
    entry = Entry()
    entry.since = since
    entry.count = (wants.data and stat.version) + (wants.children and listed.cversion)
    entry.czxid = stat.czxid
    entry.version = stat.version
    entry.modified = stat.mtime
    entry.mzxid = stat.mzxid
    entry.owner = stat.ephemeralOwner
    entry.data = data
    entry.children = frozenset(found.children) if found.children is not None else None
    entry.value, entry.error = _value(entry, path, data, wants, codec, known)
    return entry


def _same(known: Entry, since: int, stat: ZnodeStat, found: Found) -> bool:
    return (
        known.since == since
        and known.czxid == stat.czxid
        and (known.children is None) == (found.children is None)
    )


def _value(
    entry: Entry, path: str, data: bytes, wants: Wants, codec: Codec[Any], known: Entry | None
) -> tuple[Any, Exception | None]:
    if not wants.data:
        return None, None
    if known is not None and known.identity == entry.identity:
        return known.value, known.error
    value = decoded(codec, data, path)
    return (None, value) if isinstance(value, Exception) else (value, None)


def _forbidden(path: str, error: Exception, known: Entry | None) -> Entry:
    if known is not None and known.is_forbidden:
        return known
    entry = Entry()
    entry.since = entry.count = entry.version = -1
    entry.czxid = entry.mzxid = entry.modified = entry.owner = 0
    entry.data, entry.value = b"", None
    # Its children, if it had any, may well be readable: they stay.
    entry.children = known.children if known is not None else None
    translated = translate(error, f"reading {path}")
    entry.error = translated if isinstance(translated, Exception) else error
    return entry


def is_forbidden(found: Found) -> bool:
    """Whether an ACL refused it, so that no watch may tell when that ends."""
    return isinstance(found.error, NoAuthError)
