"""What a candidate's node says: who it is, and whether it was asked to let go.

zktools 0.2 wrote ``0`` and was asked by overwriting that with ``unlock``. Ours writes a JSON
object, which 0.2 ignores, and is asked inside it, so that operators can still read who holds it::

    {"host": "web-1", "pid": 4711, "thread": "MainThread", "identifier": "nightly"}
    {"host": ..., "unlock": {"host": "web-2", "pid": 17, ...}}

Both forms of asking are obeyed.
"""

from __future__ import annotations

import functools
import json
import socket
import sys
import threading  # noqa: TID251 - for a name only
from collections.abc import Mapping
from typing import Any

from zktools._engine.arguments import MAX_IDENTIFIER
from zktools._engine.process import process

#: The whole data of a candidate of 0.2 that was asked to let go.
UNLOCK = b"unlock"
_ASKED = "unlock"

#: Characters of a thread's name that are shown.
_NAME = 256

#: What is kept of a record when a request is added: what zktools writes, as large as it may be, in
#: bytes of JSON. (That writes up to six for one of an identifier.) All of them, with who asks, are
#: less than a server takes.
_KEPT = {
    "host": 1024,
    "pid": 32,
    "thread": 6 * _NAME + 2,
    "identifier": 6 * MAX_IDENTIFIER + 2,
    "data": 128 * 1024,
}


def describe_caller(identifier: str | None) -> dict[str, Any]:
    """Who is asking: this host, process and thread, and the name they gave themselves."""
    who: dict[str, Any] = {
        "host": socket.gethostname(),
        "pid": process(),
        "thread": threading.current_thread().name[:_NAME],
    }
    if identifier is not None:
        who["identifier"] = identifier
    return who


def encode(who: Mapping[str, Any]) -> bytes:
    """The data of a new candidate."""
    try:
        return _encoded(tuple(who), *who.values())
    except TypeError:  # there is more in it than a caller's description
        return _json(who)


@functools.lru_cache(maxsize=1024, typed=True)  # a caller comes again
def _encoded(names: tuple[str, ...], *values: object) -> bytes:
    return _json(dict(zip(names, values, strict=True)))


def _json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode(errors="replace")


def decode(data: bytes | None) -> dict[str, Any] | None:
    """Who wrote it, or None for the data of 0.2 and of strangers."""
    try:
        who = json.loads(data or b"")
    except (ValueError, RecursionError):  # whatever strangers write
        return None
    return who if isinstance(who, dict) else None


def is_asked(data: bytes | None) -> bool:
    """Whether the candidate with this data was asked to let go."""
    return data == UNLOCK or _ASKED in (decode(data) or ())


def with_request(data: bytes | None, by: Mapping[str, Any]) -> bytes:
    """The data that asks the candidate with this data to let go.

    Of that only what zktools writes is kept. What strangers wrote may be as large as the server
    takes: sent back, with a request in it, it would break the connection of whoever sends it.
    """
    who = decode(data) or {}
    kept = {name: who[name] for name in _KEPT if name in who}
    kept = {name: value for name, value in kept.items() if _size(value) <= _KEPT[name]}
    return _json({**kept, _ASKED: dict(by)}) if kept else UNLOCK


def _size(value: object) -> int:
    try:
        return len(_json(value))
    except RecursionError:
        return sys.maxsize
