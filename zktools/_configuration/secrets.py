"""Which keys hold what must not be told. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from zktools._configuration.tree import check_key

#: Stands for any one part of a key.
ANY = "*"


#: Bytes of the keys that are kept with a history.
_MOST = 1000


class Secrets:
    """The keys marked secret, each with all below it."""

    def __init__(self, keys: Iterable[str]) -> None:
        self.keys = frozenset(keys)
        self._patterns = [key.split("/") if key else [] for key in self.keys]

    def __contains__(self, key: str) -> bool:
        parts = key.split("/") if key else []
        return any(_begins(parts, pattern) for pattern in self._patterns)


def united(*keys: Iterable[str]) -> tuple[str, ...]:
    """All of them. Where they are too many, the sections that they are in are secret as wholes."""
    for depth in (None, 2, 1, 0):
        found = sorted({"/".join(each.split("/")[:depth]) for some in keys for each in some})
        if sum(len(each.encode()) + 4 for each in found) <= _MOST:
            break
    return tuple(found)


def _begins(parts: list[str], pattern: list[str]) -> bool:
    return len(parts) >= len(pattern) and all(
        part in (ANY, each) for part, each in zip(pattern, parts, strict=False)
    )


def check_secret(keys: object) -> list[str]:
    """The keys and sections that a user marks."""
    if isinstance(keys, str) or not isinstance(keys, Iterable):
        raise TypeError(f"secret must be several keys, such as a list, not {type(keys).__name__}")
    return [check_key(key, "each key in secret") for key in keys]
