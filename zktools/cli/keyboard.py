"""Single keys, from somebody who sits before a terminal."""

from __future__ import annotations

import os
import select
import sys
import termios
import tty
from typing import Any, Self

_STDIN = 0


class Keyboard:
    """Standard input without waiting for whole lines; nothing where it is no terminal."""

    def __init__(self) -> None:
        self._before: list[Any] | None = None
        self._open = sys.stdin is not None and sys.stdin.isatty()

    def __enter__(self) -> Self:
        if self._open:
            self._before = termios.tcgetattr(_STDIN)
            tty.setcbreak(_STDIN)
        return self

    def __exit__(self, *_: object) -> None:
        if self._before is not None:
            termios.tcsetattr(_STDIN, termios.TCSADRAIN, self._before)

    def wait(self, seconds: float) -> str:
        """The keys that are pressed by then, or nothing."""
        ready, _, _ = select.select([_STDIN] if self._open else [], [], [], seconds)
        if not ready:
            return ""
        keys = os.read(_STDIN, 1024)
        self._open = bool(keys)
        return keys.decode(errors="replace")
