"""What a server grants to each new connection, before anything is sent on it.

The session timeout is agreed upon anew at each connection, and another server may grant another.
kazoo keeps it in local variables of its connection loop. Two looks find it out:

- the answer to each connect request is looked at as it comes, before kazoo says CONNECTED;
- for a connection that was there before zktools was, the variables are read in the stack of the
  connection's thread, or greenlet.

Safety rests on this, so ``ZKTOOLS_PUBLIC_ONLY`` does not turn it off. With a kazoo in which neither
look finds anything there is no handshake, and locks are refused.
"""

from __future__ import annotations

import gc
import operator
import sys
import threading  # noqa: TID251 - only to look
from collections.abc import Callable, Iterator, Mapping
from types import FrameType
from typing import Any, NamedTuple

from kazoo.client import KazooClient
from kazoo.protocol.serialization import Connect

from zktools._engine.clock import now


class Handshake(NamedTuple):
    """How one connection began."""

    session_id: int | None
    timeout: float
    """Seconds of silence after which the server ends the session."""
    opened: float
    """When the connection was asked for; -inf where nobody saw it."""


class Handshakes:
    """Of one client. `greet` is called with each on kazoo's connection thread."""

    def __init__(self, client: KazooClient, greet: Callable[[Handshake], None]) -> None:
        self._client = client
        self._greet = greet
        self._newest: Handshake | None = None
        self._seen: Handshake | None = None  # in the stack
        self._connection: Any = getattr(client, "_connection", None)
        self._invoke: Any = getattr(self._connection, "_invoke", None)

    def attend(self) -> None:
        """See all that come from now on. To be called for one object of each client only."""
        if callable(self._invoke):
            self._connection._invoke = self._observe

    @property
    def newest(self) -> Handshake | None:
        """Of the present connection, or the last one; None where none is known."""
        if self._newest is None and self._seen is None:
            self._seen = self._look()
        return self._newest or self._seen

    def _observe(self, timeout: float, request: Any, xid: int | None = None) -> Any:
        asked = now()
        answer = self._invoke(timeout, request, xid)
        if isinstance(request, Connect):
            result = answer[0]
            if result.time_out > 0:  # else the session is over
                self._newest = Handshake(result.session_id, result.time_out / 1000.0, asked)
                self._greet(self._newest)
        return answer

    def _look(self) -> Handshake | None:
        for frame in _outwards(_top_frame(getattr(self._connection, "_connection_routine", None))):
            timeout = _LOCALS.get(frame.f_code.co_name, _nothing)(frame.f_locals)
            if timeout is not None:
                client_id = self._client.client_id
                session_id = client_id[0] if client_id is not None else None
                return Handshake(session_id, timeout, float("-inf"))
        return None


def _nothing(_names: Mapping[str, Any]) -> None:
    return None


def _while_opening(names: Mapping[str, Any]) -> float | None:
    timeout = names.get("negotiated_session_timeout")
    return None if timeout is None else timeout / 1000.0


def _while_open(names: Mapping[str, Any]) -> float | None:
    # Two thirds of what was granted; until `last_send` is set, it may be in milliseconds.
    return names["read_timeout"] * 1.5 if "last_send" in names else None


_LOCALS: dict[str, Callable[[Mapping[str, Any]], float | None]] = {
    "_connect": _while_opening,
    "_connect_attempt": _while_open,
}


def _top_frame(routine: Any) -> FrameType | None:
    """Where a thread or a greenlet is now."""
    if isinstance(routine, threading.Thread):
        return _frames().get(routine.ident or 0)
    frame: FrameType | None = getattr(routine, "gr_frame", None)
    return frame


def _frames() -> dict[int, FrameType]:
    # Before Python 3.11.9, a garbage collection in there can stop the whole process for ever
    # (python/cpython#106883). The three are one step of the interpreter: no other thread runs
    # between them, and who has found collecting on will turn it on again.
    if sys.version_info >= (3, 11, 9):
        return sys._current_frames()
    steps: tuple[Callable[[], Any], ...] = (gc.isenabled, gc.disable, sys._current_frames)
    frames: dict[int, FrameType]
    collects, _, frames = map(operator.call, steps)
    if collects:
        gc.enable()
    return frames


def _outwards(frame: FrameType | None) -> Iterator[FrameType]:
    while frame is not None:
        yield frame
        frame = frame.f_back
