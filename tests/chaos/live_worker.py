"""One process that keeps a tree current, and writes down every view of it that it is shown.

Started by `fleet` as ``python -m tests.chaos.live_worker``; takes what `worker` takes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from functools import partial
from typing import Any

from kazoo.recipe.watchers import DataWatch

from tests.chaos.live_tree import CONFIG, DICT, KEYS, NODE, describe
from tests.chaos.live_writing import writing
from tests.chaos.process import Process, main
from tests.chaos.unruly import Unruly
from zktools import Configuration, Node, NodeDict
from zktools.node import Changes

_LOOK = 0.05  # seconds between two looks at what is shown without asking


class LiveWorker(Process):
    """Subscribes to everything, and looks at everything."""

    def run(self) -> None:
        """Until drained and stopped."""
        followers = {"live": follow_with_zktools, "kazoo": follow_with_kazoo}
        subject = self.settings["subject"]
        writers = {"live": writing(self)}.get(subject, nullcontext())
        with writers, followers[subject](self) as look:
            while not self.draining.wait(_LOOK):
                look()
        self.write_residue()
        self.stopping.wait()

    def saw(self, what: str, view: Mapping[str, int]) -> None:
        """Write down a view."""
        numbers, odd = describe(view)
        self.journal.write("view", what=what, numbers=numbers, odd=odd, life=self.settings["life"])


@contextmanager
def follow_with_zktools(worker: LiveWorker) -> Iterator[Callable[[], None]]:
    """By subscribing, and by looking at what is there without being told."""
    node = Node(worker.client, NODE)
    rates = NodeDict(worker.client, DICT)
    config = Configuration(worker.client, CONFIG)
    node.subscribe(lambda value: worker.saw("node", {"": value}))
    rates.subscribe(Replica(worker, "dict"))
    config.subscribe("", Replica(worker, "config"))
    beside = NodeDict(worker.client, DICT)
    beside.subscribe(Unruly())  # which is nothing to the others

    def look() -> None:
        worker.saw("dict.copy", rates.copy())
        worker.saw("config.load", config.load()["deep"])

    yield look
    for live in (node, rates, config, beside):
        live.close()


@contextmanager
def follow_with_kazoo(worker: LiveWorker) -> Iterator[Callable[[], None]]:
    """The control: kazoo's watches, one for each node. They promise less."""
    node: dict[str, int] = {}
    rates: dict[str, int] = {}
    DataWatch(worker.client, NODE, lambda data, _stat: node.update({"": int(data)}))
    for key in KEYS:
        DataWatch(worker.client, f"{DICT}/{key}", partial(_keep, rates, key))

    def look() -> None:
        worker.saw("node", dict(node))
        for what in ("dict", "dict.copy", "config", "config.load"):
            worker.saw(what, dict(rates))

    yield look


def _keep(view: dict[str, int], key: str, data: bytes, _stat: object) -> None:
    view[key] = int(data)


class Replica:
    """Puts batches of changes together, as a subscriber does that keeps a copy."""

    def __init__(self, worker: LiveWorker, what: str) -> None:
        self._worker = worker
        self._what = what
        self._view: dict[str, Any] = {}

    def __call__(self, changes: Changes[Any]) -> None:
        """One batch."""
        for key in changes.removed:
            del self._view[key]
        self._view.update(changes.added)
        self._view.update({key: new for key, (_, new) in changes.changed.items()})
        self._worker.saw(self._what, self._view)


if __name__ == "__main__":
    main(LiveWorker)
