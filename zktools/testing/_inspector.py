"""Looks at each frame on its way: counts it, reports it, springs the trap that waits for it."""

from __future__ import annotations

import logging
import threading
from collections import Counter
from typing import TypeVar

from zktools.testing._frames import Frame, Op
from zktools.testing._link import DroppedError
from zktools.testing._traps import Drop, Hold, Hook, Trap

_LOG = logging.getLogger("zktools.testing")

AnyTrap = TypeVar("AnyTrap", bound=Trap)


class Inspector:
    """What a proxy knows and plans about single frames. All methods may be called in any thread.

    Attributes:
        pings: how many pings came by.
        events: how many watch events came by.
        errors: what hooks raised.
    """

    def __init__(self) -> None:
        self.pings = self.events = 0
        self.errors: list[Exception] = []
        self._lock = threading.Lock()
        self._requests: Counter[int] = Counter()
        self._traps: list[Trap] = []
        self._hooks: list[Hook] = []

    @property
    def requests(self) -> Counter[int]:
        """A copy of the counts of requests by `Op`, pings left out."""
        with self._lock:
            return self._requests.copy()

    def add_trap(self, trap: AnyTrap) -> AnyTrap:
        """Look out for one more frame."""
        with self._lock:
            self._traps.append(trap)
        return trap

    def add_hook(self, hook: Hook) -> Hook:
        """Report frames to one more function."""
        with self._lock:
            self._hooks.append(hook)
        return hook

    def clear(self) -> None:
        """Release all traps."""
        with self._lock:
            traps, self._traps = self._traps, []
        for trap in traps:
            trap.release()

    def inspect(self, frame: Frame) -> Hold | None:
        """Take note of a frame, and say what keeps it back.

        Raises:
            DroppedError: it is to be lost.
        """
        self._count(frame)
        self._report(frame)
        # Users' functions run without our lock: they may ask us for something.
        caught = [trap for trap in self._traps.copy() if trap.catches(frame)]
        with self._lock:
            self._traps = [trap for trap in self._traps if not trap.is_over]
        if any(isinstance(trap, Drop) for trap in caught):
            raise DroppedError
        return next((trap for trap in caught if isinstance(trap, Hold)), None)

    def _count(self, frame: Frame) -> None:
        with self._lock:
            if frame.op == Op.EVENT:
                self.events += 1
            elif frame.kind == "request" and frame.op == Op.PING:
                self.pings += 1
            elif frame.kind == "request":
                self._requests[frame.op] += 1

    def _report(self, frame: Frame) -> None:
        for hook in self._hooks.copy():
            try:
                hook.see(frame)
            except Exception as error:  # noqa: BLE001 - a user's; it must not stop the traffic
                _LOG.exception("a function given to a proxy failed for %s", frame)
                self.errors.append(error)
