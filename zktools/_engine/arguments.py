"""What callers may pass in: each check names the argument and the remedy."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

from kazoo.security import ACL

from zktools.exceptions import ValueTooLargeError

F = TypeVar("F")

#: Bytes of one value that the server takes: its default ``jute.maxbuffer`` is 0xfffff for the
#: whole request, so a little is left for the path, the ACL and the header.
MAX_VALUE = 0xFFFFF - 4096

#: Bytes of a path. A request holds several: who watches those ahead in a queue names four at once.
MAX_PATH = 32 * 1024

#: Bytes of an ACL, which goes with each node that is made.
MAX_ACL = 64 * 1024

#: Bytes of an identifier. A record holds two, its writer's and that of who asked it to let go, and
#: JSON writes some characters with six bytes.
MAX_IDENTIFIER = 64 * 1024

#: Seconds, thirty years, from which on a time span counts as no limit: operating systems refuse to
#: wait much longer, and would do so in the middle of the work.
FOR_EVER = 1e9

#: Permits of a semaphore: more would not fit into ten digits of a name.
MAX_COUNT = 10**9


def check_callable(function: F, argument: str) -> F:
    """What is to be called later."""
    if not callable(function):
        raise TypeError(f"{argument} must be callable, not {type(function).__name__}")
    return function


def check_name(name: object, argument: str) -> str:
    """One component of a path, such as a lock's name."""
    if not isinstance(name, str):
        raise TypeError(f"{argument} must be a str, not {type(name).__name__}")
    _check_length(name, argument)
    if not name or name in (".", "..") or "/" in name or "\0" in name:
        raise ValueError(
            f"{argument} must be one component of a ZooKeeper path: not empty, '.' or '..', "
            f"without '/' and NUL; got {name!r}"
        )
    _check_characters(name, argument)
    return name


def is_name(name: object) -> bool:
    """Whether :func:`check_name` takes it."""
    try:
        check_name(name, "name")
    except (TypeError, ValueError):
        return False
    return True


def check_path(path: object, argument: str) -> str:
    """An absolute path, without a trailing slash (but for the root itself)."""
    if not isinstance(path, str):
        raise TypeError(f"{argument} must be a str, not {type(path).__name__}")
    _check_length(path, argument)
    if not path.startswith("/"):
        raise ValueError(f"{argument} must be absolute, beginning with '/'; got {path!r}")
    if path == "/":
        return path
    path = path.removesuffix("/")
    for component in path[1:].split("/"):
        if component in ("", ".", ".."):
            raise ValueError(
                f"{argument} must not hold empty, '.' or '..' components; got {path!r}"
            )
    _check_characters(path, argument)
    return path


def _check_length(text: str, argument: str) -> None:
    size = len(text.encode(errors="replace"))
    if size > MAX_PATH:
        raise ValueError(
            f"{argument} has {size} bytes and a path takes {MAX_PATH}: what is longer does not fit "
            "into ZooKeeper's requests; shorten it"
        )


def _check_characters(text: str, argument: str) -> None:
    # As ZooKeeper's PathUtils.validatePath: control characters, surrogates and specials. Beyond
    # U+FFFF a character is a pair of surrogates to Java, and each of them is refused.
    for character in text:
        code = ord(character)
        if code < 0x20 or 0x7F <= code <= 0x9F or 0xD800 <= code <= 0xF8FF or code >= 0xFFF0:
            raise ValueError(
                f"{argument} must not hold the character {character!a}, "
                f"which ZooKeeper refuses in paths; got {text!a}"
            )


def check_seconds(seconds: object, argument: str) -> float | None:
    """A time span in seconds, or None for no limit: None itself, or as good as for ever."""
    if seconds is None:
        return None
    if isinstance(seconds, bool) or not isinstance(seconds, (int, float)):
        raise TypeError(
            f"{argument} must be a number of seconds or None, not {type(seconds).__name__}"
        )
    if not seconds >= 0:  # NaN is neither more nor less
        raise ValueError(f"{argument} must be zero or more seconds, or None; got {seconds!r}")
    return float(seconds) if seconds < FOR_EVER else None


def check_count(count: object, argument: str) -> int:
    """A whole number of at least 1, which fits into the name of a node."""
    if isinstance(count, bool) or not isinstance(count, int):
        raise TypeError(f"{argument} must be an int, not {type(count).__name__}")
    if not 1 <= count <= MAX_COUNT:
        raise ValueError(f"{argument} must be from 1 to {MAX_COUNT}; got {count}")
    return count


def check_value_size(value: bytes, argument: str) -> bytes:
    """A value the server will take; beyond its limit it would drop the whole connection."""
    if len(value) > MAX_VALUE:
        raise ValueTooLargeError(
            f"{argument} has {len(value)} bytes and a ZooKeeper node takes {MAX_VALUE}: "
            f"store it elsewhere and keep a reference here"
        )
    return value


def check_total_size(size: int, argument: str, remedy: str = "make it smaller, or several") -> int:
    """As :func:`check_value_size`, for the bytes of a whole request."""
    if size > MAX_VALUE:
        raise ValueTooLargeError(
            f"{argument} has {size} bytes and ZooKeeper takes {MAX_VALUE} in one request: {remedy}"
        )
    return size


def check_identifier(identifier: object, argument: str) -> str | None:
    """Free text for a record, or None."""
    if identifier is None:
        return None
    if not isinstance(identifier, str):
        raise TypeError(f"{argument} must be a str, not {type(identifier).__name__}")
    size = len(identifier.encode(errors="replace"))
    if size > MAX_IDENTIFIER:
        raise ValueTooLargeError(
            f"{argument} has {size} bytes and a lock's record takes {MAX_IDENTIFIER}: shorten it"
        )
    return identifier


def acl_size(acl: Iterable[ACL]) -> int:
    """Bytes that it takes in a request."""
    return sum(len(f"{entry.id.scheme}{entry.id.id}".encode()) + 12 for entry in acl)


def check_acl(acl: object, argument: str) -> list[ACL] | None:
    """A list of kazoo ACLs, or None for the client's default."""
    if acl is None:
        return None
    if isinstance(acl, ACL) or not isinstance(acl, (list, tuple)):
        raise TypeError(f"{argument} must be a list of kazoo.security.ACL, not {acl!r}")
    for entry in acl:
        if not isinstance(entry, ACL):
            raise TypeError(f"{argument} must hold kazoo.security.ACL only, not {entry!r}")
    if not acl:
        raise ValueError(f"{argument} must not be empty: nobody could use the node")
    size = acl_size(acl)
    if size > MAX_ACL:
        raise ValueTooLargeError(f"{argument} has {size} bytes and takes {MAX_ACL}: shorten it")
    return list(acl)
