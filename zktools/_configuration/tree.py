"""Nested dictionaries and flat keys: pure functions.

The node ``a/b`` below a configuration's own is the key ``"a/b"``, and ``{"a": {"b": ...}}`` in
nested form. A dictionary in nested form is a section. The empty key in it is the section's own
value, and is never a section itself: ``{"a": {"": 1, "b": 2}}`` is ``{"a": 1, "a/b": 2}`` in flat
form, and ``{"a": {"": {"x": 1}}}`` is the one key ``"a"`` with the value ``{"x": 1}``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from typing import Any

from zktools._engine.arguments import check_name


class Tree(dict[str, Any]):
    """A nested dictionary, and the version of the configuration it was loaded from."""

    def __init__(self, tree: Mapping[str, Any], version: int) -> None:
        super().__init__(tree)
        self.version = version
        """For :meth:`zktools.Configuration.store`."""


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
        if isinstance(value, Mapping) and name:
            yield from _leaves(value, key, argument)
        else:
            yield key, value


def nest(flat: Mapping[str, Any], *, plain: bool = False) -> dict[str, Any]:
    """Nested form, sorted by key, which :func:`flatten` makes the same flat form of.

    With `plain` a value that is a dictionary stands in its place without the empty key, so that it
    cannot be told from a section.
    """
    sections = sections_of(flat)
    tree: dict[str, Any] = {}
    for key in sorted(flat):
        *above, name = key.split("/")
        section = tree
        for part in above:
            section = section.setdefault(part, {})
        if key and (key in sections or (isinstance(flat[key], Mapping) and not plain)):
            section.setdefault(name, {})[""] = flat[key]
        else:
            section[name] = flat[key]
    return tree


def sections_of(keys: Iterable[str]) -> set[str]:
    """The keys of all nodes above those of `keys`."""
    return {above for key in keys for above in parents(key)}


def parents(key: str) -> Iterator[str]:
    """The keys of the nodes above, nearest first, down from the configuration's own, `""`."""
    while key:
        key = key.rpartition("/")[0]
        yield key


def is_within_any(key: str, prefixes: AbstractSet[str]) -> bool:
    """Whether `key` is one of `prefixes` or below one."""
    return not prefixes.isdisjoint({key, *parents(key)})


def is_within(key: str, prefix: str) -> bool:
    """Whether `key` is `prefix` or below it."""
    return not prefix or key == prefix or key.startswith(prefix + "/")
