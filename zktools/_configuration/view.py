"""What readers of a configuration see of the nodes that are there: pure, but for the log."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any, NamedTuple

from zktools._configuration.own import owned
from zktools._configuration.plan import has_value
from zktools._configuration.schema import Problem, Problems, Schema, refusal
from zktools._configuration.tree import is_within, parents
from zktools._live.changes import Changes
from zktools._live.copies import own
from zktools._live.entry import Entry
from zktools._live.persistent import PersistentMap
from zktools._live.subscribers import NOTHING
from zktools.exceptions import InvalidValueError

log = logging.getLogger("zktools.configuration")

_NOTHING: Any = object()


class State(NamedTuple):
    """One moment."""

    entries: PersistentMap[str, Entry]
    """Every node, by key."""
    latest: PersistentMap[str, Any]
    """What is stored, between defaults and overrides."""
    values: PersistentMap[str, Any]
    """What a reader sees: `latest`, or with a schema the last that was valid."""
    errors: PersistentMap[str, Exception]
    """Why the other keys have no value."""
    model: Any = None
    """What the schema made of `values`; None until something was valid."""
    invalid: InvalidValueError | None = None
    """Why `latest` is not shown."""
    problems: Mapping[str, Problem] = {}
    """The same by key."""
    hidden: frozenset[str] = frozenset()
    """The keys that were touched since something was valid."""

    @property
    def veiled(self) -> frozenset[str]:
        """The nodes that may not be read: nobody knows what is below them."""
        return frozenset(key for key in self.errors if self.entries[key].is_forbidden)

    def why(self, key: str) -> Exception | None:
        """Why `key`, which has no value, has none; None where nothing is stored."""
        if key not in self.entries:
            key = next((above for above in parents(key) if above in self.veiled), key)
        return self.errors.get(key)


class View:
    """The layers of one configuration, and what they have to be like."""

    def __init__(
        self,
        defaults: dict[str, Any],
        overrides: dict[str, Any],
        schema: Schema[Any] | None,
        name: str,
    ) -> None:
        self._defaults = owned(defaults)
        self._overrides = owned(overrides)
        self._schema = schema
        self._name = name
        latest = PersistentMap({**self._defaults, **self._overrides})
        values = PersistentMap[str, Any]() if schema else latest
        self.empty = State(PersistentMap(), latest, values, PersistentMap())
        """Before anything was read."""

    def after(
        self, state: State, changes: Mapping[str, Entry | None]
    ) -> tuple[State, frozenset[str]]:
        """The state that follows when these nodes change, and the keys that readers see change."""
        entries = state.entries.changed(changes)
        errors = state.errors
        failed = {key: each.error for key, each in changes.items() if each and each.error}
        if errors or failed:
            errors = errors.changed({**dict.fromkeys(changes), **failed})
        read = State(entries, state.latest, state.latest, errors)
        concerned = set(changes)
        if read.veiled != state.veiled:
            concerned |= self._defaults.keys()
        found = {key: self._layer(read, key) for key in concerned - self._overrides.keys()}
        broken = {key: each for key, each in found.items() if isinstance(each, InvalidValueError)}
        if broken:  # what was made of it once cannot be made again
            errors = errors.changed(broken)
            read = read._replace(errors=errors)
        gone = [key for key, value in found.items() if value is _NOTHING or key in broken]
        latest = state.latest.updated(found, gone)
        touched = state.hidden | concerned
        try:
            model, problems = self._checked(latest, errors)
        except BaseException as error:  # noqa: BLE001  validators are a user's, and this the engine
            problem = Problem(f"the schema failed with {type(error).__name__}")
            model, problems = None, {"": problem}
        if not problems:
            return read._replace(latest=latest, values=latest, model=model), touched
        invalid = refusal(self._name, problems)
        log.error("%s; readers see the last valid values", invalid)
        hidden = State(
            entries, latest, state.values, errors, state.model, invalid, problems, touched
        )
        return hidden, frozenset()

    def check_stored(self, stored: Mapping[str, Any], errors: Mapping[str, Exception]) -> None:
        """Raise :class:`InvalidValueError` if these values must not be stored.

        `errors` is why others that stay have none. What other processes may have from their own
        defaults and overrides, this one's stand for; but they do not hide what is stored.
        """
        below = {
            key: value
            for key, value in {**self._defaults, **self._overrides}.items()
            if not errors.keys() & {key, *parents(key)}
        }
        _, problems = self._checked({**below, **stored}, errors)
        if problems:
            raise refusal(f"what would be stored to {self._name}", problems)

    def _checked(
        self, values: Mapping[str, Any], errors: Mapping[str, Exception]
    ) -> tuple[Any, Problems]:
        if self._schema is None:
            return None, {}
        # A default must not stand in for what is there and cannot be read: neither the schema's.
        undecodable = {
            key: Problem(str(error))
            for key, error in errors.items()
            if isinstance(error, InvalidValueError)
        }
        if undecodable:
            return None, undecodable
        return self._schema.check(values, errors.keys() - values.keys())

    def _layer(self, state: State, key: str) -> Any:
        """What is shown of a key that is not overridden."""
        entry = state.entries.get(key)
        if entry is not None and is_value(key, entry):
            return entry.try_value(f"{self._name}: {key!r}")
        if key in self._defaults and state.why(key) is None:
            return self._defaults[key]
        return _NOTHING


def is_value(key: str, entry: Entry) -> bool:
    """Whether the node stands for a value that can be read."""
    return entry.error is None and has_value(key, entry)


def to_tell(prefix: str, seen: State | None, now: State, touched: set[str]) -> object:
    """What a subscriber to the keys at and below `prefix` is called with: its own to keep."""
    if seen is None:
        everything = {key: value for key, value in now.values.items() if is_within(key, prefix)}
        return Changes(owned(everything), {}, {})
    added: dict[str, Any] = {}
    changed: dict[str, tuple[Any, Any]] = {}
    removed: dict[str, Any] = {}
    for key in sorted(key for key in touched if is_within(key, prefix)):
        if key not in seen.values:
            if key in now.values:
                added[key] = own(now.values[key])
        elif key not in now.values:
            removed[key] = own(seen.values[key])
        elif _differs(seen.values[key], now.values[key]):
            changed[key] = (own(seen.values[key]), own(now.values[key]))
    return Changes(added, changed, removed) or NOTHING


def _differs(old: object, new: object) -> bool:
    return old != new or not _same_types(old, new)


def _same_types(old: object, new: object) -> bool:
    # 1 and True are equal, also in lists.
    if type(old) is not type(new):
        return False
    if isinstance(old, list) and isinstance(new, list):
        return all(map(_same_types, old, new))
    if isinstance(old, dict) and isinstance(new, dict):
        return all(_same_types(value, new[key]) for key, value in old.items())
    return True
