"""What a subscriber to many keys is told: one batch for one moment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True)
class Changes(Generic[T]):
    """What differs between the moment a subscriber saw last and now.

    Both are moments at which the server had exactly these values: what one transaction changed is
    never in two batches. In the first call everything there is counts as added.
    """

    added: Mapping[str, T]
    """Keys that were not there, with their values."""
    changed: Mapping[str, tuple[T, T]]
    """Keys that were written, with the value before and now; the two may be equal."""
    removed: Mapping[str, T]
    """Keys that are gone, with the value they had."""

    def __bool__(self) -> bool:
        return bool(self.added or self.changed or self.removed)

    @property
    def keys(self) -> frozenset[str]:
        """All keys concerned."""
        return frozenset((*self.added, *self.changed, *self.removed))
