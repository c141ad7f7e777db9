"""Looking at single nodes, and watching their data: what is asked for in one turn goes together.

After a reconnect everybody looks at a node of its own. Two packets do for a thousand of these: a
set-watches, which tells at once of those that are gone, and a multi-read right behind it. What
changes after the watches are armed fires, and what changed before is read; so nothing is missed in
between.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

from zktools._engine.multi import Result
from zktools._engine.record import data_and_stat_of
from zktools._engine.wire import Watcher

if TYPE_CHECKING:
    from zktools._engine.session import Session

#: Nodes in one packet: taking them in must not hold up what else runs on the engine.
NODES = 1000
#: Bytes of the paths in one packet, and of the data that is expected to come back.
_REQUEST, _REPLY = 400_000, 1_000_000
_HEADER = 80  # of each node, in request and reply


class Look(NamedTuple):
    """At one node."""

    path: str
    size: int
    """Bytes that it has, as far as is known."""
    watcher: Watcher
    """Gets the event of its next change."""
    then: Callable[[Any], None]
    """Gets the result, of data and stat, on the engine."""


class Looks:
    """The looks of one client. On the engine."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._asked: list[Look] = []

    def add(self, look: Look) -> None:
        """Send it, behind all that is sent in this turn."""
        self._asked.append(look)
        if len(self._asked) == 1:
            self._session.engine.post(self._send)

    def _send(self) -> None:
        asked, self._asked = self._asked, []
        if len(asked) == 1 or not self._session.wire.able:
            self._send_singly(asked)
            return
        wire = self._session.wire
        for part in _parts(asked):
            wire.watch_data({look.path: look.watcher for look in part})
            read = wire.multi_read([look.path for look in part])
            self._session.link(read, self._were_read, part, self._session.epoch)

    def _send_singly(self, looks: list[Look]) -> None:
        for look in looks:
            read = self._session.client.get_async(look.path, watch=look.watcher)
            self._session.link(read, look.then)

    def _were_read(self, result: Any, part: list[Look], epoch: int) -> None:
        if result.successful():
            for look, found in zip(part, result.value.results, strict=True):
                failed = isinstance(found, Exception)
                look.then(Result(None, found) if failed else Result(data_and_stat_of(found), None))
        elif epoch == self._session.epoch:
            self._send_singly(part)  # the server has no multi-read, say
        else:
            for look in part:
                look.then(result)


def _parts(looks: list[Look]) -> Iterator[list[Look]]:
    part: list[Look] = []
    request = reply = 0
    for look in looks:
        asks, answers = len(look.path.encode()) + _HEADER, look.size + _HEADER
        if part and (len(part) == NODES or request + asks > _REQUEST or reply + answers > _REPLY):
            yield part
            part, request, reply = [], 0, 0
        part.append(look)
        request, reply = request + asks, reply + answers
    yield part
