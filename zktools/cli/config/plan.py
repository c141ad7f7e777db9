"""What an import would do. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Any

from zktools import configuration
from zktools._configuration.tree import is_within_any
from zktools.cli.config.files.expressing import same
from zktools.cli.config.opening import Stored
from zktools.cli.config.presenting import plain_data, shown_data
from zktools.values import Codec

_OWN = '""'  # the empty key, which stands for PATH itself


@dataclass(frozen=True)
class Plan:
    """The difference between what is stored and what is wanted."""

    wanted: Mapping[str, bytes]
    added: Mapping[str, bytes]
    changed: Mapping[str, tuple[bytes, bytes]]
    removed: Mapping[str, bytes]
    version: int
    """Of what it was made for."""

    def __bool__(self) -> bool:
        return bool(self.added or self.changed or self.removed)

    @property
    def summary(self) -> str:
        """In numbers."""
        return f"{len(self.added)} added, {len(self.changed)} changed, {len(self.removed)} removed"


def plan_import(
    stored: Stored,
    wanted: Mapping[str, bytes],
    codec: Codec[Any],
    replaced: AbstractSet[str] = frozenset(),
) -> Plan:
    """Compare by value, so that nothing is changed that is the same already."""
    old = stored.data
    wanted = {
        key: old[key] if key in old and same(codec, old[key], data) else data
        for key, data in sorted(wanted.items())
    }
    return Plan(
        wanted=wanted,
        added={key: data for key, data in wanted.items() if key not in old},
        changed={
            key: (old[key], data) for key, data in wanted.items() if key in old and old[key] != data
        },
        removed={
            key: old[key]
            for key in sorted(old)
            if key not in wanted and is_within_any(key, replaced)
        },
        version=stored.version,
    )


def plan_removal(stored: Stored, keys: Iterable[str]) -> Plan:
    """Remove `keys` with all below them."""
    doomed = [key for key in sorted(stored.data) if is_within_any(key, set(keys))]
    return Plan({}, {}, {}, {key: stored.data[key] for key in doomed}, stored.version)


def plan_of(plan: configuration.Plan) -> Plan:
    """The same of a plan that the library made."""
    wanted, version = plan.wish.wanted, plan.version
    return Plan(wanted, plan.added, plan.changed, plan.removed, version)


def plan_of_changes(changes: configuration.Changes[Any]) -> Plan:
    """What differs, as if it were to be done."""
    return Plan({}, changes.added, changes.changed, changes.removed, 0)


def lines(plan: Plan, codec: Codec[Any]) -> list[str]:
    """For people: ``+`` added, ``~`` changed, ``-`` removed; by key, PATH's own in quotes."""
    found = {
        key: f"+ {key or _OWN} = {shown_data(codec, data)}" for key, data in plan.added.items()
    }
    for key, (old, new) in plan.changed.items():
        found[key] = f"~ {key or _OWN} = {shown_data(codec, old)} -> {shown_data(codec, new)}"
    for key, data in plan.removed.items():
        found[key] = f"- {key or _OWN} = {shown_data(codec, data)}"
    return [found[key] for key in sorted(found)]


def as_json(plan: Plan, codec: Codec[Any]) -> dict[str, Any]:
    """For programs."""
    return {
        "added": {key: plain_data(codec, data) for key, data in plan.added.items()},
        "changed": {
            key: [plain_data(codec, data) for data in both] for key, both in plan.changed.items()
        },
        "removed": {key: plain_data(codec, data) for key, data in plan.removed.items()},
        "version": plan.version,
    }
