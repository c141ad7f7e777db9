"""The first page: what is going on, who waits for whom, how the servers are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from zktools._engine.clock import now
from zktools.cli.circles import find_circles
from zktools.cli.connection import Connection
from zktools.cli.health import Health, health
from zktools.cli.problems import Problem, problem_of
from zktools.cli.queues import Queue, busiest_first, read_queues
from zktools.cli.sightings import Sightings
from zktools.cli.web import sketch, waiting
from zktools.cli.web.looks import Source
from zktools.cli.web.queues import Kind, kinds
from zktools.cli.web.scene import Query, Scene
from zktools.exceptions import AccessDeniedError

_HEALTH = 5.0  # seconds between two looks at the servers
_ROWS = 10


class Seen(NamedTuple):
    """All roots, and the servers."""

    queues: Mapping[Kind, list[Queue] | Problem]
    servers: list[Health]


class Overview:
    """The page and what it looks at."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._kinds = kinds(connection)

    def scene(self, _query: Query) -> Scene:
        """There is one."""
        look = _Look(self._connection, self._kinds)
        return Scene("Overview", Source(("overview",), look), "overview.html", _facts)


class _Look:
    def __init__(self, connection: Connection, kinds: list[Kind]) -> None:
        self._connection = connection
        self._sightings = {kind: Sightings() for kind in kinds}
        self._servers: list[Health] = []
        self._asked = -_HEALTH

    def __call__(self) -> Seen:
        queues = {kind: self._read(kind) for kind in self._sightings}
        if now() - self._asked >= _HEALTH:
            self._servers = health(self._connection.settings)
            self._asked = now()
        return Seen(queues, self._servers)

    def _read(self, kind: Kind) -> list[Queue] | Problem:
        at = self._connection.at_root(kind.root)
        try:
            return self._sightings[kind].look(lambda: read_queues(at, None))
        except AccessDeniedError as error:
            return problem_of(error)


def _facts(seen: Seen) -> Mapping[str, Any]:
    known = {kind: each for kind, each in seen.queues.items() if not isinstance(each, Problem)}
    every = [queue for queues in known.values() for queue in queues]
    longest = [
        (kind, queue)
        for kind, queues in known.items()
        for queue in busiest_first(queues, everything=False)
    ]
    longest.sort(key=lambda each: -len(each[1].waiting))
    knots, untold = waiting.of_all(every)
    return {
        "kinds": [
            {
                "kind": kind,
                "problem": found if isinstance(found, Problem) else None,
                "held": 0 if isinstance(found, Problem) else sum(bool(q.holders) for q in found),
                "waiting": 0 if isinstance(found, Problem) else sum(len(q.waiting) for q in found),
            }
            for kind, found in seen.queues.items()
        ],
        "circles": find_circles(every),
        "drawings": [sketch.drawn(knot) for knot in knots],
        "untold": untold,
        "pages": {kind.root: kind.path for kind in known},
        "queues": longest[:_ROWS],
        "more": max(len(longest) - _ROWS, 0),
        "servers": seen.servers,
    }
