"""Requests that kazoo 2.11 has no method for, as its connection loop asks for them.

- *set-watches* (opcode 101) arms any number of one-shot watches in one packet, relative to a
  zxid: a path that changed since then fires at once, so there is no gap to fall into. The Java
  client uses it to restore its watches after a reconnect.
- *remove-watches* (opcode 18, ZooKeeper 3.5) has the server forget its watch on a path.
- *create-container* (opcode 19, ZooKeeper 3.5.3) makes a node that the server deletes by itself
  some time after its last child has gone.
- *multi-read* (opcode 22, ZooKeeper 3.6) reads any number of nodes at one moment of the server.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, Self

from kazoo.protocol.serialization import Create2
from kazoo.protocol.states import WatchedEvent
from kazoo.security import ACL

from zktools._engine.wire import packets

if TYPE_CHECKING:
    from zktools._engine.wire.client import Wire

Watcher = Callable[[WatchedEvent], None]

REMOVE_WATCHES = 18
CREATE_CONTAINER = 19
MULTI_READ = 22
SET_WATCHES = 101

#: Later than any zxid: a set-watches with it reports only what is missing, never what changed.
NEVER = 2**63 - 1


class Snapshot(NamedTuple):
    """What a multi-read answered: one result an operation, all of one moment."""

    results: list[Any]
    """A record (:mod:`zktools._engine.record`), a listing (:mod:`zktools._engine.listing`), or the
    exception of an operation that failed."""
    zxid: int
    """The last transaction that the server had applied."""


_CONTAINER = 4  # as a mode of creation


class CreateContainer(Create2):  # type: ignore[misc] # kazoo has no types
    """An empty container at a full path."""

    type = CREATE_CONTAINER

    def __new__(cls, path: str, acl: Sequence[ACL]) -> Self:
        made: Self = super().__new__(cls, path, b"", acl, _CONTAINER)
        return made


class SetWatches:
    """One-shot watches on any number of full paths."""

    type = SET_WATCHES

    def __init__(
        self,
        wire: Wire,
        zxid: int,
        paths: tuple[Sequence[str], Sequence[str], Sequence[str]],
        watcher: Watcher | None,
    ) -> None:
        self._wire = wire
        self._zxid = zxid
        self._paths = paths  # data, exist, child
        self._watcher = watcher

    def serialize(self) -> bytes:
        """The request's bytes. kazoo calls this on its connection thread, right before sending."""
        # The server sends what fires at once *before* its reply, so the watcher must be in
        # kazoo's tables before the request leaves. Doing it here, on the thread that also empties
        # those tables when the connection drops, leaves no moment in which an armed watch on the
        # server has nobody at this end.
        data, exist, child = self._paths
        if self._watcher is not None:
            self._wire.add_watchers(self._watcher, (*data, *exist), child)
        return packets.set_watches(self._zxid, *self._paths)

    def deserialize(self, _buffer: bytes, _offset: int) -> bool:
        return True


class WatchData:
    """One-shot watches on the data of any number of full paths, each with a watcher."""

    type = SET_WATCHES

    def __init__(self, wire: Wire, watchers: Mapping[str, Watcher]) -> None:
        self._wire = wire
        self._watchers = watchers

    def serialize(self) -> bytes:
        """As of a :class:`SetWatches`, and for the same reason."""
        for path, watcher in self._watchers.items():
            self._wire.add_watchers(watcher, [path], ())
        return packets.set_watches(NEVER, list(self._watchers), [], [])

    def deserialize(self, _buffer: bytes, _offset: int) -> bool:
        return True


#: Requests without an answer yet, up to which it is looked through them who is about to wait.
_LOOKED_THROUGH = 200
#: What the server calls the kinds of watch, by whether those on children and on data are meant.
_KINDS = {(True, False): 1, (False, True): 2, (True, True): 3}
#: Nobody watches this, so that removing watches from it changes nothing.
_NOWHERE = ""


class RemoveWatches:
    """Have the server forget its watches on a full path, as far as nobody here waits for them.

    It has one of each kind for all watchers of this client. Who waits is known when the request is
    sent: whoever asks for a watch later is served later, too.
    """

    type = REMOVE_WATCHES

    def __init__(self, client: Any, path: str, is_followed: Callable[[], bool]) -> None:
        """``is_followed()`` says whether somebody listens to its events, who is in no table."""
        self._client = client
        self._path = path
        self._is_followed = is_followed

    def serialize(self) -> bytes:
        """The request's bytes. kazoo calls this on its connection thread, right before sending."""
        client = self._client
        children, data = (
            not table.get(self._path) for table in (client._child_watchers, client._data_watchers)
        )
        kind = _KINDS.get((children, data))
        if kind is None or self._is_followed() or self._is_about_to_be_watched():
            return packets.remove_watches(_NOWHERE, _KINDS[True, True])
        return packets.remove_watches(self._path, kind)

    def _is_about_to_be_watched(self) -> bool:
        # A watcher of kazoo's own requests is known when the reply is there.
        pending = self._client._pending
        return len(pending) > _LOOKED_THROUGH or any(
            getattr(request, "watcher", None) and request.path == self._path
            for request, _, _ in pending
        )

    def deserialize(self, _buffer: bytes, _offset: int) -> bool:
        return True


class MultiRead:
    """The data or the children of any number of full paths, at one moment."""

    type = MULTI_READ

    def __init__(self, wire: Wire, data: Sequence[str], children: Sequence[str]) -> None:
        self._wire = wire
        self._data = data
        self._children = children

    def serialize(self) -> bytes:
        return packets.multi_read(self._data, self._children)

    def deserialize(self, buffer: bytes, offset: int) -> Snapshot:
        count = len(self._data) + len(self._children)
        results = packets.multi_read_results(buffer, offset, count)
        return Snapshot(results, self._wire.last_zxid)
