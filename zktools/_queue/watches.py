"""One-shot watches on candidates of one folder, for one claim."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from itertools import chain
from typing import Any

from kazoo.exceptions import NoNodeError
from kazoo.protocol.states import EventType, WatchedEvent

from zktools._engine.looks import Look
from zktools._engine.session import Session
from zktools._engine.wire import NEVER, at_once
from zktools._queue.requests import Reply


class Watches:
    """Which candidates are watched, and what to do when one is deleted or changes.

    Departures are watched by *child* watches. Candidates are ephemeral and have no children, so
    such a watch fires for the deletion and for nothing else. A data watch would be used up by a
    request to let go, and until it was armed again a deletion would go unnoticed. Our own node has
    a data watch besides, for those requests. The node that says how many permits there are has no
    children either.

    `on_deleted` and `on_changed` get the name, `on_confirmed` nothing, all on the engine. A watch
    that fired is gone; so are all of them when the connection breaks.
    """

    def __init__(
        self,
        session: Session,
        folder: str,
        *,
        on_deleted: Callable[[str], None],
        on_changed: Callable[[str], None],
        on_confirmed: Callable[[], None],
    ) -> None:
        self._session = session
        self._folder = folder
        self.on_deleted = on_deleted
        self.on_changed = on_changed
        self.on_confirmed = on_confirmed
        self._data: set[str] = set()
        self._child: set[str] = set()
        self._unconfirmed = 0
        self._generation = 0  # of the connection, or of the attempt; older confirmations are void

    @property
    def are_confirmed(self) -> bool:
        """Whether all are known to be armed, and all they had to tell by then is told."""
        return self._unconfirmed == 0

    def covers(self, name: str) -> bool:
        """Whether the data of this node is watched, or about to be."""
        return name in self._data

    def arm(self, own: str, blockers: Iterable[str], since: int) -> None:
        """Watch our own node and those who block us, but for what is watched already.

        What changed after the zxid `since`, or is not there, fires at once.
        """
        data = [own] if own not in self._data else []
        child = [name for name in (own, *blockers) if name not in self._child]
        if not data and not child:
            return
        self._data.update(data)
        self._child.update(child)
        self._send(data, child, since)

    def arm_own(self, own: str, since: int) -> None:
        """Watch the data of our own node, unless it is watched; as :meth:`arm`."""
        if own not in self._data:
            self._data.add(own)
            self._send([own], [], since)

    def _send(self, data: list[str], child: list[str], since: int) -> None:
        self._unconfirmed += 1
        if self._session.wire.able:
            paths = {"data": self._paths(data), "child": self._paths(child)}
            reply = Reply(partial(self._in_order, paths), self._armed, (paths, self._generation))
            self._session.wire.set_watches(since, self._on_event, **paths, result=reply)
            return
        client = self._session.client
        looks = [(client.get_async, path, since) for path in self._paths(data)]
        looks += [(client.get_children_async, path, NEVER) for path in self._paths(child)]
        for left, (look, path, after) in zip(reversed(range(len(looks))), looks, strict=True):
            looked = look(path, watch=self._on_event)
            self._session.link_in_order(looked, self._looked, path, after, left, self._generation)

    def _paths(self, names: Iterable[str]) -> list[str]:
        return [f"{self._folder}/{name}" for name in names]

    def _in_order(
        self, paths: dict[str, list[str]], function: Callable[..., None], *args: Any
    ) -> None:
        """Run ``function(*args)`` on the engine after all events that came ahead of this reply.

        kazoo's connection thread. An event for one of `paths` may still be on its way through
        another thread; that there was none is to be seen at once, and saves the way round. Other
        events may then come later than this: who is watched by this request is still there, and
        so still blocks, and the grant waits for the event of its departure, which is behind them.
        """
        wire = self._session.wire
        if wire.hears_at_once or wire.waits(self._on_event, **paths):
            self._session.bring(function, *args)
        else:
            self._session.behind_events(function, *args)

    def _armed(self, result: Any, paths: dict[str, list[str]], generation: int) -> None:
        if not result.successful():
            return  # the connection broke, and all is armed anew
        if generation == self._generation:
            self._confirm(generation)
        else:
            self._forget_unwanted(chain(*paths.values()))

    def _forget_unwanted(self, paths: Iterable[str]) -> None:
        """A watcher is entered when the request leaves: perhaps after :meth:`forget`."""
        wanted = set(self._paths(self._data | self._child))
        self._session.wire.forget(self._on_event, set(paths) - wanted)

    def _confirm(self, generation: int) -> None:
        if generation == self._generation:
            self._unconfirmed -= 1
            if self.are_confirmed:
                self.on_confirmed()

    def _looked(self, result: Any, path: str, since: int, left: int, generation: int) -> None:
        """One of several reads, with `left` to follow, has armed its watch by public calls."""
        if generation != self._generation:
            return
        if isinstance(result.exception, NoNodeError):
            self._fired(EventType.DELETED, path)
        elif not result.successful():
            return
        elif since != NEVER and result.value[1].mzxid > since:
            self._fired(EventType.CHANGED, path)
        if left == 0:
            self._confirm(generation)

    def read(self, name: str, function: Callable[..., None], *args: Any) -> None:
        """Read a candidate and watch its data; then ``function(result of (data, stat), *args)``."""
        self._data.add(name)
        (path,) = self._paths([name])
        read = self._session.client.get_async(path, watch=self._on_event)
        self._session.link(read, self._was_read, path, function, *args)

    def look(self, name: str, size: int, function: Callable[..., None], *args: Any) -> None:
        """As :meth:`read`, together with all others who look in this turn.

        `size`: bytes of its data, as far as is known.
        """
        self._data.add(name)
        (path,) = self._paths([name])
        then = partial(self._was_looked_at, path, function, args)
        self._session.looks.add(Look(path, size, self._on_event, then))

    def _was_looked_at(
        self, path: str, function: Callable[..., None], args: tuple[Any, ...], result: Any
    ) -> None:
        self._was_read(result, path, function, *args)

    def _was_read(self, result: Any, path: str, function: Callable[..., None], *args: Any) -> None:
        self._forget_unwanted([path])
        function(result, *args)

    def dropped(self) -> None:
        """The connection broke."""
        self._data.clear()
        self._child.clear()
        self._unconfirmed = 0
        self._generation += 1

    def forget(self) -> None:
        """No event is wanted any more."""
        self._session.wire.forget(self._on_event, self._paths(self._data | self._child))
        self.dropped()

    def mute(self, name: str) -> None:
        """We delete it ourselves: its end is no news. Any thread."""
        self._session.wire.forget(self._on_event, self._paths([name]))

    @at_once
    def _on_event(self, event: WatchedEvent) -> None:
        # kazoo's thread. NONE only says that the connection broke; we hear that ourselves.
        if event.type != EventType.NONE:
            self._session.bring(self._fired, event.type, event.path)

    def _fired(self, what: str, path: str) -> None:
        name = path.rpartition("/")[2]
        if what == EventType.DELETED:
            self._data.discard(name)
            self._child.discard(name)
            self.on_deleted(name)
        elif what == EventType.CHANGED:
            self._data.discard(name)
            self.on_changed(name)
        elif name in self._child:
            # A stranger's node that only looks like a candidate has children. Wait for its end.
            self._send([], [name], NEVER)
