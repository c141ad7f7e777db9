"""Contenders inside a worker: each a thread with a lock object of its own."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from benchmarks.subjects import Lock

#: When acquire() had returned, when release() was called, and whose it was, a number.
Span = tuple[float, float, int]


class Contention:
    """Threads that acquire, hold and release, until the process ends or their rounds are done.

    Args:
        make: makes one contender.
        contenders: how many.
        rounds: how often each acquires; 0 is without end.
        hold: seconds that the section takes.
    """

    def __init__(self, make: Callable[[], Lock], contenders: int, rounds: int, hold: float) -> None:
        self._rounds = rounds
        self._hold = hold
        self._stopping = False
        self._spans: list[Span] = []
        self._cpu = time.process_time()
        self._threads = [
            threading.Thread(target=self._contend, args=(make, number), daemon=True)
            for number in range(contenders)
        ]
        for thread in self._threads:
            thread.start()

    def mark(self) -> None:
        """Measure from now on."""
        self._spans = []
        self._cpu = time.process_time()

    def report(self) -> dict[str, object]:
        """Give what was measured until now."""
        cpu = time.process_time() - self._cpu
        return {"spans": list(self._spans), "cpu": cpu}

    def drain(self) -> None:
        """Let each that waits have its turn, and end."""
        self._stopping = True
        for thread in self._threads:
            thread.join()

    def _contend(self, make: Callable[[], Lock], number: int) -> None:
        lock = make()
        done = 0
        while not self._stopping and (done < self._rounds or not self._rounds):
            lock.acquire()
            acquired = time.monotonic()
            if self._hold:
                time.sleep(self._hold)
            # Before it is called: afterwards, another may be first to tell.
            self._spans.append((acquired, time.monotonic(), number))
            lock.release()
            done += 1
