"""Groups and partitions: who is here, and who has what."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from zktools.cli.connection import Connection
from zktools.cli.members import Member, read_members
from zktools.cli.partitions import Shared, read_partitions
from zktools.cli.web.browsing import Browsing
from zktools.cli.web.looks import Source
from zktools.cli.web.options import Options
from zktools.cli.web.scene import Query, Scene, path_in

_ROWS = 500


class Fleets:
    """The pages."""

    def __init__(self, connection: Connection, options: Options) -> None:
        self._connection = connection
        self._browsing = Browsing(connection, options)

    def groups(self, query: Query) -> Scene:
        """Who is in a group."""

        def facts(members: list[Member]) -> Mapping[str, Any]:
            return {"members": members[:_ROWS], "total": len(members), "rows": _ROWS}

        return self._scene(query, "groups", "Groups", read_members, facts)

    def partitions(self, query: Query) -> Scene:
        """How items are shared out."""

        def facts(shared: Shared) -> Mapping[str, Any]:
            items = list(shared.items.items())
            return {
                "summary": shared.summary(),
                "items": items[:_ROWS],
                "total": len(items),
                "rows": _ROWS,
            }

        return self._scene(query, "partitions", "Partitions", read_partitions, facts)

    def _scene(
        self,
        query: Query,
        page: str,
        title: str,
        read: Callable[[Connection, str], Any],
        facts: Callable[[Any], Mapping[str, Any]],
    ) -> Scene:
        path = path_in(query)
        if not path:
            return self._browsing.scene(query, page, title)
        source = Source((page, path), lambda: read(self._connection, path))
        form = {"page": page, "path": path, "example": ""}
        return Scene(
            f"{title}: {path}",
            source,
            f"{page}.html",
            lambda seen: {**facts(seen), **form},
            "path_form.html",
            form,
        )
