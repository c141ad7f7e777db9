"""What a candidate's node says: who it is, and whether it was asked to let go.

zktools 0.2 wrote ``0`` and was asked by overwriting that with ``unlock``. Ours writes a JSON
object, which 0.2 ignores, and is asked inside it, so that operators can still read who holds it::

    {"host": "web-1", "pid": 4711, "thread": "MainThread", "identifier": "nightly"}
    {"host": ..., "unlock": {"host": "web-2", "pid": 17, ...}}

Both forms of asking are obeyed.
"""

from __future__ import annotations

import json
import os
import socket
import threading  # noqa: TID251 - for a name only
from collections.abc import Mapping
from typing import Any

#: The whole data of a candidate of 0.2 that was asked to let go.
UNLOCK = b"unlock"
_ASKED = "unlock"

#: Bytes of a record with a request in it that are sent. Two of our own are smaller, even with
#: identifiers that JSON writes with six bytes for each.
_MOST = 832 * 1024

#: Characters of a thread's name that are shown.
_NAME = 256


def describe_caller(identifier: str | None) -> dict[str, Any]:
    """Who is asking: this host, process and thread, and the name they gave themselves."""
    who: dict[str, Any] = {
        "host": socket.gethostname(),
        "pid": os.getpid(),
        "thread": threading.current_thread().name[:_NAME],
    }
    if identifier is not None:
        who["identifier"] = identifier
    return who


def encode(who: Mapping[str, Any]) -> bytes:
    """The data of a new candidate."""
    return json.dumps(who, ensure_ascii=False).encode(errors="replace")


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

    What strangers wrote may be as large as the server takes; with a request in it, it would break
    the connection of whoever sends it.
    """
    who = decode(data)
    asked = UNLOCK if who is None else encode({**who, _ASKED: dict(by)})
    return asked if len(asked) <= _MOST else UNLOCK
