"""Looking again whenever something changes, until a thing is so or the time is up."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from zktools._engine.clock import now
from zktools.cli.connection import Connection
from zktools.exceptions import NotConnectedError

Watch = Callable[[Any], None]

_ANYWAY = 2.0  # seconds between two looks even if nothing was reported: a lost watch costs no more


def look_until(
    connection: Connection, look: Callable[[Watch], bool], seconds: float | None
) -> bool:
    """Call ``look(watch)`` until it answers True; False when that takes longer than `seconds`.

    `look` reads with `watch` as the watch of each read; it is called again when one fires, and
    after an interruption of the connection.
    """
    changed = connection.session.handler.event_object()

    def watch(_event: Any) -> None:
        changed.set()

    deadline = None if seconds is None else now() + seconds
    while True:
        changed.clear()
        try:
            if look(watch):
                return True
        except NotConnectedError:
            if not connection.session.connected:
                changed.clear()  # the interruption itself sets it
        left = _ANYWAY if deadline is None else deadline - now()
        if left <= 0:
            return False
        changed.wait(min(left, _ANYWAY))


def remaining(connection: Connection, paths: list[str], watch: Watch) -> dict[str, Any]:
    """Those of the paths that are still there, with their stats."""
    found = {path: connection.client.exists_async(path, watch) for path in paths}
    stats = {
        path: connection.session.wait(result, f"looking for {path}")
        for path, result in found.items()
    }
    return {path: stat for path, stat in stats.items() if stat is not None}
