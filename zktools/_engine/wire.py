"""The only room that touches kazoo's private parts: requests that kazoo has no method for.

Two requests of the ZooKeeper protocol make zktools what it is, and kazoo 2.11 has neither:

- *set-watches* (opcode 101) arms any number of one-shot watches in one packet, relative to a
  zxid: a path that changed since then fires at once, so there is no gap to fall into. The Java
  client uses it to restore its watches after a reconnect.
- *multi-read* (opcode 22, ZooKeeper 3.6) reads any number of nodes at one moment of the server.

Both need ``client._call`` and the tables of watchers. :attr:`Wire.able` says whether this kazoo
still has them; where it is False (or ``ZKTOOLS_PUBLIC_ONLY=1`` is in the environment) callers use
public calls, with the same behaviour at more requests.

What is not private, but known only here: the session timeout that the server granted. kazoo keeps
it in local variables of its connection loop; a request of ours is serialized by that very loop and
can look.
"""

from __future__ import annotations

import os
import struct
import sys
import threading  # noqa: TID251 - only to look
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from typing import Any, NamedTuple

from kazoo.client import KazooClient
from kazoo.exceptions import EXCEPTIONS
from kazoo.protocol.serialization import Create2
from kazoo.protocol.states import WatchedEvent, ZnodeStat
from kazoo.security import ACL

Watcher = Callable[[WatchedEvent], None]

GET_DATA = 4
GET_CHILDREN = 8
MULTI_READ = 22
SET_WATCHES = 101

#: Requests waiting to be sent with which sending from the connection thread is safe by far.
_ROOM = 64

#: Later than any zxid: a set-watches with it reports only what is missing, never what changed.
NEVER = 2**63 - 1

_MULTI_HEADER = struct.Struct("!iBi")
_INT = struct.Struct("!i")
_LONG = struct.Struct("!q")
_STAT = struct.Struct("!qqqqiiiqiiq")


class Snapshot(NamedTuple):
    """What a multi-read answered: one result an operation, all of one moment."""

    results: list[Any]
    """``(data, stat)`` or a list of names, or the exception of an operation that failed."""
    zxid: int
    """The last transaction that the server had applied."""


class Wire:
    """The requests of one client that kazoo has no method for."""

    def __init__(self, client: KazooClient) -> None:
        self._client = client
        self._granted: float | None = None
        self.able = (
            os.environ.get("ZKTOOLS_PUBLIC_ONLY", "") in ("", "0")
            and callable(getattr(client, "_call", None))
            and isinstance(getattr(client, "_data_watchers", None), dict)
            and isinstance(getattr(client, "_child_watchers", None), dict)
        )
        thread = self._thread
        started = isinstance(thread, threading.Thread) and thread.ident is not None
        self._dead_thread = thread if started and thread not in threading.enumerate() else None

    @property
    def session_timeout(self) -> float:
        """Seconds of silence after which the server ends the session.

        What the server granted once a request of ours was sent; what the client asked for (kazoo's
        default where even that is not to be had) until then.
        """
        if self._granted is not None:
            return self._granted
        asked = getattr(self._client, "_session_timeout", None)
        return asked / 1000.0 if isinstance(asked, (int, float)) and asked > 0 else 10.0

    @property
    def has_thread(self) -> bool:
        """Whether kazoo's connection thread may be running: not in a forked child.

        Only what is dead when zktools first uses the client counts as dead. ``Thread.is_alive`` may
        not be asked at each call: a signal in the middle of it makes it answer no for ever.
        """
        return self._dead_thread is None or self._thread is not self._dead_thread

    @property
    def _thread(self) -> Any:
        connection = getattr(self._client, "_connection", None)
        return getattr(connection, "_connection_routine", None)

    def look_for_grant(self, frame: Any) -> None:
        """See what session timeout the server granted; on kazoo's connection thread.

        The frame is that of ``_send_request``, which called ``_submit``, which called a request's
        ``serialize``. It was given `read_timeout`: two thirds of the timeout. Anything else found
        there is ignored.
        """
        read_timeout = frame.f_locals.get("read_timeout")
        if isinstance(read_timeout, float) and read_timeout > 0:
            self._granted = read_timeout * 1.5

    def creation(self, path: str, data: bytes, acl: Sequence[ACL], flags: int) -> object:
        """Make the request that creates a node and answers path and stat.

        When its answer is there, so is the timeout that the server granted.
        """
        request = _Creation(_absolute(self._client.chroot, path), data, acl, flags)
        request.wire = self
        return request

    def set_watches(
        self,
        zxid: int,
        watcher: Watcher,
        data: Sequence[str] = (),
        exist: Sequence[str] = (),
        child: Sequence[str] = (),
        *,
        result: Any = None,
    ) -> Any:
        """Arm one-shot watches on all these paths; what happened after `zxid` fires at once.

        A `data` path fires when its data changes or it is deleted, at once when it is missing; an
        `exist` path when it is created; a `child` path when its children change or it is deleted.
        Answers an async result, or the given `result`, which is set once all are armed.
        """
        root = self._client.chroot
        request = _SetWatches(
            self,
            zxid,
            [_absolute(root, path) for path in data],
            [_absolute(root, path) for path in exist],
            [_absolute(root, path) for path in child],
            watcher,
        )
        return self._send(request, result)

    def multi_read(self, data: Iterable[str] = (), children: Iterable[str] = ()) -> Any:
        """Read the data of some nodes and the children of others at one moment.

        Answers an async result of a :class:`Snapshot`: first the data, then the children.
        """
        root = self._client.chroot
        operations = [(GET_DATA, _absolute(root, path)) for path in data]
        operations += [(GET_CHILDREN, _absolute(root, path)) for path in children]
        return self._send(_MultiRead(self, operations))

    def forget(self, watcher: Watcher, paths: Iterable[str]) -> None:
        """Do not call `watcher` for these paths any more.

        The server's own watch stays until it fires, once; kazoo then finds nobody to call. An
        emptied set is left in kazoo's table, which drops it at that moment: removing it here
        could race with kazoo adding a watcher to it.
        """
        if not self.able:
            return
        for path in paths:
            full = _absolute(self._client.chroot, path)
            for table in (self._client._data_watchers, self._client._child_watchers):
                watchers = table.get(full)
                if watchers is not None:
                    watchers.discard(watcher)

    def add_watchers(self, watcher: Watcher, data: Iterable[str], child: Iterable[str]) -> None:
        """Enter `watcher` in kazoo's tables under full paths. kazoo's connection thread only."""
        for path in data:
            self._client._data_watchers[path].add(watcher)
        for path in child:
            self._client._child_watchers[path].add(watcher)

    def waits(self, watcher: Watcher, data: Iterable[str], child: Iterable[str]) -> bool:
        """Whether `watcher` waits on all these paths. kazoo's connection thread only.

        That thread drops a watcher when it has read an event for it, so none was read if so.
        """
        root = self._client.chroot
        tables = ((self._client._data_watchers, data), (self._client._child_watchers, child))
        return all(
            watcher in table.get(_absolute(root, path), ())
            for table, paths in tables
            for path in paths
        )

    @property
    def last_zxid(self) -> int:
        """The zxid in the newest reply; exact in a request's `deserialize`."""
        return int(self._client.last_zxid)

    @property
    def has_room(self) -> bool:
        """Whether few requests wait to be sent, so that sending some more cannot block."""
        return len(getattr(self._client, "_queue", ())) < _ROOM

    def absolute(self, path: str) -> str:
        """The path as it counts for the server, under the client's chroot."""
        return _absolute(self._client.chroot, path)

    def call(self, request: object, result: object) -> None:
        """Send a request; kazoo calls ``result.set(value)`` or ``result.set_exception(error)``.

        On its connection thread, or at once here when the client is closed.
        """
        try:
            self._client._call(request, result)
        except BaseException:
            # The caller was interrupted. kazoo sends one request for each byte that wakes it, so a
            # request queued without its byte would keep back all that follow by one; a byte
            # without a request does no harm.
            with suppress(Exception):
                self._client._connection._write_sock.send(b"\0")
            raise

    def _send(self, request: object, result: Any = None) -> Any:
        if result is None:
            result = self._client.handler.async_result()
        self.call(request, result)
        return result


class _Request:
    """What kazoo's connection loop asks of a request."""

    type: int

    def __init__(self, wire: Wire) -> None:
        self._wire = wire

    def serialize(self) -> bytes:
        """The request's bytes. kazoo calls this on its connection thread, right before sending."""
        self._wire.look_for_grant(sys._getframe(2))
        return self._body()

    def _body(self) -> bytes:
        raise NotImplementedError


class _Creation(Create2):  # type: ignore[misc]
    wire: Wire

    def serialize(self) -> bytes:
        self.wire.look_for_grant(sys._getframe(2))
        return bytes(super().serialize())


class _SetWatches(_Request):
    type = SET_WATCHES

    def __init__(
        self,
        wire: Wire,
        zxid: int,
        data: list[str],
        exist: list[str],
        child: list[str],
        watcher: Watcher,
    ) -> None:
        super().__init__(wire)
        self._zxid = zxid
        self._paths = (data, exist, child)
        self._watcher = watcher

    def _body(self) -> bytes:
        # The server sends what fires at once *before* its reply, so the watcher must be in
        # kazoo's tables before the request leaves. Doing it here, on the thread that also empties
        # those tables when the connection drops, leaves no moment in which an armed watch on the
        # server has nobody at this end.
        data, exist, child = self._paths
        self._wire.add_watchers(self._watcher, (*data, *exist), child)
        return _LONG.pack(self._zxid) + b"".join(_strings(paths) for paths in self._paths)

    def deserialize(self, _buffer: bytes, _offset: int) -> bool:
        return True


class _MultiRead(_Request):
    type = MULTI_READ

    def __init__(self, wire: Wire, operations: list[tuple[int, str]]) -> None:
        super().__init__(wire)
        self._operations = operations

    def _body(self) -> bytes:
        parts = []
        for opcode, path in self._operations:
            parts += [_MULTI_HEADER.pack(opcode, 0, -1), _string(path), b"\0"]
        return b"".join([*parts, _MULTI_HEADER.pack(-1, 1, -1)])

    def deserialize(self, buffer: bytes, offset: int) -> Snapshot:
        results: list[Any] = []
        while True:
            opcode, done, _ = _MULTI_HEADER.unpack_from(buffer, offset)
            offset += _MULTI_HEADER.size
            if done:
                return Snapshot(results, self._wire.last_zxid)
            result, offset = _READERS[opcode](buffer, offset)
            results.append(result)


def _absolute(root: str, path: str) -> str:
    return (root + path if path != "/" else root) if root else path


def _string(text: str) -> bytes:
    encoded = text.encode()
    return _INT.pack(len(encoded)) + encoded


def _strings(texts: list[str]) -> bytes:
    return _INT.pack(len(texts)) + b"".join(map(_string, texts))


def _read_buffer(buffer: bytes, offset: int) -> tuple[bytes, int]:
    (length,) = _INT.unpack_from(buffer, offset)
    start = offset + _INT.size
    end = start + max(length, 0)  # -1 is null, which a node without data answers with
    return bytes(buffer[start:end]), end


def _read_data(buffer: bytes, offset: int) -> tuple[tuple[bytes, ZnodeStat], int]:
    data, offset = _read_buffer(buffer, offset)
    stat = ZnodeStat._make(_STAT.unpack_from(buffer, offset))
    return (data, stat), offset + _STAT.size


def _read_children(buffer: bytes, offset: int) -> tuple[list[str], int]:
    (count,) = _INT.unpack_from(buffer, offset)
    offset += _INT.size
    names = []
    for _ in range(max(count, 0)):
        name, offset = _read_buffer(buffer, offset)
        names.append(name.decode())
    return names, offset


def _read_error(buffer: bytes, offset: int) -> tuple[Exception, int]:
    (code,) = _INT.unpack_from(buffer, offset)
    return EXCEPTIONS[code](), offset + _INT.size


_READERS: dict[int, Callable[[bytes, int], tuple[Any, int]]] = {
    GET_DATA: _read_data,
    GET_CHILDREN: _read_children,
    -1: _read_error,
}
