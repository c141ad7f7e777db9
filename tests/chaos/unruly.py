"""Users' functions as they must not matter to anybody else: they raise anything, and block."""

from __future__ import annotations

import itertools
import logging
import threading

_BLOCKS = 1.0  # seconds: longer than anybody may wait for news


class Mischief(BaseException):
    """What is raised on purpose. That it is logged is right."""


def is_mischief(record: logging.LogRecord) -> bool:
    """Whether this is the log of one."""
    return bool(record.exc_info) and isinstance(record.exc_info[1], Mischief)


class Unruly:
    """A subscriber, callback or observer: one call in so many raises, and the next one blocks."""

    def __init__(self, often: int = 3) -> None:
        self._often = often
        self._calls = itertools.count(-1)  # the first is made by who subscribes

    def __call__(self, *_args: object) -> None:
        """Do no good."""
        number = next(self._calls)
        if number % self._often == 0:
            raise Mischief
        if number % self._often == 1:
            threading.Event().wait(_BLOCKS)
