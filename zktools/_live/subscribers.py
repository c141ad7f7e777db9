"""Calling users' functions: one at a time, with what changed since the last call, never in a queue.

A slow function is not called for every moment in between: what it has not seen yet is kept as the
state it saw last and the keys touched since, which does not grow with the number of changes.
"""

from __future__ import annotations

import contextvars
import logging
from collections.abc import Callable, Iterable
from types import MethodType
from typing import Any, Generic, TypeVar

from zktools._engine.latch import Latch
from zktools._engine.session import Session

S = TypeVar("S")

log = logging.getLogger("zktools.live")

_delivering: contextvars.ContextVar[bool] = contextvars.ContextVar("delivering", default=False)

#: Answers the argument of the call, :data:`NOTHING`, or the error that takes its place, from the
#: state seen last (None at the first call), the state now, and what was touched between.
Render = Callable[["S | None", "S", "set[str]"], object]

NOTHING = object()


class Subscription(Generic[S]):
    """One function, and what it has not been told yet."""

    def __init__(self, function: Callable[[Any], object], render: Render[S], called: Latch) -> None:
        self.function = function
        self.render = render
        self.called = called
        """Opened once the first call was made, or will never be."""
        self.seen: S | None = None
        self.touched: set[str] | None = None
        """None when it has been told everything."""

    def __repr__(self) -> str:
        function = self.function
        return getattr(function, "__qualname__", None) or type(function).__qualname__


class Subscribers(Generic[S]):
    """The functions that one object calls, and the state they are told of."""

    def __init__(self, session: Session, state: S) -> None:
        self.state = state
        """Replaced as a whole, never changed: it is read without a lock."""
        self._session = session
        self._guard: Any = session.handler.lock_object()
        self._subscriptions: list[Subscription[S]] = []
        self._waiting: set[Latch] = set()
        self._closed = False

    def add(self, function: Callable[[Any], object], render: Render[S], name: str) -> None:
        """Call `function` at once and at each change; return when the first call was made."""
        if not callable(function):
            raise TypeError(f"a subscriber must be callable, not {type(function).__name__}")
        called = Latch(self._session.handler)
        subscription = Subscription(function, render, called)
        with self._guard:
            subscription.touched = set()
            self._subscriptions.append(subscription)
        self._session.delivery.post(self._deliver, subscription, name)
        # In a subscriber the first call comes after it: it must not wait for itself. The limit is
        # for a caller that holds what another subscriber is waiting for.
        if not _delivering.get():
            called.wait(self._session.wire.session_timeout)

    def remove(self, function: Callable[[Any], object]) -> bool:
        """Call it no more; whether it was there."""
        with self._guard:
            before = len(self._subscriptions)
            self._subscriptions = [s for s in self._subscriptions if not _same(s, function)]
            return len(self._subscriptions) < before

    def close(self) -> None:
        """Call nobody any more, and wake who waits."""
        with self._guard:
            self._closed = True
            self._subscriptions = []
        self.wake()

    def show(self, state: S, touched: Iterable[str], name: str) -> None:
        """From now on this is the state. On the engine."""
        keys = set(touched)
        due = []
        with self._guard:
            seen, self.state = self.state, state
            for subscription in self._subscriptions if keys else ():
                if subscription.touched is None:
                    subscription.seen, subscription.touched = seen, set(keys)
                    due.append(subscription)
                else:
                    subscription.touched |= keys
        for subscription in due:
            self._session.delivery.post(self._deliver, subscription, name)
        self.wake()

    def _deliver(self, subscription: Subscription[S], name: str) -> None:
        with self._guard:
            touched, subscription.touched = subscription.touched, None
            seen, subscription.seen = subscription.seen, None
            state = self.state
            if subscription not in self._subscriptions or touched is None:
                subscription.called.open()
                return
        token = _delivering.set(True)
        try:
            argument = subscription.render(seen, state, touched)
            if isinstance(argument, Exception):
                log.error("no value to call %s of %s with: %s", subscription, name, argument)
            elif argument is not NOTHING:
                subscription.function(argument)
        except Exception:
            log.exception("subscriber %s of %s failed", subscription, name)
        finally:
            _delivering.reset(token)
            subscription.called.open()

    # -- waiting for a state -------------------------------------------------------------------

    def wake(self) -> None:
        """Let those who wait look again."""
        for latch in list(self._waiting):
            latch.open()

    def wait(self, ready: Callable[[], bool], remaining: Callable[[], float | None]) -> bool:
        """Wait until ``ready()``, which is asked at each change; False when the time ran out."""
        latch = Latch(self._session.handler)
        self._waiting.add(latch)
        try:
            while True:
                if ready():
                    return True
                seconds = remaining()
                if self._closed or (seconds is not None and seconds <= 0):
                    return False
                latch.wait(seconds)
        finally:
            self._waiting.discard(latch)


def _same(subscription: Subscription[Any], function: object) -> bool:
    # A bound method is another object each time it is asked for; other callables, such as a list
    # with a __call__, may equal something that they are not.
    mine = subscription.function
    return mine is function or (isinstance(mine, MethodType) and mine == function)
