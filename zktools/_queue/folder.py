"""Making the folder of a queue, with what is missing above it. Runs on the engine."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from kazoo.exceptions import NodeExistsError, NoNodeError

from zktools._engine.session import Session
from zktools._queue.terms import Terms


def make_folder(session: Session, terms: Terms, function: Callable[..., None], *args: Any) -> None:
    """Make the folder; then ``function(result, *args)``.

    As containers where the layout has them and kazoo lets us ask for them; plainly otherwise.
    """
    if terms.layout.has_containers and session.wire.able:
        _Containers(session, terms, lambda result: function(result, *args)).start()
    else:
        made = session.client.ensure_path_async(terms.folder, acl=terms.acl)
        session.link(made, function, *args)


class _Containers:
    """From the folder upwards until a node can be made, then downwards again."""

    def __init__(self, session: Session, terms: Terms, done: Callable[[Any], None]) -> None:
        self._session = session
        self._acl = terms.acl
        self._missing = [terms.folder]
        self._done = done

    def start(self) -> None:
        """Make the one that has to be made first."""
        made = self._session.wire.create_container(self._missing[-1], self._acl)
        self._session.link(made, self._made)

    def _made(self, result: Any) -> None:
        above = self._missing[-1].rpartition("/")[0] or "/"
        if result.successful() or isinstance(result.exception, NodeExistsError):
            self._missing.pop()
            if self._missing:
                self.start()
                return
        elif isinstance(result.exception, NoNodeError) and above != self._missing[-1]:
            self._missing.append(above)
            self.start()
            return
        self._done(result)
