"""The body of ``async with lock()``: cancelled when the lease is lost."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Any

from zktools._engine.flag import Flag
from zktools._engine.latch import Latch
from zktools.aio._bridge import bridge


class Scope:
    """Cancels the task that entered it when `lost` becomes true, until that task leaves.

    The bookkeeping is that of ``asyncio.Timeout``: a task counts the requests to cancel it,
    and whoever made one takes it back. What is left over when ours is taken back is somebody
    else's, an outer timeout's or ``task.cancel()``, and wins.
    """

    def __init__(self, lost: Flag, handler: Any) -> None:
        task = asyncio.current_task()
        if task is None:
            raise RuntimeError("`async with lock()` has to be entered by a task")
        self._task = task
        self._before = task.cancelling()
        self._cancelled = False
        self._left = False
        self._lost = lost
        self._latch = Latch(handler)
        self._latch.tell(partial(bridge().call, self._cancel))
        lost.link(self._latch)

    def _cancel(self) -> None:
        if not self._left and not self._cancelled:
            self._cancelled = True
            self._task.cancel("the lease was lost")

    def leave(self, error: BaseException | None) -> bool:
        """The body ended with `error`. Whether that is the loss, and nobody else's doing.

        Also when the body was cancelled and ended all the same: the loss was known to it. When the
        loss was not known before it ended, it ended well.
        """
        self._left = True
        self._lost.unlink(self._latch)
        if not self._cancelled:
            return False
        is_ours = self._task.uncancel() <= self._before
        return is_ours and (error is None or isinstance(error, asyncio.CancelledError))
