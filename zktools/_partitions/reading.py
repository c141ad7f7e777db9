"""Reading very many nodes at once: the names of their children, or their data."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from zktools._engine.listing import names_in
from zktools._engine.record import data_and_stat_of
from zktools._engine.session import Session

#: Nodes in one request, and the bytes of their paths.
_NODES, _BYTES = 1000, 400_000
#: Requests under way at a time where each node takes one.
_WINDOW = 64
_HEADER = 16

#: For each node a list of names, or data and stat; or why it could not be read.
Found = list[Any]
Done = Callable[[Found | BaseException], None]


class BulkRead:
    """One reading. On the engine; `done` gets what was found, in the order of the paths.

    In as many multi-reads as it takes, a thousand nodes each, all sent at once; where kazoo or the
    server has none, in one request for each node.
    """

    def __init__(
        self, session: Session, paths: Sequence[str], *, children: bool, done: Done
    ) -> None:
        self._session = session
        self._paths = paths
        self._children = children
        self._done: Done | None = done
        self._found: Found = [None] * len(paths)
        self._left = len(paths)
        self._next = 0

    def start(self) -> None:
        """Send it."""
        if not self._paths:
            self._answer(self._found)
        elif self._session.wire.able:
            self._read_many()
        else:
            for _ in range(_WINDOW):
                self._read_next()

    def _answer(self, outcome: Found | BaseException) -> None:
        done, self._done = self._done, None
        if done is not None:
            done(outcome)

    def _take(self, first: int, results: Found) -> None:
        self._found[first : first + len(results)] = results
        self._left -= len(results)
        if self._left == 0:
            self._answer(self._found)

    # -- many at a time ------------------------------------------------------------------------

    def _read_many(self) -> None:
        size = max(len(path.encode()) for path in self._paths) + _HEADER
        step = max(1, min(_NODES, _BYTES // size))
        read = self._session.wire.multi_read
        for first in range(0, len(self._paths), step):
            part = self._paths[first : first + step]
            result = read(children=part) if self._children else read(data=part)
            self._session.link(result, self._were_read, first)

    def _were_read(self, result: Any, first: int) -> None:
        if result.successful():
            read = names_in if self._children else data_and_stat_of
            found = result.value.results
            self._take(
                first, [each if isinstance(each, Exception) else read(each) for each in found]
            )
        else:
            self._answer(result.exception)

    # -- one by one ----------------------------------------------------------------------------

    def _read_next(self) -> None:
        if self._next == len(self._paths) or self._done is None:
            return
        number, self._next = self._next, self._next + 1
        client = self._session.client
        read = client.get_children_async if self._children else client.get_async
        self._session.link(read(self._paths[number]), self._was_read, number)

    def _was_read(self, result: Any, number: int) -> None:
        error = result.exception
        if error is not None and not self._session.connected:
            self._answer(error)
            return
        self._take(number, [result.value if error is None else error])
        self._read_next()


def read_children(session: Session, paths: Sequence[str], done: Done) -> None:
    """The names of the children of each of these. Any thread."""
    session.engine.post(BulkRead(session, paths, children=True, done=done).start)


def read_data(session: Session, paths: Sequence[str], done: Done) -> None:
    """Data and stat of each of these. Any thread."""
    session.engine.post(BulkRead(session, paths, children=False, done=done).start)
