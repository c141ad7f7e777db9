"""One thing at a time, in the order given, on a thread that exists only while it is needed."""

from __future__ import annotations

import heapq
import itertools
import logging
from collections import deque
from collections.abc import Callable
from typing import Any

from zktools._engine.clock import now
from zktools._engine.latch import Latch

log = logging.getLogger("zktools.worker")

#: Seconds an idle thread stays, so that a busy caller does not start one for each request.
LINGER = 0.5
#: Seconds between its looks at whether it is still wanted, after that.
STAY = 5.0

_NEVER = float("inf")


class Timer:
    """A call that is due later; `cancel` makes it nothing."""

    __slots__ = ("args", "function")

    def __init__(self, function: Callable[..., object], args: tuple[Any, ...]) -> None:
        self.function: Callable[..., object] | None = function
        self.args = args

    def cancel(self) -> None:
        """Do not call it. Harmless once it was called."""
        self.function = None


class Worker:
    """Runs functions one at a time, in the order given.

    Whatever runs here needs no lock against its likes, and never meets a KeyboardInterrupt or a
    gevent.Timeout that was meant for a user's thread. The thread is started by the first function
    and ends when it is idle and not `is_wanted` any more: nothing has to be closed, and an idle
    worker keeps nothing alive. As long as it is wanted it stays: when Python ends, and from 3.12 on
    that begins when the main thread is over, no new one can be started.

    A thread of kazoo's may :meth:`bring` a function that cannot block. With nothing else to do it
    is run right there, which saves a change of thread in the middle of a handover.
    """

    def __init__(self, handler: Any, is_wanted: Callable[[], bool] = lambda: False) -> None:
        self.handler = handler
        self.is_wanted = is_wanted
        self._items: deque[tuple[Callable[..., object], tuple[Any, ...]]] = deque()
        self._first: deque[tuple[Callable[..., object], tuple[Any, ...]]] = deque()
        self._turn: Any = handler.lock_object()  # held by whoever runs a function
        self._wake = Latch(handler)
        self._guard: Any = handler.lock_object()
        self._alive: Any = handler.lock_object()  # held by the one thread that runs
        self._running = False
        self._timers: list[tuple[float, int, Timer]] = []
        self._order = itertools.count()
        self._looks_at = _NEVER  # when the thread looks at the timers by itself

    def post(self, function: Callable[..., object], *args: Any) -> None:
        """Run ``function(*args)`` after all that was given before. Never blocks; any thread."""
        self._items.append((function, args))
        self._call_thread()

    def put_first(self, function: Callable[..., object], *args: Any) -> None:
        """Run ``function(*args)`` ahead of all that is given from now on, and no sooner than that.

        For what only prepares for an item that is certain to come. Saves waking the thread.
        """
        self._first.append((function, args))

    def hint(self, function: Callable[..., object], *args: Any) -> None:
        """As :meth:`post`, if there is a thread; and if there is none, never.

        It takes no lock, so that the garbage collector may call it at any point of any code.
        """
        if self._running:
            self._items.append((function, args))
            self._wake.open()

    def bring(self, function: Callable[..., object], *args: Any) -> None:
        """As :meth:`post`, or at once here, if nothing else runs or waits. kazoo's threads only."""
        if not self._turn.acquire(False):
            self.post(function, *args)
            return
        try:
            if self._items:
                self._items.append((function, args))
            elif self._first:
                self._run_item(function, args)
            else:
                run_safely(function, args)
        finally:
            is_due = bool(self._timers) and self._timers[0][0] < self._looks_at
            self._turn.release()
        if self._items or is_due:
            self._call_thread()

    def later(self, seconds: float, function: Callable[..., object], *args: Any) -> Timer:
        """Run ``function(*args)`` in `seconds`. To be called by what this worker runs only."""
        timer = Timer(function, args)
        heapq.heappush(self._timers, (now() + seconds, next(self._order), timer))
        return timer

    def stand_by(self) -> None:
        """Have the thread by the time it is needed, if it is wanted."""
        if not self._running and self.is_wanted():
            self._call_thread()

    def _call_thread(self) -> None:
        self._wake.open()
        if not self._running:
            with self._guard:
                if not self._running:
                    self._start()

    def _start(self) -> None:
        try:
            self._running = True
            self.handler.spawn(self._run)
        except BaseException:
            # A KeyboardInterrupt here leaves open whether there is a thread now. The next call
            # starts another; of two, `_alive` lets one go on.
            self._running = False
            raise

    def _run(self) -> None:
        if not self._alive.acquire(False):
            return
        try:
            self._run_until_idle()
        except BaseException:  # its greenlet was killed
            with self._guard:
                self._running = False
                self._alive.release()
            if self._items or self._timers:
                self._call_thread()
            raise

    def _run_until_idle(self) -> None:
        patience = LINGER
        while True:
            with self._turn:
                self._run_items_and_timers()
                # Exactly when the first is due: were this any later, each bring() would wake us.
                self._looks_at = self._timers[0][0] if self._timers else _NEVER
                wait = self._looks_at - now() if self._timers else patience
            woken = self._wake.wait(max(wait, 0.001))
            patience = LINGER
            if not woken and not self._timers:
                if not self.is_wanted() and self._retire():
                    return
                patience = STAY

    def _run_items_and_timers(self) -> None:
        while True:
            self._run_due_timers()
            if not self._items:
                return
            function, args = self._items.popleft()
            self._run_item(function, args)
            del function, args

    def _run_item(self, function: Callable[..., object], args: tuple[Any, ...]) -> None:
        # Looked for after the item was taken: what has to be ahead of it was put there before.
        while self._first:
            run_safely(*self._first.popleft())
        run_safely(function, args)

    def _run_due_timers(self) -> None:
        while self._timers and (self._timers[0][2].function is None or self._timers[0][0] <= now()):
            timer = heapq.heappop(self._timers)[2]
            if timer.function is not None:
                run_safely(timer.function, timer.args)

    def _retire(self) -> bool:
        # `_call_thread` comes after the item, and reads `_running` last; this clears it first and
        # looks for items second. Whichever comes last sees the other, so nothing is left without a
        # thread.
        with self._guard:
            self._running = False
            if not self._items and not self._timers:
                self._alive.release()
                return True
            self._running = True
            return False


def run_safely(function: Callable[..., object], args: tuple[Any, ...]) -> None:
    """Call it; whatever it raises is logged. ``sys.exit()`` too: it ends nothing here."""
    try:
        function(*args)
    except BaseException:
        log.exception("%s failed", getattr(function, "__qualname__", function))
