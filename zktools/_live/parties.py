"""Whom a tree of nodes that is kept current has to do with, as far as it knows them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Protocol

from zktools._engine.session import Session
from zktools._live.moment import Difference
from zktools._live.reading import Reader

if TYPE_CHECKING:
    from zktools._live.tree import Live


class Owner(Protocol):
    """What users hold: shows the tree to them."""

    def on_changes(self, changes: Difference) -> None:
        """One moment later these states differ. Runs on the engine."""

    def on_stopped(self) -> None:
        """The client was stopped. Runs on the engine."""


class Connection(Protocol):
    """What all trees of one client share, as far as a tree knows it."""

    session: Session
    reader: Reader
    online: bool
    """Whether there is a connection to read through."""

    def enter(self, live: Live) -> None:
        """Tell `live` of changes of the connection, and of events of what it follows."""

    def leave(self, live: Live) -> None:
        """Tell it no more."""

    def abandon(self, live: Live) -> None:
        """Its owner was garbage collected. From anywhere."""

    def unwatch(self, paths: Iterable[str]) -> None:
        """A tree does not follow these any more."""

    def release(self, paths: Sequence[str]) -> None:
        """A tree was closed that followed these: nor need the server watch them for it."""
