"""What the server said of a node, and the state of it that this makes."""

from __future__ import annotations

import base64
from typing import Any, NamedTuple

from kazoo.exceptions import NoAuthError, NoNodeError
from kazoo.protocol.states import ZnodeStat

from zktools._engine.listing import listing_of
from zktools._engine.record import record_of, stat_of, writing_of
from zktools._live.entry import Entry, OtherEntry, Wants
from zktools.exceptions import translate
from zktools.values import Codec, Raw, never_fails

_EMPTY = ZnodeStat(*[0] * 11)
_NOTHING = record_of(b"", _EMPTY._replace(version=-1))


class Found(NamedTuple):
    """What the server said of a node whose children were asked for, too."""

    data: bytes | Exception
    """Its record (:mod:`zktools._engine.record`)."""
    children: bytes | Exception | None
    """The listing of its children (:mod:`zktools._engine.listing`)."""
    listed: ZnodeStat | None = None
    """The stat that came with the children, where they were read apart from the data."""


def error_in(found: bytes | Exception | Found) -> Exception | None:
    """Why the node could not be read."""
    if isinstance(found, Exception):
        return found
    for result in found if isinstance(found, Found) else ():
        if isinstance(result, Exception):
            return result
    return None


def entry_of(
    path: str,
    found: bytes | Exception | Found,
    wants: Wants,
    codec: Codec[Any],
    known: Entry | None,
) -> Entry | None:
    """The state that was found; None for no node; `known` itself when nothing has changed."""
    if type(found) is bytes and wants.data and not wants.children and never_fails(codec):
        if known is not None and _is_written_as(known, found):
            return known
        return Entry(found, codec)
    error = error_in(found)
    if isinstance(error, NoNodeError):
        return None
    if error is not None:
        return _forbidden(path, error, known)
    if not isinstance(found, Found):
        assert isinstance(found, bytes)
        found = Found(found, None)
    record, listing = found.data, found.children
    assert isinstance(record, bytes)
    assert not isinstance(listing, Exception)
    stat = stat_of(record)
    listed = found.listed or stat
    since = max(wants.data and stat.mzxid, wants.children and listed.pzxid)
    if known is not None and _same(known, since, stat, listing):
        return known
    entry = OtherEntry(record, codec)
    entry.since = since
    entry.count = (wants.data and stat.version) + (wants.children and listed.cversion)
    # The version of a listing counts creations and deletions, in 32 bits.
    entry.created = (listed.cversion + listed.numChildren) % 2**32 // 2
    entry.listing = listing
    entry.below = wants.below and listing is not None
    if wants.data:
        entry.decode(path, known)
    else:
        entry.has_no_value()
    return entry


def _is_written_as(known: Entry, record: bytes) -> bool:
    return type(known) is Entry and writing_of(known.record) == writing_of(record)


def _same(known: Entry, since: int, stat: ZnodeStat, listing: bytes | None) -> bool:
    return (
        known.since == since
        and known.czxid == stat.czxid
        and (known.listing is None) == (listing is None)
    )


def _forbidden(path: str, error: Exception, known: Entry | None) -> Entry:
    if known is not None and known.is_forbidden:
        return known
    entry = OtherEntry(_NOTHING, Raw())
    entry.since = entry.count = -1
    # Its children, if it had any, may well be readable: they stay.
    entry.listing = known.listing if known is not None else None
    entry.below = known is not None and known.below
    entry.created = 0
    translated = translate(error, f"reading {path}")
    entry.has_no_value(translated if isinstance(translated, Exception) else error)
    return entry


def entry_from_file(path: str, kept: Any, wants: Wants, codec: Codec[Any]) -> Entry:
    """The state that :func:`~zktools._live.cache_file.kept` was told of."""
    if kept is None:
        return _forbidden(path, NoAuthError(), None)
    stat = _EMPTY._replace(
        czxid=kept["czxid"],
        mzxid=kept["mzxid"],
        mtime=kept["modified"],
        version=kept["version"],
        cversion=kept["count"] - (wants.data and kept["version"]),
        pzxid=kept["since"],
        numChildren=len(kept["names"] or ()),
    )
    record = record_of(base64.b64decode(kept["data"]), stat)
    listing = None if kept["names"] is None else listing_of(kept["names"])
    entry = entry_of(path, Found(record, listing), wants, codec, None)
    assert entry is not None
    return entry


def is_forbidden(found: bytes | Exception | Found) -> bool:
    """Whether an ACL refused it, so that no watch may tell when that ends."""
    return isinstance(error_in(found), NoAuthError)
