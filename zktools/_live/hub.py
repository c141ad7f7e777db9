"""One per client: hands events and changes of the connection to the live objects they concern."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from kazoo.client import KazooClient
from kazoo.exceptions import ConnectionLoss, SessionExpiredError, UnimplementedError
from kazoo.protocol.states import WatchedEvent

from zktools._engine.session import Session, Transition, session_of
from zktools._engine.wire import at_once
from zktools._live.change import Change
from zktools._live.leftovers import Leftovers
from zktools._live.multi_reader import MultiReader
from zktools._live.public_reader import PublicReader
from zktools._live.reading import Reader
from zktools._live.tree import Live

log = logging.getLogger("zktools.live")

#: Seconds before a request is repeated that failed for an unforeseen reason.
RETRY = 1.0

_ATTRIBUTE = "_zktools_hub"


class Hub:
    """What all live objects of a client share. Everything here runs on the engine's thread.

    It hears of all events, or is the one watcher of every path. So closing an object takes nothing
    but its entry here, and kazoo's tables never keep an object alive.
    """

    def __init__(self, session: Session) -> None:
        self.session = session
        self.reader: Reader = self._new_reader()
        self.online = False
        self._leftovers = Leftovers(session, self._is_followed)
        self._abandoned: deque[Live] = deque()
        self._unsent: list[Change] = []
        self._lives: set[Live] = set()
        self._roots: dict[str, tuple[Live, ...]] = {}
        self._session_id: int | None = None
        self._events: deque[str] = deque()
        self._posted = False

    def _new_reader(self) -> Reader:
        if not self.session.wire.able:
            return PublicReader(self.session, self._on_event, self._on_failure)
        watcher = None if self._listens else self._on_event
        return MultiReader(self.session, watcher, self._on_failure, self._on_armed)

    @property
    def _listens(self) -> bool:
        """Whether all events are told here, in place of a watcher on each path."""
        return self.session.wire.able and self.session.wire.hears_at_once

    # -- who is there --------------------------------------------------------------------------

    def enter(self, live: Live) -> None:
        """Tell `live` of changes of the connection."""
        self.sweep()
        if not self._lives:
            self.session.join(self)
            if self._listens:
                self.session.wire.listen(self._on_path)
            # Only what is told after joining is told; so look now.
            self.online = self.session.readable
            self._session_id = self.session.session_id
        self._lives.add(live)
        self._roots[live.root] = (*self._roots.get(live.root, ()), live)

    def abandon(self, live: Live) -> None:
        """See :class:`~zktools._live.parties.Connection`."""
        self._abandoned.append(live)
        self.session.engine.hint(self.sweep)

    def leave(self, live: Live) -> None:
        """Tell it no more."""
        self._lives.discard(live)
        others = tuple(each for each in self._roots.pop(live.root, ()) if each is not live)
        if others:
            self._roots[live.root] = others
        if not self._lives:
            self.session.leave(self)
            if self._listens:
                self.session.wire.unlisten(self._on_path)
            self.online = False

    def unwatch(self, paths: Iterable[str]) -> None:
        """See :class:`~zktools._live.parties.Connection`."""
        if not self._listens:
            unfollowed = [path for path in paths if not self._is_followed(path)]
            self.session.wire.forget(self._on_event, unfollowed)

    def release(self, paths: Sequence[str]) -> None:
        """See :class:`~zktools._live.parties.Connection`."""
        self.unwatch(paths)
        self._leftovers.add(paths)

    def _on_armed(self, paths: Iterable[str]) -> None:
        self.unwatch(paths)  # of those that were closed while this was on its way

    def _is_followed(self, path: str) -> bool:
        return any(live.follows(path) for live in self._above(path))

    def _above(self, path: str) -> Iterator[Live]:
        """Whose root is at `path` or above."""
        yield from self._roots.get(path, ())
        while path != "/":
            path = path.rpartition("/")[0] or "/"
            yield from self._roots.get(path, ())

    def sweep(self) -> None:
        """Close what nobody holds any more."""
        while self._abandoned:
            self._abandoned.popleft().close()

    # -- changes -------------------------------------------------------------------------------

    def send(self, request: Change) -> None:
        """See :class:`~zktools._live.change.Connection`."""
        if self.session.connected:
            request.go()
        else:
            self._unsent.append(request)

    def withdraw(self, request: Change) -> None:
        """See :class:`~zktools._live.change.Connection`."""
        if request in self._unsent:
            self._unsent.remove(request)

    # -- what happens --------------------------------------------------------------------------

    @at_once
    def _on_event(self, event: WatchedEvent) -> None:
        # kazoo's thread. A dropped connection calls every watcher with no path: that is a
        # transition, which comes separately.
        if event.path is not None:
            self._on_path(event.path)

    def _on_path(self, path: str) -> None:
        self._events.append(path)
        if not self._posted:
            self._posted = True
            self.session.engine.post(self._drain)

    def _drain(self) -> None:
        self._posted = False
        self.sweep()
        news: dict[Live, list[str]] = {}
        above: dict[str, list[Live]] = {}  # by folder, of which there are far fewer than paths
        while self._events:
            path = self._events.popleft()
            folder = path.rpartition("/")[0]
            if folder not in above:
                above[folder] = list(self._above(folder or "/"))
            for live in above[folder]:
                news.setdefault(live, []).append(path)
            for live in self._roots.get(path, ()):
                news.setdefault(live, []).append(path)
        for live, paths in news.items():
            live.on_events(paths)
        for live in news:
            live.wake()

    def on_transition(self, transition: Transition) -> None:
        """See :class:`~zktools._engine.session.Member`."""
        self.sweep()
        self.online = transition.readable
        if transition.readable:
            self._on_connected(transition.session_id)
        elif transition.closed:
            for live in list(self._lives):
                live.on_closed()
            unsent, self._unsent = self._unsent, []
            for request in unsent:
                request.stop()

    def _on_connected(self, session_id: int | None) -> None:
        if session_id != self._session_id:
            # Within a session no server is accepted that lags behind what was seen. A new one may
            # start on any: let that catch up before it is read.
            self._session_id = session_id
            self.session.client.sync_async("/")
        self._resync()
        unsent, self._unsent = self._unsent, []
        for request in unsent:
            self.send(request)

    def _resync(self) -> None:
        self.reader.reset()
        for live in list(self._lives):
            live.resync()

    def _on_failure(self, error: BaseException) -> None:
        if isinstance(error, (ConnectionLoss, SessionExpiredError)):
            return  # what follows is a transition
        if isinstance(error, UnimplementedError) and self.session.wire.able:
            log.info("the server is older than ZooKeeper 3.6: nodes are read one by one")
            if self._listens:
                self.session.wire.unlisten(self._on_path)  # each read has a watcher
            self.session.wire.able = False
            self.reader.reset()
            self.reader = self._new_reader()
            self._resync()
            return
        log.error("reading failed, and is tried again in %s s: %r", RETRY, error)
        self.session.engine.later(RETRY, self._resync)


def hub_of(client: KazooClient) -> Hub:
    """The one hub of a client, made at first use."""
    session = session_of(client)
    found: Any = client.__dict__.get(_ATTRIBUTE)
    if found is None:
        found = client.__dict__.setdefault(_ATTRIBUTE, Hub(session))
    assert isinstance(found, Hub)
    return found
