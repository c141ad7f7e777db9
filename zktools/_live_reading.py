"""What both ways to read nodes have in common: what is asked, what is answered, and when.

A reader is used on the engine's thread alone. It gathers what all live objects of a client ask for
within one turn of the engine and sends it together, so that two hundred nodes are one request.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol

from zktools._live_entry import Found, Wants


class Item(NamedTuple):
    """A node to read."""

    path: str
    wants: Wants
    size: int
    """Bytes its reply is thought to have."""
    awaited: bool
    """Whether to watch for its creation when it is not there."""


class Span(NamedTuple):
    """The first and the last moment at which something was read."""

    low: int
    high: int


class Watches(NamedTuple):
    """Paths to arm watches on."""

    data: list[str]
    exist: list[str]
    child: list[str]


Answer = Callable[[list[Found], Span | None], None]


class Reader(Protocol):
    """One way to read nodes and to arm watches on them."""

    arms_later: bool
    """Whether watches are armed by :meth:`arm`, after the read; or by the read itself."""

    def read(self, items: Sequence[Item], answer: Answer) -> None:
        """Read all `items`; `answer` gets what was found, in their order, and when it was read.

        `answer` runs on the engine, after every event that the server sent ahead of the reply. It
        is not called when the connection drops first.
        """

    def arm(self, zxid: int, watches: Watches, then: Callable[[], None]) -> None:
        """Arm watches that fire for every change after `zxid`; `then` runs once all are armed."""

    def reset(self) -> None:
        """The connection is another one: forget everything that was asked."""


class Job:
    """One `read` whose parts are answered one by one."""

    def __init__(self, items: Sequence[Item], answer: Answer) -> None:
        self.items = items
        self.found: list[Found | None] = [None] * len(items)
        self._answer = answer
        self._left = 0
        self._span: Span | None = None

    def expect(self) -> None:
        """One more part will be answered."""
        self._left += 1

    def part_answered(self, zxid: int | None) -> None:
        """A part has come; answer the whole when it was the last."""
        if zxid is not None:
            low, high = self._span or (zxid, zxid)
            self._span = Span(min(low, zxid), max(high, zxid))
        self._left -= 1
        if not self._left:
            self._answer([found for found in self.found if found is not None], self._span)
