"""What follows a folder of nodes: the face that all have, and what they tell of changes."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable
from typing import Protocol


class Arrivals:
    """Waits until a number of keys have shown a value, and counts how often it was told."""

    def __init__(self) -> None:
        self._arrived = threading.Event()
        self._value = ""
        self._missing: set[str] = set()
        self._calls = 0
        self._at = 0.0

    def expect(self, value: str, keys: Iterable[str]) -> None:
        """Wait for this value of these keys from now on."""
        self._arrived.clear()
        self._calls = 0
        self._missing = set(keys)
        self._value = value

    def note(self, changes: Iterable[tuple[str, str]]) -> None:
        """One call of a subscriber: these keys have these values."""
        at = time.monotonic()
        if not self._missing:
            return
        self._calls += 1
        self._missing.difference_update(key for key, value in changes if value == self._value)
        if not self._missing:
            self._at = at
            self._arrived.set()

    def wait(self, timeout: float) -> dict[str, object] | None:
        """When the last arrived, on the monotonic clock, and in how many calls; None if not."""
        return {"at": self._at, "calls": self._calls} if self._arrived.wait(timeout) else None


class View(Protocol):
    """A library that follows a folder, connected to its server."""

    def load(self, folder: str, count: int, arrivals: Arrivals) -> object:
        """Return when `count` keys can be read and are followed."""

    def read(self, key: str) -> object:
        """The present value."""

    def close(self) -> None:
        """Disconnect."""
