"""Running a coroutine to its nth suspension, and cancelling it there."""

from __future__ import annotations

import asyncio


class Suspended:
    """Awaits a coroutine, and cancels the task at its nth suspension.

    `when` says at which moment: ``"at once"``, as soon as the loop comes to it; ``"late"``, when
    what is waited for has come, but the task has not been told yet.
    """

    def __init__(self, coroutine, nth, when, then=lambda: None):
        self._coroutine = coroutine
        self._left = nth
        self._when = when
        self._then = then
        self.reached = False

    def __await__(self):
        task = asyncio.current_task()
        send, value = self._coroutine.send, None
        while True:
            try:
                future = send(value)
            except StopIteration as end:
                return end.value
            self._left -= 1
            if self._left == 0:
                self.reached = True
                self._then()
                self._cancel(task, future)
            try:
                value = yield future
                send = self._coroutine.send
            except BaseException as error:  # noqa: BLE001 - it is for whoever waits inside
                send, value = self._coroutine.throw, error

    def _cancel(self, task, future):
        if self._when == "at once" or future is None:
            asyncio.get_running_loop().call_soon(task.cancel)
        else:
            future.add_done_callback(lambda _: task.cancel())


async def cancelled_at(nth, when, coroutine, then=lambda: None):
    """Whether there was an nth suspension to cancel `coroutine` at; it is over afterwards."""
    suspended = Suspended(coroutine, nth, when, then)

    async def run():
        return await suspended

    task = asyncio.create_task(run())
    await asyncio.wait([task])
    if not task.cancelled() and task.exception() is not None:
        raise task.exception()
    return suspended.reached
