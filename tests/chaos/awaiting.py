"""The awaiting face under test: each attempt is a task on the worker's loop, in ``async with``.

The worker's own thread does the work, as for every subject; the body waits until that is done, and
is cancelled when the lease is lost. A body that is still there a tenth of a second after that,
though the loop was free, is an error that goes into the history.
"""

# ruff: noqa: D102 - what the methods do is written at `Attempt` and `Subject`

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

from kazoo.client import KazooClient

from tests.chaos.leased import Leased
from tests.chaos.unruly import SELDOM, Unruly
from zktools import IMMEDIATE, aio, hooks
from zktools.exceptions import LockLost, LockTimeout, OutcomeUnknownError

ACQUIRED, REFUSED, CANCELLED = "acquired", "refused", "cancelled"
OK, UNKNOWN = "ok", "unknown"

GRACE = 0.1  # seconds within which a body has to end
FREE = 0.05  # seconds by which a free loop is late at most


class Awaiting:
    """Two lock objects, and a loop on a thread, for as long as the worker lives."""

    def __init__(
        self,
        client: KazooClient,
        who: str,
        root: str,
        name: str,
        told: Callable[[int, str], None],
    ) -> None:
        self._loop = asyncio.new_event_loop()
        threading.Thread(target=self._loop.run_forever, daemon=True).start()
        self._locks = {
            "write": aio.ZkWriteLock(client, name, root, identifier=who),
            "read": aio.ZkReadLock(client, name, root, identifier=who),
        }
        hooks.observe(Unruly(SELDOM))
        for lock in self._locks.values():
            lock.on_revoke(lambda lease, reason: told(lease.token, reason.value))
            lock.on_revoke(Unruly().awaited)

    def attempt(self, kind: str) -> AwaitingAttempt:
        return AwaitingAttempt(self._loop, self._locks[kind])


class AwaitingAttempt(Leased):
    """As `Attempt`."""

    def __init__(self, loop: asyncio.AbstractEventLoop, lock: Any) -> None:
        self._loop = loop
        self._lock = lock
        self._entered: Future[str] = Future()
        self._leave = asyncio.Event()
        self._overran = False
        self._cancelled = False
        self._task: Future[bool] | None = None
        self._body: asyncio.Task[Any] | None = None

    def acquire(self, timeout: float | None, revoke: str | None) -> str:
        how = IMMEDIATE if revoke == "immediate" else revoke == "ask"
        self._task = asyncio.run_coroutine_threadsafe(self._run(timeout, how), self._loop)
        return self._entered.result()

    async def _run(self, seconds: float | None, how: Any) -> bool:
        """Whether the lock was held to the end, as far as the face tells."""
        self._body = asyncio.current_task()
        if self._cancelled:  # before it began
            self._entered.set_result(CANCELLED)
            return True
        try:
            async with self._lock(seconds, how) as lease:
                self._lease = lease
                watching = asyncio.create_task(self._watch(self._body))
                self._entered.set_result(ACQUIRED)
                try:
                    await self._leave.wait()
                finally:
                    watching.cancel()
        except LockLost as error:
            if not self._entered.done():  # lost before the loop came to the grant
                self._entered.set_exception(error)
            return False
        except LockTimeout:
            self._entered.set_result(REFUSED)
        except asyncio.CancelledError:
            self._entered.set_result(CANCELLED)
        except BaseException as error:  # noqa: BLE001 - it is the worker's
            self._entered.set_exception(error)
        return True

    async def _watch(self, body: Any) -> None:
        await self._lease.lost.wait()
        began = self._loop.time()
        await asyncio.sleep(GRACE)
        self._overran = not body.done() and self._loop.time() - began < GRACE + FREE

    def cancel(self) -> None:
        self._loop.call_soon_threadsafe(self._cancel)

    def _cancel(self) -> None:
        self._cancelled = True
        if self._body is not None and not self._entered.done():
            self._body.cancel()

    def guarded_set(self, path: str, value: bytes) -> str:
        return asyncio.run_coroutine_threadsafe(self._set(path, value), self._loop).result()

    async def _set(self, path: str, value: bytes) -> str:
        try:
            async with self._lease.transaction() as transaction:
                transaction.set_data(path, value)
        except OutcomeUnknownError:
            return UNKNOWN
        except LockLost:
            return REFUSED
        return OK

    def release(self) -> bool:
        self._loop.call_soon_threadsafe(self._leave.set)
        assert self._task is not None
        held = self._task.result()
        if self._overran:
            raise AssertionError("the body ran on after its lease was lost")
        return held
