"""What both ways to read nodes have in common: what is asked, what is answered, and when.

A reader is used on the engine's thread alone. It gathers what all live objects of a client ask for
within one turn of the engine and sends it together, so that two hundred nodes are one request.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol

from zktools._live.entry import Found, Wants


class Item(NamedTuple):
    """A node to read."""

    path: str
    wants: Wants
    size: int | None
    """Bytes its data had when they were read last; None when they never were."""
    awaited: bool
    """Whether to watch for its creation when it is not there."""


class Watches(NamedTuple):
    """Paths to arm watches on."""

    data: list[str]
    exist: list[str]
    child: list[str]


class Part(NamedTuple):
    """Some of what was asked."""

    found: list[tuple[str, Found]]
    zxid: int | None
    """The moment at which all of this part was read; None where it was read one by one."""
    is_last: bool


Answer = Callable[[Part], None]


class Reader(Protocol):
    """One way to read nodes and to arm watches on them."""

    arms_later: bool
    """Whether watches are armed by :meth:`arm`, after the read; or by the read itself."""

    def read(self, items: Sequence[Item], answer: Answer) -> None:
        """Read all `items`; `answer` gets what was found, in their order, in one or more parts.

        It runs on the engine, after every event that the server sent ahead of the reply. It is not
        called any more once the connection drops.
        """

    def arm(self, zxid: int, watches: Watches, then: Callable[[], None]) -> None:
        """Arm watches that fire for every change after `zxid`; `then` runs once all are armed."""

    def reset(self) -> None:
        """The connection is another one: forget everything that was asked."""
