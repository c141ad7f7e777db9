"""Who waits for a moment to be shown, and for how long. On the engine's thread."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from zktools._engine.clock import now
from zktools._engine.outcome import Outcome
from zktools._engine.session import Session
from zktools._engine.worker import Timer
from zktools.exceptions import NotConnectedError


class _Waiter(NamedTuple):
    number: int
    """The pass whose moment is waited for, or a later one."""
    done: Outcome
    doing: str
    since: float


class Waiting:
    """Outcomes that are set when a pass is shown.

    Reading a hundred thousand nodes takes what it takes. So the limit, one session timeout, is for
    the time in which nothing has come.
    """

    def __init__(self, session: Session, why: Callable[[], str]) -> None:
        """``why()`` says what is in the way, to those whose time is up."""
        self._session = session
        self._why = why
        self._waiters: list[_Waiter] = []
        self._heard = float("-inf")
        self._timer: Timer | None = None

    def __bool__(self) -> bool:
        return bool(self._waiters)

    def add(self, number: int, done: Outcome, doing: str) -> None:
        """Set `done` once pass `number` is shown."""
        self._waiters.append(_Waiter(number, done, doing, now()))
        if self._timer is None:
            self._look_later()

    def progress(self) -> None:
        """Some of what is waited for has come."""
        self._heard = now()

    def shown(self, number: int) -> None:
        """Pass `number` is shown."""
        self._end(lambda waiter: waiter.number <= number, lambda waiter: waiter.done.set())

    def fail(self, error: Callable[[], Exception]) -> None:
        """It will not be shown."""
        self._end(lambda _: True, lambda waiter: waiter.done.set_exception(error()))

    def _end(self, which: Callable[[_Waiter], bool], end: Callable[[_Waiter], None]) -> None:
        due = [waiter for waiter in self._waiters if which(waiter)]
        self._waiters = [waiter for waiter in self._waiters if not which(waiter)]
        if not self._waiters and self._timer is not None:
            self._timer.cancel()
            self._timer = None
        for waiter in due:
            end(waiter)

    def _limit(self, waiter: _Waiter) -> float:
        return max(waiter.since, self._heard) + self._session.wire.session_timeout

    def _look_later(self) -> None:
        first = min(map(self._limit, self._waiters))
        self._timer = self._session.engine.later(max(first - now(), 0.001), self._look)

    def _look(self) -> None:
        self._timer = None
        at = now()
        self._end(lambda waiter: self._limit(waiter) <= at, self._give_up)
        if self._waiters:
            self._look_later()

    def _give_up(self, waiter: _Waiter) -> None:
        waiter.done.set_exception(NotConnectedError(f"{waiter.doing}: {self._why()}"))
