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

from typing import Any, Final, NamedTuple

from zktools._engine.listing import has, names_in
from zktools._engine.record import (
    STAT,
    czxid_of,
    data_of,
    mzxid_of,
    owner_of,
    stat_of,
    version_of,
    writing_of,
)
from zktools._live.copies import UNCHANGING
from zktools.exceptions import InvalidValueError
from zktools.values import Codec, decoded, never_fails

#: Stands for a value that was not decoded, or is decoded anew for each who asks.
UNKEPT: Final[Any] = object()

_NONE: frozenset[str] = frozenset()


class Wants(NamedTuple):
    """Which changes of a node matter."""

    data: bool
    children: bool
    """Whether the names of its children do."""
    below: bool = True
    """Whether those children are followed themselves."""


class Scope:
    """What is wanted of a tree: of its root, and of each node below. May be changed meanwhile."""

    def __init__(self, root: Wants, below: Wants) -> None:
        self.root = root
        self.below = below

    def of(self, path: str, root: str) -> Wants:
        """What is wanted of the node at `path` in a tree with this root."""
        return self.root if path == root else self.below


class Entry:
    """One state of one node. Never changed once made, so that threads share it without a lock.

    This is a node with a value of which nobody asked for the children; others are an
    :class:`OtherEntry`.
    """

    __slots__ = ("_codec", "kept", "record")

    below: bool = False
    """Whether its children are followed, too."""
    created: int = 0
    """How many children were ever created, where they were asked for."""
    error: Exception | None = None
    """Why there is no value."""
    listing: bytes | None = None
    """The names of all children as the server told them, where they were asked for."""
    record: bytes
    """See :mod:`zktools._engine.record`."""
    kept: Any
    """The value, once it was asked for, if it may be shared; :data:`UNKEPT` otherwise."""

    def __init__(self, record: bytes, codec: Codec[Any]) -> None:
        self.record = record
        self._codec = codec
        self.kept = UNKEPT

    def __repr__(self) -> str:
        return f"<Entry {self.data!r} version {self.version} since {self.since}>"

    @property
    def value(self) -> Any:
        """What the data stand for; None where `error` says why there is no value.

        Decoded when it is asked for. What can be changed in place is decoded anew for each who
        asks: nobody else has it.
        """
        value = self.kept
        if value is UNKEPT:
            value = self._codec.decode(data_of(self.record))
            if type(value) in UNCHANGING:
                self.kept = value
        return value

    def told(self) -> Any:
        """As :attr:`value`, for who is told all there is: of what he makes nothing, nothing stays.

        A text takes as much again as the record that it is decoded from.
        """
        value = self.kept
        return self._codec.decode(data_of(self.record)) if value is UNKEPT else value

    def try_value(self, path: str) -> Any:
        """As :attr:`value`, for the engine: why there is none instead of what a codec raises.

        What is no Exception may be meant for somebody else: under gevent a signal or a timeout. It
        is not the codec's if it does not come again.
        """
        if self.kept is not UNKEPT:
            return self.kept
        codec = self._codec
        for _ in range(2):
            try:
                return decoded(codec, self.data, path)
            except BaseException as error:  # noqa: BLE001
                raised = type(error).__name__
        return InvalidValueError(
            f"{path} holds what {type(codec).__name__} cannot decode: {raised}"
        )

    def read(self) -> Any:
        """The value, or the error to raise: why there is none."""
        if self.error is not None:
            raise as_raised(self.error)
        return self.value

    @property
    def since(self) -> int:
        """The zxid of the last change that matters: the state held from then until it was read."""
        return mzxid_of(self.record)

    @property
    def count(self) -> int:
        """How many changes that matter the node has seen since its creation."""
        return version_of(self.record)

    @property
    def data(self) -> bytes:
        """What is in it."""
        return data_of(self.record)

    @property
    def size(self) -> int:
        """How many bytes that are."""
        return len(self.record) - STAT

    @property
    def czxid(self) -> int:
        """The zxid of its creation."""
        return czxid_of(self.record)

    @property
    def mzxid(self) -> int:
        """The zxid of the last change of its data."""
        return mzxid_of(self.record)

    @property
    def version(self) -> int:
        """How often its data were written."""
        return version_of(self.record)

    @property
    def owner(self) -> int:
        """The session of an ephemeral node, 0 of another."""
        return owner_of(self.record)

    @property
    def modified(self) -> int:
        """When its data were written, in milliseconds since the epoch by the server's clock."""
        return int(stat_of(self.record).mtime)

    @property
    def made_at(self) -> int:
        """When it was created, as `modified`."""
        return int(stat_of(self.record).ctime)

    @property
    def identity(self) -> bytes:
        """Differs when the data were written again, or the node was created anew."""
        return writing_of(self.record)

    @property
    def names(self) -> frozenset[str] | None:
        """The names of all children, where they were asked for."""
        return None

    @property
    def children(self) -> frozenset[str] | None:
        """The names of the children that are followed."""
        return self.names if self.below else None

    def leads_to(self, name: str) -> bool:
        """Whether that is one of them."""
        return self.below and self.listing is not None and has(self.listing, name)

    @property
    def is_forbidden(self) -> bool:
        """Whether nothing is known of it but that an ACL refuses it."""
        return self.since < 0


class OtherEntry(Entry):
    """One with the names of its children, without a value, or both."""

    __slots__ = ("_names", "below", "count", "created", "error", "listing", "since")

    below: bool
    count: int
    created: int
    error: Exception | None
    listing: bytes | None
    since: int
    _names: frozenset[str]

    @property
    def names(self) -> frozenset[str] | None:
        """See :class:`Entry`. Read when it is asked for: most folders are asked for keys alone."""
        if not self.listing:
            return self.listing if self.listing is None else _NONE
        try:
            return self._names
        except AttributeError:
            self._names = names = frozenset(names_in(self.listing))
            return names

    def has_no_value(self, error: Exception | None = None) -> None:
        """While it is made: it has none, because of `error` or because nobody wants any."""
        self.kept = None
        self.error = error

    def decode(self, path: str, known: Entry | None) -> None:
        """While it is made: make sure that it can be read, if `known` does not tell."""
        self.error = None
        if never_fails(self._codec):
            return
        if known is not None and known.identity == self.identity:
            self.error = known.error
            self.kept = known.kept
            return
        value = self.try_value(path)
        if isinstance(value, InvalidValueError):
            self.has_no_value(value)
        elif type(value) in UNCHANGING:
            self.kept = value


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
