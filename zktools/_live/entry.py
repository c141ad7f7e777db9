"""What was read of one node, kept small: there is one of these for each live key.

**What cannot be read** is of two kinds. *Forbidden*: an ACL refuses it, and nothing else is known,
neither a version nor which names are in it beside those that were. *Undecodable*: the codec makes
nothing of the data; everything else is known. One rule holds for both, here and for all who decide
by an entry:

- It is no value: reading it raises why (:meth:`Entry.read`), and no default stands in for it.
- It is not absent: what may be in a forbidden folder is not missing either (:func:`absence`).
- It equals nothing that could be stored, so that no write is left out for it.
- Nobody has seen it, so it is removed only where it is named.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import Any, NamedTuple

from kazoo.exceptions import NoAuthError, NoNodeError
from kazoo.protocol.states import ZnodeStat

from zktools._live.copies import UNCHANGING
from zktools.exceptions import InvalidValueError, translate
from zktools.values import Codec, decoded, never_fails

_UNKNOWN = object()


class Wants(NamedTuple):
    """Which changes of a node matter."""

    data: bool
    children: bool
    """Whether the names of its children do."""
    below: bool = True
    """Whether those children are followed themselves."""


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
        "_codec",
        "_value",
        "children",
        "count",
        "czxid",
        "data",
        "error",
        "made_at",
        "modified",
        "mzxid",
        "names",
        "owner",
        "since",
        "version",
    )

    children: frozenset[str] | None
    """The names of the children that are followed."""
    _codec: Codec[Any]
    _value: Any
    count: int
    """How many changes that matter the node has seen since its creation."""
    made_at: int
    """As `modified`, of an ephemeral node; 0 of another, which nobody asks it of."""
    czxid: int
    data: bytes
    error: Exception | None
    """Why there is no value."""
    modified: int
    """Milliseconds since the epoch by the server's clock."""
    mzxid: int
    names: frozenset[str] | None
    """The names of all children, where they were asked for."""
    owner: int
    """The session of an ephemeral node, 0 of another."""
    since: int
    """The zxid of the last change that matters: the state held from then until it was read."""
    version: int

    def __repr__(self) -> str:
        return f"<Entry {self.data!r} version {self.version} since {self.since}>"

    @property
    def value(self) -> Any:
        """What the data stand for; None where `error` says why there is no value.

        Decoded when it is asked for. What can be changed in place is decoded anew for each who
        asks: nobody else has it.
        """
        if self._value is not _UNKNOWN:
            return self._value
        return self._keep(self._codec.decode(self.data))

    def _keep(self, value: Any) -> Any:
        if type(value) in UNCHANGING:
            self._value = value
        return value

    def read(self) -> Any:
        """The value, or the error to raise: why there is none."""
        if self.error is not None:
            raise as_raised(self.error)
        return self.value

    @property
    def identity(self) -> tuple[int, int]:
        """Differs when the data were written again, or the node was created anew."""
        return self.czxid, self.version

    @property
    def created(self) -> int:
        """How many children were ever created; of a node read with its children."""
        # The version of a listing counts creations and deletions, in 32 bits.
        return (self.count - self.version + len(self.names or ())) % 2**32 // 2

    @property
    def is_forbidden(self) -> bool:
        """Whether nothing is known of it but that an ACL refuses it."""
        return self.since < 0


def absence(above: Entry | None) -> Exception | None:
    """Why a name that is not known in a folder may be there all the same; None: it is not there.

    The folder's entry is None when the folder is not there.
    """
    return above.error if above is not None and above.is_forbidden else None


def as_raised(error: Exception) -> Exception:
    """A copy of `error` to raise, so that the tracebacks of many readers do not pile up in one."""
    copy = type(error)(*error.args)
    copy.__dict__.update(error.__dict__)
    copy.__cause__ = error.__cause__
    return copy


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
    entry.made_at = stat.ctime if stat.ephemeralOwner else 0
    entry.mzxid = stat.mzxid
    entry.owner = stat.ephemeralOwner
    entry.data = data
    entry.names = frozenset(found.children) if found.children is not None else None
    entry.children = entry.names if wants.below else None
    entry._codec = codec  # noqa: SLF001  this is its constructor
    _decode(entry, path, wants, known)
    return entry


def _same(known: Entry, since: int, stat: ZnodeStat, found: Found) -> bool:
    return (
        known.since == since
        and known.czxid == stat.czxid
        and (known.names is None) == (found.children is None)
    )


def _decode(entry: Entry, path: str, wants: Wants, known: Entry | None) -> None:
    entry.error = None
    entry._value = _UNKNOWN if wants.data else None  # noqa: SLF001
    if not wants.data or never_fails(entry._codec):  # noqa: SLF001
        return
    if known is not None and known.identity == entry.identity:
        entry._value, entry.error = known._value, known.error  # noqa: SLF001
        return
    value = decoded(entry._codec, entry.data, path)  # noqa: SLF001
    if isinstance(value, InvalidValueError):
        entry.error, entry._value = value, None  # noqa: SLF001
    else:
        entry._keep(value)  # noqa: SLF001


def _forbidden(path: str, error: Exception, known: Entry | None) -> Entry:
    if known is not None and known.is_forbidden:
        return known
    entry = Entry()
    entry.since = entry.count = entry.version = -1
    entry.czxid = entry.mzxid = entry.modified = entry.made_at = entry.owner = 0
    entry.data, entry._value = b"", None  # noqa: SLF001
    # Its children, if it had any, may well be readable: they stay.
    entry.children = known.children if known is not None else None
    entry.names = known.names if known is not None else None
    translated = translate(error, f"reading {path}")
    entry.error = translated if isinstance(translated, Exception) else error
    return entry


def entry_from_file(path: str, kept: Any, wants: Wants, codec: Codec[Any]) -> Entry:
    """The state that :func:`~zktools._live.cache_file.kept` was told of."""
    if kept is None:
        return _forbidden(path, NoAuthError(), None)
    stat = ZnodeStat(
        czxid=kept["czxid"],
        mzxid=kept["mzxid"],
        ctime=0,
        mtime=kept["modified"],
        version=kept["version"],
        cversion=kept["count"] - (wants.data and kept["version"]),
        aversion=0,
        ephemeralOwner=0,
        dataLength=0,
        numChildren=0,
        pzxid=kept["since"],
    )
    data = base64.b64decode(kept["data"])
    entry = entry_of(path, Found((data, stat), kept["names"]), wants, codec, None)
    assert entry is not None
    return entry


def is_forbidden(found: Found) -> bool:
    """Whether an ACL refused it, so that no watch may tell when that ends."""
    return isinstance(found.error, NoAuthError)
