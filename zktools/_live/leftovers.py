"""Watches that nobody waits for any more, taken off the server. On the engine's thread."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from functools import partial
from itertools import islice
from typing import Any

from kazoo.exceptions import NoWatcherError, UnimplementedError

from zktools._engine.session import Session

#: Requests that are under way at a time: one for each path, which nobody is in a hurry for.
WINDOW = 20
#: Paths that wait for it, at most: each takes some work, and those beyond go when nodes change.
MOST = 10_000


class Leftovers:
    """Paths whose watches are to be removed, a few at a time.

    Otherwise they would stay with the server until each node changes once more.
    """

    def __init__(self, session: Session, is_followed: Callable[[str], bool]) -> None:
        self._session = session
        self._is_followed = is_followed
        self._is_possible = session.wire.can_remove_watches
        self._paths: deque[str] = deque()
        self._under_way = 0

    def add(self, paths: Iterable[str]) -> None:
        """The server need not watch these any more, for all that zktools wants."""
        if self._is_possible and self._session.readable:
            self._paths.extend(islice(paths, MOST - len(self._paths)))
            # Behind what is still to be sent to arm some of them.
            self._session.engine.post(self._send)

    def _send(self) -> None:
        while self._paths and self._under_way < WINDOW:
            path = self._paths.popleft()
            self._under_way += 1
            result = self._session.wire.remove_watches(path, partial(self._is_followed, path))
            self._session.link(result, self._on_answer)

    def _on_answer(self, result: Any) -> None:
        self._under_way -= 1
        if not (result.successful() or isinstance(result.exception, NoWatcherError)):
            # Watches go with their connection. And before ZooKeeper 3.5 none could be removed.
            self._is_possible = not isinstance(result.exception, UnimplementedError)
            self._paths.clear()
        self._send()
