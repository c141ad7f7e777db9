"""Calling users' functions: one at a time, with what changed since the last call, never in a queue.

A slow function is not called for every moment in between: what it has not seen yet is kept as the
state it saw last and the keys touched since, which does not grow with the number of changes.

The first call is made by who subscribes, so it waits for nobody. All later ones of one object come
one at a time; those of other objects wait for none of them.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterable
from types import MethodType
from typing import Any, Generic, TypeVar

from zktools._engine.latch import Latch
from zktools._engine.session import Session
from zktools.exceptions import ClientUnusableError

S = TypeVar("S")

log = logging.getLogger("zktools.live")

#: Answers the argument of the call, :data:`NOTHING`, or the error that takes its place, from the
#: state seen last (None at the first call), the state now, and what was touched between.
Render = Callable[["S | None", "S", "set[str]"], object]

NOTHING = object()


class Subscription(Generic[S]):
    """One function, and what it has not been told yet."""

    def __init__(self, function: Callable[[Any], object], render: Render[S]) -> None:
        self.function = function
        self.render = render
        self.seen: S | None = None
        self.touched: set[str] | None = set()
        """None when it has been told everything. At first it is just being told."""

    def __repr__(self) -> str:
        function = self.function
        return getattr(function, "__qualname__", None) or type(function).__qualname__


class Subscribers(Generic[S]):
    """The functions that one object calls, and the state they are told of."""

    def __init__(self, session: Session, state: S) -> None:
        self._pid = os.getpid()
        self._state = state
        self._session = session
        self._line = session.delivery.subscribers.line()
        self._guard: Any = session.handler.lock_object()
        self._subscriptions: list[Subscription[S]] = []
        self._waiting: set[Latch] = set()
        self._closed = False

    @property
    def is_of_parent(self) -> bool:
        """Whether the process was forked since: nothing is kept current in the child."""
        return os.getpid() != self._pid

    @property
    def state(self) -> S:
        """What is shown now. Replaced as a whole, never changed: it is read without a lock.

        :raises ClientUnusableError: in a forked child.
        """
        self._check_own()
        return self._state

    def _check_own(self) -> None:
        # In a child the guard is a copy, which may be taken for ever.
        if self.is_of_parent:
            raise ClientUnusableError(
                "this object was made before a fork(): in this process nothing keeps it up to "
                "date. Make a client and live objects after the fork"
            )

    def add(self, function: Callable[[Any], object], render: Render[S], name: str) -> None:
        """Call `function` at once, here, and then at each change.

        What it raises is logged, but for what is no Exception: that ends the subscription.
        """
        if not callable(function):
            raise TypeError(f"a subscriber must be callable, not {type(function).__name__}")
        self._check_own()
        self._session.delivery.subscribers.stand_by()
        subscription = Subscription(function, render)
        try:
            with self._guard:
                state = subscription.seen = self._state
                self._subscriptions.append(subscription)
            self._call(subscription, None, state, set(), name)
        except BaseException:
            self._discard(subscription)
            raise
        with self._guard:
            if not subscription.touched:
                subscription.seen = subscription.touched = None
        if subscription.touched:
            self._line.post(self._deliver, subscription, name)

    def _discard(self, subscription: Subscription[S]) -> None:
        with self._guard:
            self._subscriptions = [s for s in self._subscriptions if s is not subscription]

    def remove(self, function: Callable[[Any], object]) -> bool:
        """Call it no more; whether it was there."""
        self._check_own()
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
            seen, self._state = self._state, state
            for subscription in self._subscriptions if keys else ():
                if subscription.touched is None:
                    subscription.seen, subscription.touched = seen, set(keys)
                    due.append(subscription)
                else:
                    subscription.touched |= keys
        for subscription in due:
            self._line.post(self._deliver, subscription, name)
        self.wake()

    def _deliver(self, subscription: Subscription[S], name: str) -> None:
        with self._guard:
            touched, subscription.touched = subscription.touched, None
            seen, subscription.seen = subscription.seen, None
            state = self._state
            if subscription not in self._subscriptions or touched is None:
                return
        try:
            self._call(subscription, seen, state, touched, name)
        except BaseException:
            log.exception("subscriber %s of %s failed, and is called again", subscription, name)

    def _call(
        self, subscription: Subscription[S], seen: S | None, state: S, touched: set[str], name: str
    ) -> None:
        try:
            argument = subscription.render(seen, state, touched)
            if isinstance(argument, Exception):
                log.error("no value to call %s of %s with: %s", subscription, name, argument)
            elif argument is not NOTHING:
                subscription.function(argument)
        except Exception:
            log.exception("subscriber %s of %s failed", subscription, name)

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
