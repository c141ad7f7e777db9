"""Users' functions as they must not matter to anybody else: they raise anything, and block."""

from __future__ import annotations

import asyncio
import itertools
import logging
import threading

SELDOM = 200
"""Events between two wrongs of an observer: some seconds of them."""

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
        if self._has_to_block():
            threading.Event().wait(_BLOCKS)

    async def awaited(self, *_args: object) -> None:
        """The same for a loop, which it does not block: that would be the program's own fault."""
        if self._has_to_block():
            await asyncio.sleep(_BLOCKS)

    def _has_to_block(self) -> bool:
        number = next(self._calls)
        if number % self._often == 0:
            raise Mischief
        return number % self._often == 1
