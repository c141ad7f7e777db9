"""The nodes of a history: where they are, how they are called, and which are to go. Pure.

``/ZktoolsHistory/config%2Fshop`` is the history of ``/config/shop``. It is not beside that node,
where whoever reads the section above would take it for keys, nor below it, where every program that
reads the tree would, those of 0.2 included. In it there are ``v0000000012-345``, the record with
the number 12 and 345 bytes, and ``tag-NAME``.

The folder's own node is the head. Every store that is recorded sets it, on the version that it was
read with: that is what makes the numbers, which are its versions, one after the other and nobody's
twice, and what refuses a record that was made of an outdated history.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable
from typing import NamedTuple
from urllib.parse import quote, unquote

from kazoo.protocol.states import ZnodeStat

from zktools._configuration.tree import check_key, is_within
from zktools._live.moment import child

#: The folder of all histories.
ROOT = "/ZktoolsHistory"

#: Bytes of all records of one history.
MAX_BYTES = 4 * 2**20
#: Tags of one history: each holds a whole tree.
MAX_TAGS = 50

_LONGEST = 200  # of a folder's name; longer ones are hashed
_RECORD = re.compile(r"v(\d{10})-(\d+)")
_TAG = "tag-"


def can_have(path: str) -> bool:
    """Whether the configuration at `path` may have a history: it must not be a part of itself."""
    return path != "/" and not is_within(path, ROOT)


def folder_of(path: str) -> str:
    """The history's folder of the configuration at `path`.

    Raises:
        ValueError: it cannot have one.
    """
    if not can_have(path):
        raise ValueError(
            f"the configuration {path} cannot have a history: {ROOT} is a part of one or the other"
        )
    name = quote(path[1:], safe="")
    if len(name) > _LONGEST:
        name = f"{name[:100].rstrip('%')}-{hashlib.sha256(path.encode()).hexdigest()}"
    return child(ROOT, name)


def path_of(name: str) -> str | None:
    """The configuration whose history's folder has this name; None where it does not tell."""
    path = f"/{unquote(name)}"
    return path if can_have(path) and folder_of(path) == child(ROOT, name) else None


class Head(NamedTuple):
    """What the folder's own node says."""

    number: int
    """Of the newest record, or of what else was set since; the next has one more."""
    zxid: int
    """Of the transaction of the newest record; 0 when there never was one."""
    seen: int
    """The version of the configuration that the newest record was planned for."""
    keep: int
    """How many records are kept."""
    salt: bytes
    """The key of the marks."""
    secret: tuple[str, ...]
    """The keys and sections that anybody who stored has marked."""


class Name(NamedTuple):
    """A record, by the name of its node."""

    number: int
    size: int
    text: str


class Names(NamedTuple):
    """The children of the folder."""

    records: tuple[Name, ...]
    """Oldest first."""
    tags: tuple[str, ...]
    """As they were given."""

    def of(self, number: int) -> Name | None:
        """The record with this number."""
        return next((name for name in self.records if name.number == number), None)


def head_data(head: Head, *, with_record: bool) -> bytes:
    """What to write into the head; the zxid is that of its own transaction if that has a record."""
    found = {
        "keep": head.keep,
        "salt": head.salt.hex(),
        "seen": head.seen,
        "zxid": None if with_record else head.zxid,
        "secret": head.secret,
    }
    return json.dumps(found, ensure_ascii=False).encode()


def head_of(data: bytes, stat: ZnodeStat) -> Head:
    """What :func:`head_data` wrote.

    Raises:
        ValueError: it is something else.
    """
    try:
        found = json.loads(data)
        zxid = stat.mzxid if found["zxid"] is None else int(found["zxid"])
        salt, secret = bytes.fromhex(found["salt"]), tuple(map(check_key, found["secret"]))
        return Head(stat.version, zxid, int(found["seen"]), int(found["keep"]), salt, secret)
    except (ValueError, TypeError, KeyError) as error:
        raise ValueError(f"this is no history: {type(error).__name__}") from error


def names_of(children: Iterable[str]) -> Names:
    """The records and tags among `children`."""
    children = sorted(children)
    found = [(match, name) for name in children if (match := _RECORD.fullmatch(name))]
    return Names(
        tuple(Name(int(match[1]), int(match[2]), name) for match, name in found),
        tuple(unquote(name.removeprefix(_TAG)) for name in children if name.startswith(_TAG)),
    )


def record_name(number: int, size: int) -> str:
    """The name of the node of a record."""
    return f"v{number:010d}-{size}"


def tag_name(tag: str) -> str:
    """The name of the node of a tag."""
    return _TAG + quote(tag, safe="")


def to_drop(records: Iterable[Name], keep: int, size: int) -> list[Name]:
    """Which of `records` go when one of `size` bytes comes: the oldest, as far as need be."""
    kept = sorted(records)
    total = size + sum(name.size for name in kept)
    gone = []
    while kept and (len(kept) >= keep or total > MAX_BYTES):
        gone.append(kept.pop(0))
        total -= gone[-1].size
    return gone


def check_tag(tag: object) -> str:
    """A name that a tag may have; one of digits alone would be a version, and now is now."""
    if not isinstance(tag, str):
        raise TypeError(f"tag must be a str, not {type(tag).__name__}")
    if tag in ("", "now") or tag.isdecimal() or len(quote(tag, safe="")) > _LONGEST:
        raise ValueError(
            f"tag must be a name of 1 to {_LONGEST} characters, no number and not 'now'; "
            f"got {tag!r}"
        )
    return tag
