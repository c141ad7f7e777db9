"""One process that uses every recipe at once, and writes down all the time what it believes.

Started by `fleet` as ``python -m tests.chaos.recipes_worker``; takes what `worker` takes.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tests.chaos.beliefs import Belief
from tests.chaos.history import now
from tests.chaos.process import Process, main
from tests.chaos.recipes_subjects import parts

_LOOK = 0.01  # seconds between two looks at what is believed


class RecipesWorker(Process):
    """A thread for each recipe, and one that looks."""

    def __init__(self, settings: dict[str, object]) -> None:
        super().__init__(settings)
        self.name = f"{self.who}.{settings['life']}"
        self._beliefs: dict[object, Belief] = {}
        self._over = threading.Event()
        self.shares: Callable[[], list[Belief]] = list
        """What is held of the items that are shared out."""
        self.members: Callable[[], list[str]] = list
        """Who is there, as far as is shown."""

    def run(self) -> None:
        """Until drained and stopped."""
        threads = [
            threading.Thread(target=self._go_on, args=(part,), daemon=True)
            for part in parts(self.settings["subject"], self)
        ]
        looking = threading.Thread(target=self._look, daemon=True)
        for thread in (*threads, looking):
            thread.start()
        self.draining.wait()
        for thread in threads:
            thread.join()
        self._over.set()
        looking.join()  # the residue is to be the last thing that it writes
        self.write_residue(0.0)
        self.stopping.wait()

    @contextmanager
    def believing(self, *beliefs: Belief) -> Iterator[None]:
        """For the time of the body, these are held, if the library says so."""
        marks = [object() for _ in beliefs]
        self._beliefs.update(zip(marks, beliefs, strict=True))
        try:
            yield
        finally:
            for mark in marks:
                del self._beliefs[mark]

    def did(self, what: str) -> None:
        """Write down that a recipe has worked."""
        self.journal.write("did", what=what)

    def _go_on(self, part: Callable[[], None]) -> None:
        while not self.draining.is_set():
            try:
                part()
            except Exception as error:  # noqa: BLE001 - cut off, say: it tries again
                self.journal.write("failed", what=part.__name__, text=repr(error))
                self.draining.wait(0.05)

    def _look(self) -> None:
        while not self._over.wait(_LOOK):
            before = now()
            beliefs = [*self._beliefs.copy().values(), *self.shares()]
            held = [(b.resource, b.key, b.weight) for b in beliefs if b.is_held()]
            facts = {"until": round(now(), 6), "life": self.settings["life"]}
            self.journal.write("believes", before, held=held, members=self.members(), **facts)


if __name__ == "__main__":
    main(RecipesWorker)
