"""Locks, semaphores and elections: all below a root, and one with its queue."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from zktools._engine.arguments import check_name
from zktools.cli.circles import find_circles
from zktools.cli.connection import Connection
from zktools.cli.queues import Queue, busiest_first, missing, read_lock, read_queues
from zktools.cli.settings import ROOTS
from zktools.cli.sightings import Sightings
from zktools.cli.web import sketch, waiting
from zktools.cli.web.looks import Source
from zktools.cli.web.scene import Query, Scene, path_in

_ROWS = 500


@dataclass(frozen=True)
class Kind:
    """What stands below a root, and what it is called."""

    path: str
    root: str
    one: str
    holder: str

    @property
    def many(self) -> str:
        """More of them."""
        return f"{self.one}s"

    @property
    def held(self) -> str:
        """What a holder makes of it."""
        return "held" if self.holder == "holder" else "led"

    def state(self, queue: Queue) -> str:
        """In a word or two; elections are not locked."""
        return queue.state if self.held == "held" or not queue.holders else "Led"


def kinds(connection: Connection) -> list[Kind]:
    """Locks where the options say they are, and the others."""
    return [
        Kind("/locks", connection.settings.lock_root, "lock", "holder"),
        Kind("/semaphores", ROOTS["semaphores"], "semaphore", "holder"),
        Kind("/elections", ROOTS["elections"], "election", "leader"),
    ]


class Queues:
    """The pages of one kind."""

    def __init__(self, connection: Connection, kind: Kind) -> None:
        self._connection = connection
        self._kind = kind

    def list(self, query: Query) -> Scene:
        """All of them, or those that have to do with what is searched for."""
        root, wanted = self._root(query), query.get("q", "").strip()
        only = query.get("only", "")
        at = self._connection.at_root(root)
        sightings = Sightings()
        source = Source(("queues", root), lambda: sightings.look(lambda: read_queues(at, None)))
        asked = {"kind": self._kind, "root": root, "q": wanted, "only": only}

        def facts(queues: Sequence[Queue]) -> Mapping[str, Any]:
            ordered = busiest_first(queues, everything=True)
            fitting = [each for each in ordered if _is_wanted(each, wanted.lower(), only)]
            return {
                **asked,
                "queues": fitting[:_ROWS],
                "more": max(len(fitting) - _ROWS, 0),
                "held": sum(bool(queue.holders) for queue in queues),
                "waiting": sum(len(queue.waiting) for queue in queues),
                "total": len(queues),
                "circles": find_circles(queues),
            }

        title = self._kind.many.capitalize()
        return Scene(title, source, "queues.html", facts, "queues_form.html", asked)

    def queue(self, query: Query) -> Scene:
        """One of them."""
        root, name = self._root(query), check_name(query.get("name", ""), "name")
        at = self._connection.at_root(root)
        sightings = Sightings()
        source = Source(("queue", root, name), lambda: sightings.look(lambda: _existing(at, name)))

        def facts(queues: Sequence[Queue]) -> Mapping[str, Any]:
            return {
                "kind": self._kind,
                "queues": [(queue, _drawing(queue)) for queue in queues],
                "rows": _ROWS,
                "root": root,
                "name": name,
            }

        return Scene(name, source, "queue.html", facts)

    def _root(self, query: Query) -> str:
        return path_in(query, "root") or self._kind.root


def _existing(at: Connection, name: str) -> list[Queue]:
    folder = at.lock_folder(name)
    stat = at.session.wait(at.session.ask(at.client.exists_async, folder), f"reading {folder}")
    if stat is None:
        raise missing(at, name)
    return read_lock(at, name, None)


def _drawing(queue: Queue) -> sketch.Sketch | None:
    return sketch.drawn(waiting.of_one(queue)) if queue.waiting else None


def _is_wanted(queue: Queue, wanted: str, only: str) -> bool:
    if (only == "held" and not queue.holders) or (only == "waiting" and not queue.waiting):
        return False
    return not wanted or any(wanted in text.lower() for text in _texts(queue))


def _texts(queue: Queue) -> list[str]:
    """What a search finds: its name, and who is there."""
    found = [queue.name]
    for contender in queue.contenders:
        found += map(str, (contender.who or {}).values())
    return found
