"""What both ways to read nodes have in common: what is asked, what is answered, and when.

A reader is used on the engine's thread alone. It gathers what all live objects of a client ask for
within one turn of the engine and sends it together, so that two hundred nodes are one request.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple, Protocol

from zktools._live.entry import Scope, Wants
from zktools._live.found import Found


class Batch(NamedTuple):
    """Nodes of one tree to read."""

    paths: list[str]
    root: str
    """The root of the tree. If it is among them, and is not there, its creation is watched for."""
    scope: Scope
    sizes: Mapping[str, int]
    """Bytes the data had when they were read last, of those that were."""
    listed: int | None = None
    """The moment at which all of these were listed, if none was known before.

    Then their watches may be armed along with their reads, relative to it."""

    def wants(self, path: str) -> Wants:
        """What is wanted of one of them."""
        return self.scope.of(path, self.root)


class Watches(NamedTuple):
    """Paths to arm watches on."""

    data: list[str]
    exist: list[str]
    child: list[str]


Answered = bytes | Exception | Found
"""A record (:mod:`zktools._engine.record`) where only data were wanted, or why there is none."""


class Part(NamedTuple):
    """Some of what was asked."""

    paths: list[str]
    answers: list[Answered]
    """What was found at each of them."""
    zxid: int | None
    """The moment at which all of this part was read; None where it was read one by one."""
    is_last: bool


Answer = Callable[[Part], None]


class Reader(Protocol):
    """One way to read nodes and to arm watches on them."""

    arms_later: bool
    """Whether watches are armed by :meth:`arm`, after the read; or by the read itself."""

    def read(self, batch: Batch, answer: Answer) -> None:
        """Read all nodes; `answer` gets what was found, parents first, in one or more parts.

        It runs on the engine, after every event that the server sent ahead of the reply. It is not
        called any more once the connection drops.
        """

    def drop(self, answer: Answer) -> None:
        """Ask for no more of what it is to get: nobody wants it."""

    def arm(self, zxid: int, watches: Watches, then: Callable[[], None]) -> None:
        """Arm watches that fire for every change after `zxid`; `then` runs once all are armed."""

    def reset(self) -> None:
        """The connection is another one: forget everything that was asked."""
