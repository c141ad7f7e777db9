"""Telling your metrics and traces what locks and live objects go through.

An observer is a function of one :class:`Event`. It is called for every client of this process, on
threads of zktools' own, after the fact. For one client it is called for one event after the other;
a slow one is late, and nothing else is. One that hangs is told what comes later only up to
10,000 events::

    from zktools import hooks

    @hooks.observe
    def count(event: hooks.Event) -> None:
        metrics.histogram(f"zktools.{event.kind}", event.seconds, tags={"path": event.path})

Nothing is made, and nothing costs anything, while there is no observer.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeVar
from weakref import WeakKeyDictionary

if TYPE_CHECKING:
    from zktools._engine.session import Session

log = logging.getLogger("zktools.hooks")

Kind = Literal["waited", "held", "revoked", "lost", "resynced", "cached"]


@dataclass(frozen=True)
class Event:
    """Something that happened to a lock, or to a live object."""

    kind: Kind
    """``waited``: an acquire ended. ``held``: a hold was released. ``revoked``: a hold was asked
    back, destroyed or lost. ``lost``: a hold was lost. ``resynced``: live objects were brought up
    to date after the connection had been interrupted. ``cached``: a live object was made while
    ZooKeeper was away, and shows its cache."""
    path: str
    """The lock's folder, or the live object's root."""
    seconds: float
    """How long it waited, was held until now, or took. ``cached``: how old the cache is, by this
    machine's clock."""
    detail: str
    """``waited``: granted, refused, abandoned, cancelled or failed. ``revoked``, ``lost``: the
    :class:`~zktools.locks.Reason`. ``resynced``, ``cached``: the number of nodes."""


Observer = TypeVar("Observer", bound=Callable[[Event], object])

#: How many events of one client may wait for one observer. What comes beyond that is dropped.
BACKLOG = 10_000


class _Observing:
    """One observer, and the events that wait for it."""

    def __init__(self, observer: Callable[[Event], object]) -> None:
        self.observer = observer
        self._lines: WeakKeyDictionary[Session, Any] = WeakKeyDictionary()
        self._dropped = 0

    def __repr__(self) -> str:
        return getattr(self.observer, "__qualname__", None) or repr(self.observer)

    def tell(self, session: Session, event: Event) -> None:
        """Call it with `event` after those before."""
        line = self._lines.get(session)
        if line is None:
            line = self._lines.setdefault(session, session.delivery.observers.line(BACKLOG))
        if line.post(self._call, event):
            return
        self._dropped += 1
        if self._dropped == 1:
            log.warning("the observer %r is far behind: it misses what comes now", self)

    def _call(self, event: Event) -> None:
        if self not in _observers:
            return
        if self._dropped:
            log.warning("the observer %r missed %d events", self, self._dropped)
            self._dropped = 0
        try:
            self.observer(event)
        except BaseException:
            log.exception("the observer %r failed on %r", self, event)


# Replaced, never changed, so that it is read without a lock.
_observers: tuple[_Observing, ...] = ()


def observe(observer: Observer) -> Observer:
    """Call `observer` for every event from now on. A decorator too; twice is once.

    :raises TypeError: when it is not callable.
    """
    global _observers  # noqa: PLW0603 - observers are the process's, as log handlers are
    if not callable(observer):
        raise TypeError(f"observer must be callable, not {type(observer).__name__}")
    if all(known.observer != observer for known in _observers):
        _observers = (*_observers, _Observing(observer))
    return observer


def forget(observer: Callable[[Event], object]) -> None:
    """Call it no more. Harmless when it was not observing."""
    global _observers  # noqa: PLW0603
    _observers = tuple(known for known in _observers if known.observer != observer)


def emit(session: Session, kind: Kind, path: str, seconds: float, detail: str) -> None:
    """Tell all observers, elsewhere."""
    if _observers:
        event = Event(kind, path, seconds, detail)
        for observing in _observers:
            observing.tell(session, event)
