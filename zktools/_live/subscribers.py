"""Calling users' functions: one at a time, with what changed since the last call, never in a queue.

A slow function is not called for every moment in between: what it has not seen yet is kept as the
state it saw last and the keys touched since, which does not grow with the number of changes.

The first call is made by who subscribes, so it waits for nobody. All later ones of one object come
one at a time; those of other objects wait for none of them.
"""

from __future__ import annotations

import logging
import os
import weakref
from collections.abc import Callable, Collection
from types import MethodType
from typing import Any, Generic, TypeVar

from zktools._engine.arguments import check_callable
from zktools._engine.latch import Latch
from zktools._engine.session import Session
from zktools._engine.steps import Steps
from zktools.exceptions import ClientUnusableError

S = TypeVar("S")

log = logging.getLogger("zktools.live")

#: Answers the argument of the call, :data:`NOTHING`, or the error that takes its place, from the
#: state seen last (None at the first call), the state now, and what was touched between.
Render = Callable[["S | None", "S", "set[str]"], object]

NOTHING = object()

_FORKED = (
    "this object was made before a fork(): in this process nothing keeps it up to date. Make a "
    "client and live objects after the fork"
)


class Subscription(Generic[S]):
    """One function, and what it has not been told yet."""

    def __init__(self, function: Callable[[Any], object], render: Render[S]) -> None:
        self.function = function
        self.render = render
        self.seen: S | None = None
        self.touched: set[str] | None = set()
        """None when it has been told everything. At first it is just being told."""

    def note(self, seen: S, keys: set[str]) -> bool:
        """What it is to be told of has changed. Whether it had been told everything before."""
        if self.touched is not None:
            self.touched |= keys
            return False
        self.seen, self.touched = seen, set(keys)
        return True

    def take(self) -> tuple[S | None, set[str] | None]:
        """What it saw last, and what was touched since; from now on it has been told."""
        seen, touched = self.seen, self.touched
        self.seen = self.touched = None
        return seen, touched

    def __repr__(self) -> str:
        function = self.function
        return getattr(function, "__qualname__", None) or type(function).__qualname__


class Follower(Subscription[S]):
    """One that nobody calls: it is told when it asks, and first of the present."""

    def __init__(self, render: Render[S]) -> None:
        super().__init__(_nobody, render)
        self._has_begun = False

    def note(self, seen: S, keys: set[str]) -> bool:
        """See :class:`Subscription`."""
        return self._has_begun and super().note(seen, keys)

    def take(self) -> tuple[S | None, set[str] | None]:
        """See :class:`Subscription`."""
        self._has_begun = True
        return super().take()


def _nobody(_argument: object) -> None:
    """Nobody is called."""


class Subscribers(Generic[S]):
    """The functions that one object calls, and the state they are told of."""

    is_of_parent = False
    """Whether the process was forked since: nothing is kept current in the child."""
    state: S
    """What is shown now. Replaced as a whole, never changed: it is read without a lock.

    :raises ClientUnusableError: in a forked child.
    """

    def __init__(self, session: Session, state: S) -> None:
        self.state = state
        self._session = session
        self._line = session.delivery.subscribers.line()
        self._guard: Any = session.handler.lock_object()
        self._subscriptions: list[Subscription[S]] = []
        self._followers: weakref.WeakSet[Follower[S]] = weakref.WeakSet()
        self._waiting: set[Latch] = set()
        self._closed = False
        _everybody.add(self)

    def _check_own(self) -> None:
        # In a child the guard is a copy, which may be taken for ever.
        if self.is_of_parent:
            raise ClientUnusableError(_FORKED)

    def add(self, function: Callable[[Any], object], render: Render[S], name: str) -> None:
        """Call `function` at once, here, and then at each change.

        What it raises is logged, but for what is no Exception: that ends the subscription.
        """
        check_callable(function, "a subscriber")
        self._check_own()
        self._session.delivery.subscribers.stand_by()
        subscription = Subscription(function, render)
        try:
            with self._guard:
                state = subscription.seen = self.state
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

    def show(self, state: S, touched: Collection[str], name: str) -> None:
        """From now on this is the state. On the engine."""
        due: list[Subscription[S]] = []
        with self._guard:
            seen, self.state = self.state, state
            if touched and (self._subscriptions or self._followers):
                keys = set(touched)
                due = [each for each in self._subscriptions if each.note(seen, keys)]
                for follower in self._followers:
                    follower.note(seen, keys)
        for subscription in due:
            self._line.post(self._deliver, subscription, name)
        self.wake()

    def _deliver(self, subscription: Subscription[S], name: str) -> None:
        with self._guard:
            seen, touched = subscription.take()
            state = self.state
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

    def waiting(
        self, ready: Callable[[], bool], remaining: Callable[[], float | None]
    ) -> Steps[bool]:
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
                yield latch, seconds
        finally:
            self._waiting.discard(latch)

    # -- following at one's own pace -----------------------------------------------------------

    def follow(self, render: Render[S]) -> Follower[S]:
        """One that :meth:`next` tells, for as long as somebody has it."""
        self._check_own()
        follower = Follower(render)
        with self._guard:
            self._followers.add(follower)
        return follower

    def next(self, follower: Follower[S], name: str, check: Callable[[], None]) -> Steps[object]:
        """What it is to be told of next, at once or once there is something.

        :data:`NOTHING` when this was closed. ``check()`` raises when nothing can come any more.
        """
        argument: object = NOTHING

        def ready() -> bool:
            nonlocal argument
            self._check_own()
            with self._guard:
                seen, touched = follower.take()
                state = self.state
            if touched is not None and not self._closed:
                argument = follower.render(seen, state, touched)
            if isinstance(argument, Exception):
                log.error("no value to tell a follower of %s: %s", name, argument)
                argument = NOTHING
            if argument is NOTHING and not self._closed:
                check()
            return argument is not NOTHING

        yield from self.waiting(ready, _without_end)
        return argument


class _OfParent(Subscribers[S]):
    """What they are in a forked child: whoever reads is told so, and who reads elsewhere pays none.

    Even to compare the number of the process would be a third of a reading.
    """

    is_of_parent = True

    @property
    def state(self) -> S:  # type: ignore[override]
        raise ClientUnusableError(_FORKED)


_everybody: weakref.WeakSet[Subscribers[Any]] = weakref.WeakSet()


def _leave_parent() -> None:
    for each in list(_everybody):
        each.__class__ = _OfParent


os.register_at_fork(after_in_child=_leave_parent)


def _without_end() -> None:
    """No limit to how long to wait."""


def _same(subscription: Subscription[Any], function: object) -> bool:
    # A bound method is another object each time it is asked for; other callables, such as a list
    # with a __call__, may equal something that they are not.
    mine = subscription.function
    return mine is function or (isinstance(mine, MethodType) and mine == function)
