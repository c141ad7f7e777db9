"""Partitions of every face, as the suite speaks to them: with calls that block."""

from __future__ import annotations

import asyncio

from zktools import Partitions, aio


def make(loop, client, path, items, **kw):
    """A part in sharing `items`: on `loop` of the awaiting face, without one of the others."""
    if loop is None:
        return Partitions(client, path, items, **kw)
    return Awaited(loop, aio.Partitions(client, path, items, **kw))


class Awaited:
    """One of the awaiting face, whose calls block."""

    def __init__(self, loop, partitions):
        self.__dict__.update(_loop=loop, _partitions=partitions)

    def __getattr__(self, name):
        return getattr(self._partitions, name)

    def __setattr__(self, name, value):
        setattr(self._partitions, name, value)

    def __repr__(self):
        return repr(self._partitions)

    def start(self, *args, **kw):
        """As the blocking face does."""
        self._loop.run(self._partitions.start(*args, **kw))

    def stop(self, *args, **kw):
        """As the blocking face does."""
        return self._loop.run(self._partitions.stop(*args, **kw))

    def owners(self):
        """As the blocking face does."""
        return self._loop.run(self._partitions.owners())

    def on_assigned(self, function):
        """Call `function`, which may block, on a thread."""
        self._partitions.on_assigned(on_thread(function))
        return function

    def on_revoked(self, function):
        """Call `function`, which may block, on a thread."""
        self._partitions.on_revoked(on_thread(function))
        return function


def on_thread(function):
    """An async function that has `function` run on a thread."""

    async def call(item, lease):
        await asyncio.to_thread(function, item, lease)

    return call
