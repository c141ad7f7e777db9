"""The pages: for each address what to look at, and what to show of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from zktools.cli.connection import Connection
from zktools.cli.web import configurations, fleets, overview, queues
from zktools.cli.web.options import Options
from zktools.cli.web.scene import Query, Scene


class View(NamedTuple):
    """All pages at one address, which differ by the query behind the ``?``."""

    scene: Callable[[Query], Scene]
    tab: str
    """The path of the page in whose place of the navigation it stands."""


#: The navigation: paths and words.
TABS = {
    "/": "Overview",
    "/locks": "Locks",
    "/semaphores": "Semaphores",
    "/elections": "Elections",
    "/groups": "Groups",
    "/partitions": "Partitions",
    "/configuration": "Configuration",
}


def views(connection: Connection, options: Options) -> Mapping[str, View]:
    """All views, by path."""
    found: dict[str, Callable[[Query], Scene]] = {"/": overview.Overview(connection).scene}
    for kind in queues.kinds(connection):
        many = queues.Queues(connection, kind)
        found[kind.path] = many.list
        found[f"{kind.path}/queue"] = many.queue
    found["/groups"] = fleets.Fleets(connection, options).groups
    found["/partitions"] = fleets.Fleets(connection, options).partitions
    shown: Any = configurations.Configurations(connection, options)
    found["/configuration"] = shown.values
    found["/configuration/history"] = shown.history
    found["/configuration/differences"] = shown.differences
    found["/configuration/at"] = shown.at
    return {path: View(scene, _tab(path)) for path, scene in found.items()}


def _tab(path: str) -> str:
    return "/" if path == "/" else "/" + path.split("/")[1]
