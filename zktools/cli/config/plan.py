"""What an import would do. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from zktools.cli.config.opening import Stored, decode
from zktools.cli.config.presenting import plain, shown
from zktools.values import Codec


@dataclass(frozen=True)
class Plan:
    """The difference between what is stored and what is wanted."""

    wanted: dict[str, bytes]
    added: dict[str, bytes]
    changed: dict[str, tuple[bytes, bytes]]
    removed: dict[str, bytes]
    version: int
    """Of what it was made for."""

    def __bool__(self) -> bool:
        return bool(self.added or self.changed or self.removed)

    @property
    def summary(self) -> str:
        """In numbers."""
        return f"{len(self.added)} added, {len(self.changed)} changed, {len(self.removed)} removed"


def make_plan(stored: Stored, wanted: Mapping[str, bytes], *, replace: bool) -> Plan:
    """Compare by what is in the nodes, so that nothing is changed that reads the same."""
    old = stored.data
    return Plan(
        wanted=dict(wanted),
        added={key: data for key, data in sorted(wanted.items()) if key not in old},
        changed={
            key: (old[key], data)
            for key, data in sorted(wanted.items())
            if key in old and old[key] != data
        },
        removed={key: old[key] for key in sorted(old) if replace and key not in wanted},
        version=stored.version,
    )


def lines(plan: Plan, codec: Codec[Any]) -> list[str]:
    """For people: ``+`` added, ``~`` changed, ``-`` removed; by key."""
    found = {key: f"+ {key} = {_shown(codec, data, key)}" for key, data in plan.added.items()}
    for key, (old, new) in plan.changed.items():
        found[key] = f"~ {key} = {_shown(codec, old, key)} -> {_shown(codec, new, key)}"
    for key, data in plan.removed.items():
        found[key] = f"- {key} = {_shown(codec, data, key)}"
    return [found[key] for key in sorted(found)]


def as_json(plan: Plan, codec: Codec[Any]) -> dict[str, Any]:
    """For programs."""
    return {
        "added": {key: plain(decode(codec, data, key)) for key, data in plan.added.items()},
        "changed": {
            key: [plain(decode(codec, data, key)) for data in both]
            for key, both in plan.changed.items()
        },
        "removed": {key: plain(decode(codec, data, key)) for key, data in plan.removed.items()},
        "version": plan.version,
    }


def _shown(codec: Codec[Any], data: bytes, key: str) -> str:
    return shown(decode(codec, data, key))
