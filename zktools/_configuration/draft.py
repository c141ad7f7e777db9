"""What a store would do, made to be looked at, kept, and carried out later."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from zktools._configuration.conflicts import Entries, version_of
from zktools._configuration.plan import Wish, doomed, has_value, is_unseen
from zktools._configuration.tree import check_key, is_within_any
from zktools._engine.arguments import check_path


@dataclass(frozen=True)
class Plan:
    """The difference between what is stored and what is wanted, in nodes' bytes.

    ``print(plan)`` shows it, ``bool(plan)`` is whether there is anything to do.
    """

    path: str
    """Of the configuration."""
    version: int
    """Of what it was made for: changed since, it is refused."""
    wish: Wish
    added: Mapping[str, bytes]
    """Keys that are not there, with what they will hold."""
    changed: Mapping[str, tuple[bytes, bytes]]
    """Keys that will hold something else, with what they hold now and then."""
    removed: Mapping[str, bytes]
    """Keys that will be gone, with what they hold."""
    left: tuple[str, ...]
    """Keys that stay, because they cannot be read, or a history does not tell what they were."""
    action: str = "store"
    """What it is for, for the history."""

    def __bool__(self) -> bool:
        return bool(self.added or self.changed or self.removed)

    def __str__(self) -> str:
        lines = {key: f"+ {key} = {_shown(data)}" for key, data in self.added.items()}
        for key, (old, new) in self.changed.items():
            lines[key] = f"~ {key} = {_shown(old)} -> {_shown(new)}"
        lines |= {key: f"- {key} = {_shown(data)}" for key, data in self.removed.items()}
        why = "cannot be read" if self.action == "store" else "is not known from then"
        lines |= {key: f"  {key} {why}, and stays" for key in self.left}
        return "\n".join(lines[key] for key in sorted(lines)) or "nothing to do"

    def to_json(self) -> str:
        """As text, for a file. It holds values, so passwords too."""
        return json.dumps(
            {
                "path": self.path,
                "version": self.version,
                "wanted": _encoded(self.wish.wanted),
                "remove": sorted(self.wish.removed),
                "replace": sorted(self.wish.replaced),
                "added": _encoded(self.added),
                "changed": {
                    key: [_text(each) for each in both] for key, both in self.changed.items()
                },
                "removed": _encoded(self.removed),
                "left": list(self.left),
                "action": self.action,
            },
            indent=2,
        )

    @classmethod
    def from_json(cls, text: str) -> Plan:
        """What :meth:`to_json` wrote.

        Raises:
            ValueError: it is no plan.
        """
        try:
            found = json.loads(text)
            wish = Wish(
                _decoded(found["wanted"]),
                frozenset(map(check_key, found["remove"])),
                frozenset(map(check_key, found["replace"])),
            )
            return cls(
                check_path(found["path"], "path"),
                int(found["version"]),
                wish,
                _decoded(found["added"]),
                {check_key(key): _pair(both) for key, both in found["changed"].items()},
                _decoded(found["removed"]),
                tuple(map(check_key, found["left"])),
                str(found.get("action", "store")),
            )
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            raise ValueError(f"this is no plan: {type(error).__name__} {error}") from error


def draft(path: str, entries: Entries, wish: Wish) -> Plan:
    """What a store of `wish` does to `entries`."""
    old = {key: each.data for key, each in entries.items() if has_value(key, each)}
    wanted = dict(sorted(wish.wanted.items()))
    going = doomed(entries, wish)
    return Plan(
        path,
        version_of(entries),
        wish,
        added={key: data for key, data in wanted.items() if key not in old},
        changed={
            key: (old[key], data)
            for key, data in wanted.items()
            if key in old and (old[key] != data or entries[key].is_forbidden)
        },
        removed={key: old[key] for key in sorted(going & old.keys())},
        left=tuple(
            key
            for key, each in sorted(entries.items())
            if is_unseen(each) and key not in wanted and is_within_any(key, wish.replaced)
        ),
    )


def _shown(data: bytes) -> str:
    return json.dumps(data.decode("utf-8", "backslashreplace"), ensure_ascii=False)


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _encoded(values: Mapping[str, bytes]) -> dict[str, str]:
    return {key: _text(data) for key, data in values.items()}


def _decoded(values: Mapping[str, Any]) -> dict[str, bytes]:
    return {check_key(key): base64.b64decode(text, validate=True) for key, text in values.items()}


def _pair(both: Any) -> tuple[bytes, bytes]:
    old, new = (base64.b64decode(text, validate=True) for text in both)
    return old, new
