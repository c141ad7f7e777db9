"""How the nodes in a folder read: zktools' own, kazoo's, Curator's. No I/O, no state.

What there is to know of a layout is in its class, and only here: how names are made and read, and
what the data of a node says. All have the server append a sequence number, "%010d" of a signed
32-bit counter: after 2147483647 follows "-2147483648", and "-000000001" has nine digits.

============  =============================================================================
zktools       ``write-<guid>-0000000007``, also ``read``, ``lock``; without the GUID as 0.2 made
              them. In a semaphore ``permit-<weight>-<guid>-0000000007``, and beside these one
              persistent node ``permits-<number>``
kazoo         ``<guid>__lock__0000000007`` for its ``Lock`` and ``WriteLock``, ``__rlock__`` for
              its ``ReadLock``
Curator       ``_c_<guid>-lock-0000000007`` for ``InterProcessMutex``, ``__READ__`` and
              ``__WRIT__`` for ``InterProcessReadWriteLock``; the GUID has dashes
============  =============================================================================
"""

from __future__ import annotations

import re
import uuid
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any, ClassVar, Literal

from zktools._queue import record
from zktools._queue.order import HALF, LOCK, PERMIT, READ, WRITE, Candidate, Size, in_order

# The GUID is matched as short as can be, or it would take the sign.
_SIZE = re.compile(r"permits-([1-9][0-9]{0,9})")
_NUMBER = "-[0-9]{9,10}|[0-9]{10}"
_SEQUENCE = f"(?P<sequence>{_NUMBER})"

LayoutName = Literal["zktools", "kazoo", "curator"]


class Layout(ABC):
    """How names and data of candidates are written and read."""

    name: ClassVar[str]
    _names: ClassVar[str]
    """A pattern of what comes before the sequence number: `kind`, perhaps `guid` and `weight`."""
    _after: ClassVar[str] = ""
    """A pattern of what may follow it."""
    _kinds: ClassVar[Mapping[str, str]]
    """How each kind is written. Of kinds written alike, the first is read."""
    has_size: ClassVar[bool] = False
    """Whether it is of use only in a folder that says how many permits there are."""
    can_be_asked: ClassVar[bool] = True
    """Whether holders of other programs listen to a request to let go."""
    takes_paths: ClassVar[bool] = False
    """Whether those who use it name a lock by the full path of its folder."""
    has_containers: ClassVar[bool] = False
    """Whether folders are made as containers, which the server removes some time after the last
    candidate."""
    has_latecomers: ClassVar[bool] = False
    """Whether a candidate may appear ahead of one that was there before. The departure of all who
    were ahead is no grant then: only a listing that was made after it is."""

    def __init__(self) -> None:
        self._pattern = re.compile(self._names + _SEQUENCE + self._after, re.DOTALL)
        self._read = {text: kind for kind, text in reversed([*self._kinds.items()])}
        # Kept, because one listing of a queue has nearly the same names as the one before.
        self.parse = lru_cache(maxsize=4096)(self._parse)

    def _parse(self, name: str) -> Candidate | None:
        """The candidate of this name, or None for a child that is nobody's contender."""
        match = self._pattern.fullmatch(name)
        sequence = int(match["sequence"]) if match is not None else HALF
        if match is None or not -HALF <= sequence < HALF:
            return None
        found = match.groupdict()
        guid = found["guid"]
        return Candidate(
            name, self._read[found["kind"]], guid, sequence, int(found.get("weight") or 1)
        )

    def candidates(self, names: Iterable[str]) -> list[Candidate]:
        """The candidates among the names of a folder's children, as they come."""
        return [candidate for candidate in map(self.parse, names) if candidate is not None]

    def size(self, names: Iterable[str]) -> Size | None:
        """How many permits there are, by the names of a folder's children; None if none says."""
        return None

    def queue(self, names: Iterable[str]) -> list[Candidate]:
        """The candidates among the names of a folder's children, first in the queue first."""
        return in_order(self.candidates(names))

    @abstractmethod
    def prefix(self, kind: str, guid: str, weight: int = 1) -> str:
        """What to ask the server to create; it appends the sequence number."""

    @abstractmethod
    def encode(self, who: Mapping[str, Any]) -> bytes:
        """The data of a new candidate."""

    @abstractmethod
    def decode(self, data: bytes | None) -> dict[str, Any] | None:
        """Who wrote it, or None where that is not to be read."""

    @abstractmethod
    def is_asked(self, data: bytes | None) -> bool:
        """Whether the candidate with this data was asked to let go."""

    @abstractmethod
    def with_request(self, data: bytes | None, by: Mapping[str, Any]) -> bytes:
        """The data that asks the candidate with this data to let go."""


class OwnLayout(Layout):
    """That of zktools, which those of 0.2 read too."""

    name = "zktools"
    _kinds: ClassVar = {READ: READ, WRITE: WRITE, LOCK: LOCK}
    _names = r"(?P<kind>read|write|lock)-(?:(?P<guid>.+?)-)?"

    def prefix(self, kind: str, guid: str, weight: int = 1) -> str:
        """See :class:`Layout`. A lock is held as a whole: nothing is written of its weight."""
        return f"{kind}-{guid}-"

    def encode(self, who: Mapping[str, Any]) -> bytes:
        """See :class:`Layout`."""
        return record.encode(who)

    def decode(self, data: bytes | None) -> dict[str, Any] | None:
        """See :class:`Layout`."""
        return record.decode(data)

    def is_asked(self, data: bytes | None) -> bool:
        """See :class:`Layout`."""
        return record.is_asked(data)

    def with_request(self, data: bytes | None, by: Mapping[str, Any]) -> bytes:
        """See :class:`Layout`."""
        return record.with_request(data, by)


class SemaphoreLayout(OwnLayout):
    """That of semaphores: weights and permits are in names, so that a listing alone decides.

    The node that says how many permits there are is watched as those ahead are: another number is
    another node, and the end of this one.
    """

    has_size = True
    _kinds: ClassVar = {PERMIT: PERMIT}
    _names = r"(?P<kind>permit)-(?P<weight>[1-9][0-9]{0,9})-(?P<guid>.+?)-"

    def prefix(self, kind: str, guid: str, weight: int = 1) -> str:
        """See :class:`Layout`."""
        return f"{kind}-{weight}-{guid}-"

    def size(self, names: Iterable[str]) -> Size | None:
        """See :class:`Layout`. There is one; of several, made by a stranger, the least."""
        found = [Size(int(match[1]), match[0]) for match in map(_SIZE.fullmatch, names) if match]
        return min(found, default=None)

    @staticmethod
    def size_name(permits: int) -> str:
        """Of the node that says that there are so many."""
        return f"permits-{permits}"


class _TextLayout(Layout):
    """One whose nodes say who it is in free text, where others look for it."""

    takes_paths = True
    _REQUEST: ClassVar[bytes | None] = None
    """The whole data of one that was asked to let go; None where nobody listens."""

    def encode(self, who: Mapping[str, Any]) -> bytes:
        """See :class:`Layout`. The identifier, or what tells where it runs."""
        text = who.get("identifier") or "{host}:{pid}:{thread}".format_map(who)
        return str(text).encode(errors="replace")

    def decode(self, data: bytes | None) -> dict[str, Any] | None:
        """See :class:`Layout`."""
        if not data or data == self._REQUEST:
            return None
        return {"identifier": data.decode(errors="replace")}

    def is_asked(self, data: bytes | None) -> bool:
        """See :class:`Layout`."""
        return self._REQUEST is not None and data == self._REQUEST

    def with_request(self, data: bytes | None, by: Mapping[str, Any]) -> bytes:
        """See :class:`Layout`."""
        assert self._REQUEST is not None, "refused before anybody is asked"
        return self._REQUEST


class KazooLayout(_TextLayout):
    """That of kazoo's recipes. Nobody there listens to requests to let go.

    kazoo's ``Lock`` does not wait for a ``ReadLock`` ahead of it; ours waits for all, whatever it
    is called.
    """

    name = "kazoo"
    can_be_asked = False
    _kinds: ClassVar = {LOCK: "__lock__", WRITE: "__lock__", READ: "__rlock__"}
    _names = r"(?P<guid>.*)(?P<kind>__r?lock__)"

    def prefix(self, kind: str, guid: str, weight: int = 1) -> str:
        """See :class:`Layout`."""
        return f"{guid}{self._kinds[kind]}"


class CuratorLayout(_TextLayout):
    """That of Apache Curator's recipes, whose ``makeRevocable`` listens to its ``Revoker``.

    A thread that holds Curator's write lock may take the read lock too, and keep it when it lets
    the other go. In Curator 5.9 the reader's name has the writer's number before its own, and
    stands in the queue where the writer does: ahead of those who came in between. In 5.4 it
    queues at the end, where it keeps out nobody who came in between, Curator's own neither.
    """

    name = "curator"
    has_containers = True
    has_latecomers = True
    _REQUEST = b"__REVOKE__"
    _kinds: ClassVar = {LOCK: "lock-", WRITE: "__WRIT__", READ: "__READ__"}
    _names = r"(?:_c_(?P<guid>[0-9a-f-]{36})-)?(?P<kind>lock-|__WRIT__|__READ__)"
    _after = f"(?:{_NUMBER})?"

    def prefix(self, kind: str, guid: str, weight: int = 1) -> str:
        """See :class:`Layout`."""
        return f"_c_{uuid.UUID(guid)}-{self._kinds[kind]}"

    def _parse(self, name: str) -> Candidate | None:
        found = super()._parse(name)
        if found is None or found.guid is None:
            return found
        return found._replace(guid=found.guid.replace("-", ""))


ZKTOOLS = OwnLayout()
SEMAPHORE = SemaphoreLayout()
LAYOUTS: Mapping[str, Layout] = {
    layout.name: layout for layout in (ZKTOOLS, KazooLayout(), CuratorLayout())
}


def check_layout(layout: object, argument: str) -> Layout:
    """The layout of this name."""
    if not isinstance(layout, str):
        raise TypeError(f"{argument} must be a str, not {type(layout).__name__}")
    if layout not in LAYOUTS:
        raise ValueError(f"{argument} must be one of {', '.join(LAYOUTS)}; got {layout!r}")
    return LAYOUTS[layout]


def layouts_in(names: Iterable[str]) -> list[Layout]:
    """Which layouts have candidates among the names of a folder's children.

    ``lock-0000000007`` may be of zktools 0.2 or of a Curator without GUIDs: others in the folder
    tell; if none does, it counts as our own.
    """
    readers = [[one for one in LAYOUTS.values() if one.parse(name)] for name in names]
    certain = [found[0] for found in readers if len(found) == 1]
    first = [found[0] for found in readers if found]
    return [one for one in LAYOUTS.values() if one in (certain or first)]
