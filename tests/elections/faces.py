"""Elections of the awaiting face, as the suite speaks to them: with calls that block."""

from __future__ import annotations

import asyncio
from concurrent.futures import CancelledError
from contextlib import suppress

from tests.locks import awaiting


class Awaited:
    """An election whose calls block."""

    def __init__(self, loop, election):
        self._loop = loop
        self._election = election
        self._sight = None
        self._tasks = []

    def __getattr__(self, name):
        return getattr(self._election, name)

    def lead(self, *args, **kw):
        """For ``with``."""
        return Leading(self._loop, self._election.lead(*args, on_loss="flag", **kw))

    def run(self, function, **kw):
        """Run until it ends; `function` blocks a thread of its own, to its end."""

        async def serve(term):
            await asyncio.shield(asyncio.to_thread(function, Term(self._loop, term)))

        return self._loop.run(self._election.run(serve, **kw))

    def _seen(self):
        if self._sight is None:
            self._sight = self._loop.run(self._election.watch().open())
        return self._sight

    @property
    def leader(self):
        """As the blocking face has it."""
        return self._seen().leader

    def subscribe(self, function):
        """Call it with what a task is told; the first time here."""

        async def follow():
            async for leader in self._seen_before:
                function(leader)
                begun.set()

        self._seen_before = self._seen()
        begun = asyncio.Event()
        self._tasks.append(asyncio.run_coroutine_threadsafe(follow(), self._loop.loop))
        self._loop.run(begun.wait())
        return function

    def candidates(self):
        """As the blocking face does."""
        return self._loop.run(self._election.candidates())

    def close(self):
        """Watch no more."""
        if self._sight is not None:
            self._loop.run(self._sight.close())
        for task in self._tasks:
            task.cancel()
            with suppress(CancelledError):
                task.result()


class Leading:
    """What ``election.lead()`` gives to ``with``."""

    def __init__(self, loop, leading):
        self._loop = loop
        self._leading = leading

    def __enter__(self):
        return Term(self._loop, self._loop.run(self._leading.__aenter__()))

    def __exit__(self, *error):
        self._loop.run(self._leading.__aexit__(*error))


class Term(awaiting.Lease):
    """A term whose calls block."""

    def publish(self, data):
        """As the blocking face does."""
        self._loop.run(self._lease.publish(data))

    def hand_over(self, candidate):
        """As the blocking face does."""
        return self._loop.run(self._lease.hand_over(candidate))
