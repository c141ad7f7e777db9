"""Finding the path of a group, of partitions or of a configuration."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Any, NamedTuple

from zktools._configuration.history import folder
from zktools._engine.steps import run
from zktools._queue.contenders import listing
from zktools.cli.connection import Connection
from zktools.cli.web.looks import Source
from zktools.cli.web.options import Options
from zktools.cli.web.scene import Query, Scene, path_in
from zktools.exceptions import AccessDeniedError

_ROWS = 500
_EXAMPLES = {
    "groups": "/shop/workers",
    "partitions": "/shop/tenants",
    "configuration": "/config/shop",
}


class _Found(NamedTuple):
    names: list[str]
    with_history: list[str]
    """Configurations that have one."""


class Browsing:
    """The pages without a path."""

    def __init__(self, connection: Connection, options: Options) -> None:
        self._connection = connection
        self._offered = options.offered

    def scene(self, query: Query, page: str, title: str) -> Scene:
        """What the command line offers, and the nodes below one, to go on from there."""
        above = path_in(query, "in") or "/"
        source = Source(("below", page, above), lambda: self._look(page, above))
        form = {"page": page, "path": "", "example": _EXAMPLES[page]}

        def facts(found: _Found) -> Mapping[str, Any]:
            offered = sorted({*self._offered.get(page, ()), *found.with_history})
            return {
                **form,
                "offered": offered[:_ROWS],
                "above": above,
                "up": above.rpartition("/")[0] or "/",
                "below": [(name, _below(above, name)) for name in found.names[:_ROWS]],
                "more": max(len(found.names) - _ROWS, 0),
            }

        return Scene(title, source, "browse.html", facts, "path_form.html", form)

    def _look(self, page: str, above: str) -> _Found:
        session = self._connection.session
        with_history: list[str] = []
        if page == "configuration":
            with suppress(AccessDeniedError):  # then it is found by its path
                with_history = run(listing(session, folder.ROOT))
        paths = [path for path in map(folder.path_of, with_history) if path is not None]
        return _Found(sorted(run(listing(session, above))), paths)


def _below(above: str, name: str) -> str:
    return f"{above.rstrip('/')}/{name}"
