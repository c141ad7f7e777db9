"""Making sure that a lock's folder was not made anew since its queue was looked at.

In a folder that stands no name comes again: the server counts them up. In one that was deleted and
made anew it begins again at 0, and where names have no GUID of their own for each acquire, another
candidate can bear the name of one that was shown: with programs of zktools 0.2, and with a lock of
kazoo's, which has one GUID for all its acquires. ZooKeeper checks versions, no czxids. But making a
folder anew creates a node beside it, and that can be refused: see :mod:`zktools._live.guard`.

So the order is: read the count of the nodes ever created beside the folder; see that the candidates
are those that were shown; delete them in a transaction that is refused if the count has grown.
"""

from __future__ import annotations

from typing import Any

from kazoo.exceptions import NoAuthError, NoNodeError

from zktools._live.guard import GUARD
from zktools._queue.layouts import LAYOUTS, Layout
from zktools.cli.connection import Connection
from zktools.cli.problems import Problem
from zktools.cli.statuses import Status
from zktools.exceptions import translate


class NotAsRead(Exception):
    """Something was created beside the folder since; nothing was done."""


def may_come_again(layout: Layout, name: str) -> bool:
    """Whether another candidate can bear this name once the folder was made anew."""
    candidate = layout.parse(name)
    return layout is LAYOUTS["kazoo"] or candidate is None or not candidate.guid


class Guard:
    """Refuses a transaction if `folder` was made anew after this was made."""

    def __init__(self, connection: Connection, folder: str) -> None:
        self._above = folder.rpartition("/")[0] or "/"
        session = connection.session
        found = connection.client.exists_async(self._above)
        stat = session.wait(found, f"looking for {self._above}")
        # What is counted are creations and deletions, in 32 bits.
        self._created = 0 if stat is None else (stat.cversion + stat.numChildren) % 2**32 // 2

    def begin(self, request: Any) -> int:
        """Put it at the beginning of a transaction; how many operations that are."""
        path = f"{self._above.removesuffix('/')}/{GUARD}"
        request.create(path, sequence=True)
        request.delete(f"{path}{self._created:010d}")
        return 2

    def refusal(self, error: Exception) -> BaseException:
        """What to raise when one of those operations was refused."""
        if isinstance(error, NoNodeError):
            return NotAsRead()
        if isinstance(error, NoAuthError):
            return Problem(
                Status.DENIED,
                "refused, nothing was done: names of these candidates can come again, and to make "
                "sure that nobody else bears one takes the permissions to create and to delete in "
                f"{self._above}; log in as somebody who may",
            )
        return translate(error, self._above)
