"""Groups of every face, as the suite speaks to them: with calls that block."""

from __future__ import annotations

import asyncio
from concurrent.futures import CancelledError
from contextlib import suppress

from zktools import Group, aio


class Maker:
    """Makes groups that block: on `loop` those of the awaiting face, without one the others."""

    def __init__(self, loop):
        self._loop = loop

    def __call__(self, client, path, **kw):
        """An open group."""
        if self._loop is None:
            return Group(client, path, **kw)
        return Awaited(self._loop, aio.Group(client, path, **kw), opens=True)


class Awaited:
    """A group or a membership of the awaiting face, whose calls block."""

    def __init__(self, loop, thing, *, opens=False):
        self.__dict__.update(_loop=loop, _thing=thing, _tasks=[])
        if opens:
            loop.run(thing.open())

    def __getattr__(self, name):
        return getattr(self._thing, name)

    def __setattr__(self, name, value):
        setattr(self._thing, name, value)

    def __repr__(self):
        return repr(self._thing)

    def __len__(self):
        return len(self._thing)

    def __contains__(self, name):
        return name in self._thing

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self._loop.run(self._thing.__aexit__(*error))

    def join(self, *args, **kw):
        """As the blocking face does."""

        async def join():
            return await self._thing.join(*args, **kw)

        return Awaited(self._loop, self._loop.run(join()))

    def leave(self):
        """As the blocking face does."""
        return self._loop.run(self._thing.leave())

    def wait_for(self, *args, **kw):
        """As the blocking face does."""
        return self._loop.run(self._thing.wait_for(*args, **kw))

    def subscribe(self, function):
        """Call it with what a task is told that follows the group; the first time here."""

        async def follow():
            async for changes in self._thing:
                function(changes)
                begun.set()

        begun = asyncio.Event()
        self._tasks.append(asyncio.run_coroutine_threadsafe(follow(), self._loop.loop))
        self._loop.run(begun.wait())
        return function

    def close(self):
        """As the blocking face does."""
        self._loop.run(self._thing.close())
        for task in self._tasks:
            task.cancel()
            with suppress(CancelledError):
                task.result()
