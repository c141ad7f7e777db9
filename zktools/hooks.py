"""Telling your metrics and traces what locks and live objects go through.

An observer is a function of one :class:`Event`. It is called for every client of this process, on
zktools' own delivery threads, after the fact: it may be slow, but then what comes next is late::

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
from typing import TYPE_CHECKING, Literal, TypeVar

if TYPE_CHECKING:
    from zktools._engine.session import Session

log = logging.getLogger("zktools.hooks")

Kind = Literal["waited", "held", "revoked", "lost", "resynced"]


@dataclass(frozen=True)
class Event:
    """Something that happened to a lock, or to a live object."""

    kind: Kind
    """``waited``: an acquire ended. ``held``: a hold was released. ``revoked``: a hold was asked
    back, destroyed or lost. ``lost``: a hold was lost. ``resynced``: live objects were brought up
    to date after the connection had been interrupted."""
    path: str
    """The lock's folder, or the live object's root."""
    seconds: float
    """How long it waited, was held until now, or took."""
    detail: str
    """``waited``: granted, refused, abandoned, cancelled or failed. ``revoked``, ``lost``: the
    :class:`~zktools.locks.Reason`. ``resynced``: the number of nodes."""


Observer = TypeVar("Observer", bound=Callable[[Event], object])

# Replaced, never changed, so that it is read without a lock.
_observers: tuple[Callable[[Event], object], ...] = ()


def observe(observer: Observer) -> Observer:
    """Call `observer` for every event from now on. A decorator too; twice is once.

    :raises TypeError: when it is not callable.
    """
    global _observers  # noqa: PLW0603 - observers are the process's, as log handlers are
    if not callable(observer):
        raise TypeError(f"observer must be callable, not {type(observer).__name__}")
    if observer not in _observers:
        _observers = (*_observers, observer)
    return observer


def forget(observer: Callable[[Event], object]) -> None:
    """Call it no more. Harmless when it was not observing."""
    global _observers  # noqa: PLW0603
    _observers = tuple(known for known in _observers if known != observer)


def emit(session: Session, kind: Kind, path: str, seconds: float, detail: str) -> None:
    """Tell all observers, on the session's delivery thread."""
    if _observers:
        session.delivery.post(_tell, Event(kind, path, seconds, detail))


def _tell(event: Event) -> None:
    for observer in _observers:
        try:
            observer(event)
        except Exception:
            name = getattr(observer, "__qualname__", repr(observer))
            log.exception("the observer %s failed on %r", name, event)
