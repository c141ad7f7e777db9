"""Where users' functions run: beside the engine, and not behind each other.

Users' functions are guests. They may take for ever, raise anything, wait for each other, fork or
exit; none of that is to reach the engine, or keep news from anybody else. So each kind has threads
of its own: what revokes a lock does not wait for subscribers or metrics. Within a kind, quick ones
share a thread. Whenever that has not got to a call within :data:`GRACE` there is one more, up to
:data:`THREADS`; beyond that, calls wait their turn.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable
from typing import Any, Protocol

from zktools._engine.latch import Latch
from zktools._engine.process import process
from zktools._engine.worker import LINGER, STAY, Worker, run_safely

log = logging.getLogger("zktools.delivery")

#: How many functions of one kind may run at a time for one client.
THREADS = 32
#: Seconds that a call waits for a busy thread before another is started.
GRACE = 0.01

_Call = tuple[Callable[..., object], tuple[Any, ...]]


class Place(Protocol):
    """Somewhere that users' functions may run."""

    def run(self, function: Callable[..., object], *args: Any) -> None:
        """Call it there, once, soon. Never blocks; any thread."""


class Pool:
    """Some threads that call what they are given: first come, first served.

    One thread stays for as long as `is_wanted`, even if idle: when Python ends, no new one can be
    started. The others end when idle.
    """

    def __init__(self, engine: Worker, kind: str) -> None:
        self._engine = engine
        self._handler = handler = engine.handler
        self._kind = kind
        self._is_wanted = engine.is_wanted
        self._guard: Any = handler.lock_object()
        self._calls: deque[_Call] = deque()
        self._serving: set[Latch] = set()  # one for each thread: what wakes it
        self._idle: list[Latch] = []
        self._pid = process()
        self._is_checking = False
        self._is_full = False

    def run(self, function: Callable[..., object], *args: Any) -> None:
        """See :class:`Place`."""
        if self._is_of_parent():
            return
        self._calls.append((function, args))
        with self._guard:
            if self._idle:
                self._idle.pop().open()
                return
        if not self._serving:
            self._start()
        elif not self._is_checking:
            self._engine.post(self._check_later)

    def _check_later(self) -> None:
        if not self._is_checking:
            self._is_checking = True
            self._engine.later(GRACE, self._check)

    def _check(self) -> None:
        """See whether those who are busy are so for long. On the engine."""
        self._is_checking = False
        if not self._calls:
            self._is_full = False
        elif len(self._serving) < THREADS:
            self._start()
            self._check_later()
        elif not self._is_full:
            self._is_full = True
            log.warning("all %d threads for %s are busy: more calls wait", THREADS, self._kind)

    def line(self, limit: int | None = None) -> Line:
        """Calls that come one at a time; `limit` of them wait at most."""
        return Line(self, self._handler, limit)

    def stand_by(self) -> None:
        """Have a thread by the time it is needed, if the client is started."""
        if not self._serving and self._is_wanted():
            self._start()

    @property
    def is_idle(self) -> bool:
        """Whether nothing is being called, or waits to be."""
        with self._guard:
            return not self._calls and len(self._idle) == len(self._serving)

    def _is_of_parent(self) -> bool:
        # A function forked and came back in the child. What is left to be called is its parent's.
        return bool(self._serving) and self._pid != process()

    def _start(self) -> None:
        latch = Latch(self._handler)
        self._pid = process()
        self._serving.add(latch)
        try:
            self._handler.spawn(self._serve, latch)
        except Exception as error:  # noqa: BLE001 - the caller is none the worse
            self._serving.discard(latch)
            log.warning("no thread for %s, so calls wait or are not made: %s", self._kind, error)
        except BaseException:
            # A KeyboardInterrupt leaves open whether there is a thread now. If so, it is one more.
            self._serving.discard(latch)
            raise

    def _serve(self, latch: Latch) -> None:
        try:
            while self._has_calls(latch):
                self._make_calls()
                if self._is_of_parent():
                    return
        except BaseException:  # its greenlet was killed
            with self._guard:
                self._forget(latch)
            if self._calls:
                self._start()
            raise

    def _make_calls(self) -> None:
        while self._calls and not self._is_of_parent():
            try:
                function, args = self._calls.popleft()
            except IndexError:  # another thread was faster
                return
            run_safely(function, args)
            del function, args

    def _has_calls(self, latch: Latch) -> bool:
        """Wait for some; False when this thread is to end."""
        patience = LINGER
        while True:
            with self._guard:
                if self._calls:
                    return True
                self._idle.append(latch)
            latch.wait(patience)
            with self._guard:
                if latch not in self._idle:
                    return True
                self._idle.remove(latch)
                if not self._calls and not self._is_to_stay(latch):
                    self._forget(latch)
                    return False
            patience = STAY

    def _is_to_stay(self, latch: Latch) -> bool:
        return self._serving == {latch} and self._is_wanted()

    def _forget(self, latch: Latch) -> None:
        self._serving.discard(latch)
        if latch in self._idle:
            self._idle.remove(latch)


class Line:
    """Calls in the order given, one at a time, in a place that others use too."""

    def __init__(self, place: Place, handler: Any, limit: int | None = None) -> None:
        self._place = place
        self._limit = limit
        self._calls: deque[_Call] = deque()
        self._turn: Any = handler.lock_object()  # held by whoever makes a call
        self._is_calling = False

    def post(self, function: Callable[..., object], *args: Any) -> bool:
        """Call it after all that was posted before. False, and it is not, when `limit` wait."""
        if self._limit is not None and len(self._calls) >= self._limit:
            return False
        self._calls.append((function, args))
        if not self._is_calling:
            self._place.run(self._call_next)
        return True

    def _call_next(self) -> None:
        if not self._turn.acquire(False):
            return  # whoever has it looks for more when it gives it back
        self._is_calling = True
        try:
            if self._calls:
                function, args = self._calls.popleft()
                function(*args)
        finally:
            self._is_calling = False
            self._turn.release()
            if self._calls:
                self._place.run(self._call_next)  # behind others who wait for their turn


class Delivery:
    """The places of one client's users' functions, a kind each."""

    def __init__(self, engine: Worker) -> None:
        self.revocations = Pool(engine, "on_revoke callbacks")
        self.subscribers = Pool(engine, "subscribers")
        self.observers = Pool(engine, "observers")
        self.items = Pool(engine, "callbacks of partitions")
        self.files = Pool(engine, "writing caches")
        self.decisions = Pool(engine, "sharing out items")
        """No user's function, but what may take long, and must not wait for one."""
