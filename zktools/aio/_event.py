"""An event that zktools sets, for tasks to wait for."""

from __future__ import annotations

from typing import Literal

from zktools._engine.flag import Flag
from zktools.aio._bridge import perform


class Event:
    """Something that becomes true once: as ``asyncio.Event``, but for setting and clearing.

    Any task on any loop may wait for it.
    """

    def __init__(self, flag: Flag) -> None:
        self._flag = flag

    def is_set(self) -> bool:
        """Whether it is true."""
        return self._flag.is_set()

    async def wait(self) -> Literal[True]:
        """Return once it is, with True."""
        await perform(self._flag.waiting())
        return True
