"""A second detector, simpler than the checker, with no clock in it.

Who enters puts its mark into a file, with a number one higher than it found there. Who leaves
looks whether its own mark is still in place, *then* asks its lock whether it is still held. If
another mark is there and the lock says yes, two were inside together, whatever the time.
"""

from __future__ import annotations

import os
from pathlib import Path


class Occupancy:
    """The file, as one process sees it."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def enter(self, name: str) -> str:
        """Leave a mark, and return it."""
        number = int(self.look().partition(" ")[0] or 0)
        mark = f"{number + 1} {name}"
        mine = self._path.with_name(f"{self._path.name}.{os.getpid()}")
        mine.write_text(mark)
        mine.replace(self._path)  # whole or not at all
        return mark

    def look(self) -> str:
        """The mark that is there."""
        try:
            return self._path.read_text()
        except FileNotFoundError:
            return ""
