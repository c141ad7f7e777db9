"""Nested dictionaries and flat keys: pure functions.

The node ``a/b`` below a configuration's own is the key ``"a/b"``, and ``{"a": {"b": ...}}`` in
nested form. A node that has both a value and children holds its value under the key ``""`` in
nested form: ``{"a": {"": 1, "b": 2}}`` is ``{"a": 1, "a/b": 2}`` in flat form.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from zktools._engine.arguments import check_name


def check_key(key: object, argument: str = "key") -> str:
    """A key in flat form; `""` is the configuration's own node."""
    if not isinstance(key, str):
        raise TypeError(f"{argument} must be a str, not {type(key).__name__}")
    for name in key.split("/") if key else ():
        check_name(name, f"each part of {argument}")
    return key


def flatten(tree: object, argument: str = "tree") -> dict[str, Any]:
    """Flat form; keys of several parts are understood at each level, empty dictionaries dropped."""
    if not isinstance(tree, Mapping):
        raise TypeError(f"{argument} must be a dict, not {type(tree).__name__}")
    flat: dict[str, Any] = {}
    for key, value in _leaves(tree, "", argument):
        if key in flat:
            raise ValueError(f"{argument} holds {key!r} twice")
        flat[key] = value
    return flat


def _leaves(tree: Mapping[Any, Any], above: str, argument: str) -> Iterator[tuple[str, Any]]:
    for name, value in tree.items():
        check_key(name, f"each key in {argument}")
        key = f"{above}/{name}" if above and name else above or name
        if isinstance(value, Mapping):
            yield from _leaves(value, key, argument)
        else:
            yield key, value


def nest(flat: Mapping[str, Any]) -> dict[str, Any]:
    """Nested form, sorted by key."""
    sections = {above for key in flat for above in parents(key)}
    tree: dict[str, Any] = {}
    for key in sorted(flat):
        *above, name = key.split("/")
        section = tree
        for part in above:
            section = section.setdefault(part, {})
        if key and key in sections:
            section.setdefault(name, {})[""] = flat[key]
        else:
            section[name] = flat[key]
    return tree


def parents(key: str) -> Iterator[str]:
    """The keys of the nodes above, nearest first, down from the configuration's own, `""`."""
    while key:
        key = key.rpartition("/")[0]
        yield key


def is_within(key: str, prefix: str) -> bool:
    """Whether `key` is `prefix` or below it."""
    return not prefix or key == prefix or key.startswith(prefix + "/")
