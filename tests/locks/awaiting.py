"""The awaiting face as the suite speaks to it: calls that block, on top of an event loop.

The suite's tests are written once, for calls that block. Here each call runs on a loop in debug
mode, on a thread of its own, and the caller waits for it. What only the awaiting face has, above
all what it does to the body of an ``async with``, is in ``tests/aio/``.
"""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import CancelledError

from zktools.exceptions import LockCancelled


class Loop:
    """An event loop on a thread of its own."""

    def __init__(self):
        self._runner = asyncio.Runner(debug=True)
        self.loop = self._runner.get_loop()
        self.loop.slow_callback_duration = 60  # the machine's affair
        self._thread = threading.Thread(target=self.loop.run_forever, name="event loop")
        self._thread.start()

    def run(self, coroutine):
        """Run it to its end; what it returned or raised."""
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop).result()

    def close(self):
        """End the loop as :func:`asyncio.run` does: what is pending is cancelled."""
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join()
        self._runner.close()


class Lock:
    """As a lock of the blocking face: each thread of the test's holds for itself."""

    def __init__(self, loop, lock):
        self._loop = loop
        self._lock = lock
        self._local = threading.local()
        self._waiting = set()
        self._session = lock._queue.session

    def __getattr__(self, name):
        return getattr(self._lock, name)

    def acquire(self, *args, **kw):
        """As the blocking face does, for this thread."""
        try:
            lease = self._loop.run(self._acquire(*args, **kw))
        except CancelledError:
            raise LockCancelled("cancelled") from None
        if lease is not None:
            self._local.lease = blocking(self._loop, lease)
        return lease is not None

    async def _acquire(self, *args, **kw):
        task = asyncio.current_task()
        self._waiting.add(task)
        try:
            return await self._lock.acquire(*args, **kw)
        finally:
            self._waiting.discard(task)

    def cancel(self):
        """Cancel the tasks that wait for the lock."""
        tasks = list(self._waiting)
        for task in tasks:
            self._loop.loop.call_soon_threadsafe(task.cancel)
        return bool(tasks)

    @property
    def lease(self):
        """This thread's newest."""
        return getattr(self._local, "lease", None)

    @property
    def revoked(self):
        """Of this thread's lease."""
        return self.lease is not None and self.lease.revoked

    def has_lock(self):
        """Whether the server says so."""
        return self.lease is not None and not self.lease._hold.is_over and self.lease.exists()

    def release(self):
        """This thread's lease."""
        return self.lease is not None and self.lease.release()

    def __call__(self, *args, **kw):
        """For ``with``. What a body is cancelled by would not reach a thread."""
        return Acquisition(self, self._lock(*args, on_loss="flag", **kw))

    def __enter__(self):
        return self().__enter__()

    def __exit__(self, *error):
        self.release()

    def on_revoke(self, callback):
        """Have it called on a thread, for it may block."""

        async def call(lease, reason):
            await asyncio.to_thread(callback, blocking(self._loop, lease), reason)

        call.__qualname__ = callback.__qualname__
        self._lock.on_revoke(call)
        return callback

    def contenders(self):
        """As the blocking face does."""
        return self._loop.run(self._lock.contenders())

    def revoke_all(self):
        """As the blocking face does."""
        return self._loop.run(self._lock.revoke_all())

    def clear(self):
        """As the blocking face does."""
        return self._loop.run(self._lock.clear())

    def permits(self):
        """As the blocking face of a semaphore does."""
        return self._loop.run(self._lock.permits())

    def resize(self, permits):
        """As the blocking face of a semaphore does."""
        return self._loop.run(self._lock.resize(permits))


class Acquisition:
    """What ``lock(...)`` gives to ``with``."""

    def __init__(self, lock, acquisition):
        self._lock = lock
        self._acquisition = acquisition

    def __enter__(self):
        lease = self._lock._loop.run(self._acquisition.__aenter__())
        self._lock._local.lease = blocking(self._lock._loop, lease)
        return self._lock.lease

    def __exit__(self, *error):
        self._lock._loop.run(self._acquisition.__aexit__(*error))


def blocking(loop, lease):
    """The one lease whose calls block that there is for an awaiting one."""
    return lease.__dict__.setdefault("blocking", Lease(loop, lease))


class Lease:
    """A lease whose calls block."""

    def __init__(self, loop, lease):
        self._loop = loop
        self._lease = lease

    def __getattr__(self, name):
        return getattr(self._lease, name)

    def __repr__(self):
        return repr(self._lease)

    @property
    def lost(self):
        """The event."""
        return Event(self._loop, self._lease.lost)

    def release(self):
        """As the blocking face does."""
        return self._loop.run(self._lease.release())

    def exists(self):
        """As the blocking face does."""
        return self._loop.run(self._lease.exists())

    def transaction(self):
        """As the blocking face does."""
        return Transaction(self._loop, self._lease.transaction())


class Event:
    """An event that a thread waits for."""

    def __init__(self, loop, event):
        self._loop = loop
        self._event = event
        self.is_set = event.is_set

    def wait(self, timeout=None):
        """Whether it was set in time."""
        try:
            return self._loop.run(asyncio.wait_for(self._event.wait(), timeout))
        except TimeoutError:
            return False


class Transaction:
    """A transaction whose commit blocks."""

    def __init__(self, loop, transaction):
        self.__dict__.update(_loop=loop, _transaction=transaction)

    def __getattr__(self, name):
        return getattr(self._transaction, name)

    def __setattr__(self, name, value):
        setattr(self._transaction, name, value)

    def __delattr__(self, name):
        delattr(self._transaction, name)

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self._loop.run(self._transaction.__aexit__(*error))

    def commit(self):
        """As the blocking face does."""
        return self._loop.run(self._transaction.commit())
