"""Looking again and again beside what shows it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from zktools._engine.clock import now
from zktools.exceptions import NotConnectedError

T = TypeVar("T")


@dataclass(frozen=True)
class Seen(Generic[T]):
    """What was seen last."""

    what: T
    at: float
    """When, on the clock of :func:`zktools._engine.clock.now`."""
    current: bool
    """Whether the newest look succeeded; else ZooKeeper did not answer it."""


class Repeated(Generic[T]):
    """Looks now, and then on a thread of its own, `interval` seconds after each look.

    After one that took longer it rests for as long: half of the time, at the most, it reads.

    :raises Exception: what the first look raises.
    """

    def __init__(self, look: Callable[[], T], interval: float) -> None:
        self._look = look
        self._interval = interval
        self._over = threading.Event()
        self._error: Exception | None = None
        began = now()
        self._seen = Seen(look(), now(), current=True)
        self._took = now() - began
        threading.Thread(target=self._go_on, daemon=True).start()

    @property
    def seen(self) -> Seen[T]:
        """The newest.

        :raises Exception: what the newest look raised, unless ZooKeeper did not answer.
        """
        if self._error is not None:
            raise self._error
        return self._seen

    def end(self) -> None:
        """Look no more."""
        self._over.set()

    def _go_on(self) -> None:
        while not self._over.wait(max(self._interval, self._took)):
            began = now()
            try:
                self._seen = Seen(self._look(), now(), current=True)
            except NotConnectedError:
                self._seen = Seen(self._seen.what, self._seen.at, current=False)
            except Exception as error:  # noqa: BLE001 - raised where it is shown
                self._error = error
                return
            self._took = now() - began
