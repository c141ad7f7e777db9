"""The members among whom items are shared out, with their weights."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from kazoo.client import KazooClient
from kazoo.security import ACL

from zktools._live.moment import Difference
from zktools._live.roster import Roster

_HEAVIEST = 1e6


def check_weight(weight: object) -> float:
    """How much a member takes, compared with others."""
    if isinstance(weight, bool) or not isinstance(weight, (int, float)):
        raise TypeError(f"weight must be a number, not {type(weight).__name__}")
    if not 1 / _HEAVIEST <= weight <= _HEAVIEST:
        raise ValueError(f"weight must be from a millionth to a million; got {weight!r}")
    return float(weight)


class Fleet(Roster):
    """Who is here; `on_members` is called, on the engine, when that changes."""

    on_members: Callable[[], None] | None = None

    def __init__(self, client: KazooClient, path: str, acl: Sequence[ACL] | None) -> None:
        super().__init__(client, path, acl=acl)

    @property
    def weights(self) -> dict[str, float]:
        """All members, with the weight of each."""
        return {name: _weight(data) for name, data in self.members.items()}

    def on_changes(self, changes: Difference) -> None:
        """See :class:`~zktools._live.object.LiveObject`."""
        super().on_changes(changes)
        if self.on_members is not None:
            self.on_members()


def _weight(data: Any) -> float:
    """What a member's data say, or 1 where a stranger has written something else."""
    try:
        return check_weight(data["weight"])
    except (TypeError, ValueError, KeyError, IndexError):
        return 1.0
