"""What a history answers with, as users get it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, overload

from zktools._configuration.history.kept import Hidden
from zktools._configuration.history.record import Record

#: What a version or a tag's name stands for.
Version = int | str


class Past(dict[str, Any]):
    """What was stored at a version, as a nested dictionary, and what is not known of it."""

    def __init__(
        self,
        tree: Mapping[str, Any],
        version: Version,
        unknown: Mapping[str, Hidden],
        lost: frozenset[str],
    ) -> None:
        super().__init__(tree)
        self.version = version
        """The number of the record, or the tag."""
        self.unknown = unknown
        """Keys that are left out, and why."""
        self.lost = lost
        """Sections in which there may have been more, that no record tells of: somebody made or
        removed something there without a record."""


@dataclass(frozen=True)
class History(Sequence[Record]):
    """The records of a configuration, newest first; and what has no record."""

    records: tuple[Record, ...]
    unrecorded: frozenset[str]
    """Keys that were written since the newest record by somebody who keeps no history."""
    lost: frozenset[str]
    """Sections in which something was made or removed that way."""
    tags: Mapping[str, int]
    """The versions that have names; also those whose records are gone."""
    secret: frozenset[str] = frozenset()
    """Keys and sections that somebody who stored has marked: no record tells their values."""

    @overload
    def __getitem__(self, index: int) -> Record: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[Record, ...]: ...
    def __getitem__(self, index: int | slice) -> Record | tuple[Record, ...]:
        return self.records[index]

    def __len__(self) -> int:
        return len(self.records)


def check_version(version: object) -> None:
    """The number of a record, or a tag."""
    if isinstance(version, bool) or not isinstance(version, (int, str)):
        raise TypeError(
            f"version must be the number of a record or a tag, not {type(version).__name__}"
        )
