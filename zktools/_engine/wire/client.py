"""What zktools asks of one client beyond kazoo's public methods.

:attr:`Wire.able` says whether this kazoo still has what the requests need, ``client._call`` and the
tables of watchers; where it is False callers use public calls, with the same behaviour at more
requests.
"""

from __future__ import annotations

import logging
import threading  # noqa: TID251 - only to look
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Any

from kazoo.client import KazooClient
from kazoo.protocol.states import Callback
from kazoo.security import ACL, OPEN_ACL_UNSAFE

from zktools._engine.clock import now
from zktools._engine.wire import callers, connection, events, reading, sending, sockets, wakeups
from zktools._engine.wire.abilities import abilities
from zktools._engine.wire.handshake import Handshake, Handshakes
from zktools._engine.wire.requests import (
    CreateContainer,
    MultiRead,
    RemoveWatches,
    SetWatches,
    WatchData,
    Watcher,
)
from zktools.exceptions import ClientUnusableError

log = logging.getLogger("zktools.session")

#: Seconds that events may take through kazoo's queue before that is worth a warning.
_SLOW = 1.0
_CALLED_BACK = (
    "called in a state listener or a result's callback of kazoo's: nothing is answered before it "
    "returns. Hand it to a thread of your own, or to client.handler.spawn()"
)

_IN_A_WATCH = (
    "called in a watch callback of kazoo's: by public calls alone, zktools hears of nothing before "
    "it returns. Hand it to a thread of your own, or to client.handler.spawn()"
)

#: Requests waiting to be sent with which sending from the connection thread is safe by far.
_ROOM = 64


class Wire:
    """The requests of one client that kazoo has no method for, and how its connections began.

    `greet` is called with the handshake of each new connection, before anything is sent on it, on
    kazoo's connection thread.
    """

    def __init__(self, client: KazooClient, greet: Callable[[Handshake], None]) -> None:
        self._client = client
        self._handshakes = Handshakes(client, greet)
        able = abilities(client)
        self.able, self._amends = able.requests, able.conduct
        self.hears_at_once = able.events
        """Whether watchers marked :func:`.events.at_once` are told in order with replies."""
        self.never_blocks = able.wakeups
        """Whether sending a request never waits, however many there are."""
        if able.events:
            events.amend(client)
        if able.wakeups:
            wakeups.amend(client)
        self._sends = able.sending
        if able.reading:
            reading.amend(client)
        if able.sending:
            sending.amend(client)
        thread = self.routine
        started = isinstance(thread, threading.Thread) and thread.ident is not None
        self._dead_thread = thread if started and thread not in threading.enumerate() else None

    def amend(self, closing: Callable[[], None]) -> None:
        """Make the client's connection safe to use; before the first request. Again, it is no work.

        `closing` is called on kazoo's connection thread right before the session is ended.
        """
        (connection if self._amends else sockets).amend(self._client, closing)

    @property
    def was_stopped(self) -> bool:
        """Whether somebody stopped the client, or never started it. False: it gave up by itself."""
        stopped = getattr(self._client, "_stopped", None)
        return stopped is None or bool(stopped.is_set())

    @property
    def is_starting(self) -> bool:
        """Whether it is closed only because its connection's thread has just been started."""
        routine = None if self.was_stopped else self.routine
        if isinstance(routine, threading.Thread):
            return routine in threading.enumerate()
        has_ended = getattr(routine, "ready", None)  # a greenlet's
        return has_ended is not None and not has_ended()

    def attend(self) -> None:
        """See every handshake from now on. To be called for one object of each client only."""
        self._handshakes.attend()

    @property
    def handshake(self) -> Handshake | None:
        """Of the newest connection; None where there was none, or kazoo hides it."""
        return self._handshakes.newest

    @property
    def session_timeout(self) -> float:
        """Seconds of silence after which the server ends the session: how long to be patient.

        What the server granted last; what the client asks for (kazoo's default where even that is
        not to be had) until then.
        """
        if self.handshake is not None:
            return self.handshake.timeout
        asked = getattr(self._client, "_session_timeout", None)
        return asked / 1000.0 if isinstance(asked, (int, float)) and asked > 0 else 10.0

    @property
    def has_thread(self) -> bool:
        """Whether kazoo's connection thread may be running: not in a forked child.

        Only what is dead when zktools first uses the client counts as dead. ``Thread.is_alive`` may
        not be asked at each call: a signal in the middle of it makes it answer no for ever.
        """
        return self._dead_thread is None or self.routine is not self._dead_thread

    @property
    def routine(self) -> Any:
        """The thread, or greenlet, that runs the connection; None before it is started."""
        connection = getattr(self._client, "_connection", None)
        return getattr(connection, "_connection_routine", None)

    def set_watches(
        self,
        zxid: int,
        watcher: Watcher | None,
        data: Sequence[str] = (),
        exist: Sequence[str] = (),
        child: Sequence[str] = (),
        *,
        result: Any = None,
    ) -> Any:
        """Arm one-shot watches on all these paths; what happened after `zxid` fires at once.

        A `data` path fires when its data changes or it is deleted, at once when it is missing; an
        `exist` path when it is created; a `child` path when its children change or it is deleted.
        No `watcher`: those who :meth:`listen` are told. Answers an async result, or the given
        `result`, which is set once all are armed.
        """
        root = self._client.chroot
        request = SetWatches(
            self,
            zxid,
            (_all_absolute(root, data), _all_absolute(root, exist), _all_absolute(root, child)),
            watcher,
        )
        return self._send(request, result)

    def watch_data(self, watchers: Mapping[str, Watcher]) -> Any:
        """Arm a one-shot watch on the data of each path, with a watcher of its own.

        One that is missing fires at once. Answers an async result, set once all are armed.
        """
        full = {self.absolute(path): watcher for path, watcher in watchers.items()}
        return self._send(WatchData(self, full))

    def multi_read(self, data: Sequence[str] = (), children: Sequence[str] = ()) -> Any:
        """Read the data of some nodes and the children of others at one moment.

        Answers an async result of a :class:`Snapshot`: first the data, then the children.
        """
        root = self._client.chroot
        return self._send(MultiRead(self, _all_absolute(root, data), _all_absolute(root, children)))

    def create_container(self, path: str, acl: Sequence[ACL] | None) -> Any:
        """Create an empty container; the parent must be there. Answers an async result."""
        permissions = acl or self._client.default_acl or OPEN_ACL_UNSAFE
        return self._send(CreateContainer(self.absolute(path), permissions))

    def listen(self, listener: Callable[[str], object]) -> None:
        """Tell it the path of each event, in order with replies. Only if :attr:`hears_at_once`.

        On kazoo's connection thread: it must neither block nor raise.
        """
        events.listen(self._client, listener)

    def unlisten(self, listener: Callable[[str], object]) -> None:
        """Tell it no more."""
        events.unlisten(self._client, listener)

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

    @property
    def can_remove_watches(self) -> bool:
        """Whether :meth:`remove_watches` may be called."""
        return self.able and isinstance(getattr(self._client, "_pending", None), deque)

    def remove_watches(self, path: str, is_followed: Callable[[], bool]) -> Any:
        """Have the server forget its watches on a path, if nobody here waits for them.

        ``is_followed()`` is asked on kazoo's connection thread whether somebody listens. Answers an
        async result, which tells nothing of what was done.
        """
        return self._send(RemoveWatches(self._client, self.absolute(path), is_followed))

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
        """Whether sending some more requests cannot block."""
        return self.never_blocks or len(getattr(self._client, "_queue", ())) < _ROOM

    def behind_events(self, function: Callable[..., None], *args: Any) -> None:
        """Call it after all events that were read from the socket until now have been told."""
        if self.hears_at_once:
            function(*args)
            return
        # kazoo queues events when they are read; what is queued behind them runs after each.
        asked = now()

        def run() -> None:
            if now() - asked > _SLOW:
                log.warning("a slow watch callback held up zktools for %.1f s", now() - asked)
            function(*args)

        self._client.handler.dispatch_callback(Callback("watch", run, ()))

    def behind_arrivals(self, call: Callable[[], object]) -> None:
        """On kazoo's connection thread, call it after all that has arrived by now is taken in.

        On any other, at once.
        """
        late = getattr(self._client._connection, "zktools_late", None)
        if late is not None and self.is_on_connection_thread:
            late.append(call)
        else:
            call()

    def refuse_kazoos_threads(self) -> None:
        """Raise where waiting for an answer would keep that very answer from coming."""
        if callers.delivers_replies(self._client):
            raise ClientUnusableError(_CALLED_BACK)
        if not self.hears_at_once and callers.delivers_events(self._client):
            raise ClientUnusableError(_IN_A_WATCH)

    @property
    def is_on_connection_thread(self) -> bool:
        """Whether nothing can be answered before this function returns."""
        return callers.is_connection(self._client)

    def absolute(self, path: str) -> str:
        """The path as it counts for the server, under the client's chroot."""
        return _absolute(self._client.chroot, path)

    def call(self, *requests: tuple[object, object]) -> None:
        """Send requests, each with the result that becomes of it, in this order.

        kazoo calls ``result.set(value)`` or ``result.set_exception(error)``, on its connection
        thread, or at once here when the client is closed.
        """
        self._call(requests, sends=self._sends)

    def _send(self, request: object, result: Any = None) -> Any:
        """Send a request of this room's, which only the connection thread may put together."""
        if result is None:
            result = self._client.handler.async_result()
        self._call([(request, result)], sends=self._sends and self.is_on_connection_thread)
        return result

    def _call(self, requests: Sequence[tuple[object, object]], *, sends: bool) -> None:
        connection = self._client._connection
        try:
            for each in connection.zktools_send(requests) if sends else requests:
                self._client._call(*each)
        except BaseException:
            # The caller was interrupted. kazoo sends one request for each byte that wakes it, so a
            # request queued without its byte would keep back all that follow by one; a byte
            # without a request does no harm.
            with suppress(Exception):
                connection._write_sock.send(b"\0")
            raise


def _all_absolute(root: str, paths: Sequence[str]) -> Sequence[str]:
    return [_absolute(root, path) for path in paths] if root else paths


def _absolute(root: str, path: str) -> str:
    return (root + path if path != "/" else root) if root else path
