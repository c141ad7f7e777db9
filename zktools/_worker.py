"""A thread that exists only while there is something to do."""

from __future__ import annotations

import heapq
import itertools
import logging
from collections.abc import Callable
from typing import Any

from zktools._clock import now

log = logging.getLogger("zktools.worker")

#: Seconds an idle worker stays, so that a busy caller does not start a thread for each request.
LINGER = 0.5


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
    """Runs functions one at a time, in the order given, on a thread of the client's handler.

    Whatever runs here needs no lock against its likes, never meets a KeyboardInterrupt or a
    gevent.Timeout that was meant for a user's thread, and does not hold up kazoo's own threads.
    The thread is started by the first function and ends when idle: nothing has to be closed, and
    an idle worker keeps nothing alive.
    """

    def __init__(self, handler: Any) -> None:
        self._handler = handler
        self._queue: Any = handler.queue_impl()
        self._guard: Any = handler.lock_object()
        self._alive: Any = handler.lock_object()  # held by the one thread that runs
        self._running = False
        self._timers: list[tuple[float, int, Timer]] = []
        self._order = itertools.count()

    def post(self, function: Callable[..., object], *args: Any) -> None:
        """Run ``function(*args)`` after all that was posted before. Never blocks; any thread."""
        self._queue.put((function, args))
        if not self._running:
            with self._guard:
                if not self._running:
                    self._start()

    def _start(self) -> None:
        try:
            self._running = True
            self._handler.spawn(self._run)
        except BaseException:
            # A KeyboardInterrupt here leaves open whether there is a thread now. The next post
            # starts another; of two, `_alive` lets one go on.
            self._running = False
            raise

    def later(self, seconds: float, function: Callable[..., object], *args: Any) -> Timer:
        """Run ``function(*args)`` in `seconds`. To be called on this worker only."""
        timer = Timer(function, args)
        heapq.heappush(self._timers, (now() + seconds, next(self._order), timer))
        return timer

    def _run(self) -> None:
        if not self._alive.acquire(False):
            return
        while True:
            self._run_due_timers()
            wait = self._timers[0][0] - now() if self._timers else LINGER
            try:
                function, args = self._queue.get(True, max(wait, 0.001))
            except self._handler.queue_empty:
                if self._timers or not self._retire():
                    continue
                return
            _run_safely(function, args)
            del function, args

    def _run_due_timers(self) -> None:
        while self._timers and (self._timers[0][2].function is None or self._timers[0][0] <= now()):
            timer = heapq.heappop(self._timers)[2]
            if timer.function is not None:
                _run_safely(timer.function, timer.args)

    def _retire(self) -> bool:
        # `post` puts first and reads `_running` second; this clears first and looks second.
        # Whichever comes last sees the other, so no function is left without a thread.
        with self._guard:
            self._running = False
            if self._queue.empty():
                self._alive.release()
                return True
            self._running = True
            return False


def _run_safely(function: Callable[..., object], args: tuple[Any, ...]) -> None:
    try:
        function(*args)
    except Exception:
        log.exception("%s failed", getattr(function, "__qualname__", function))
