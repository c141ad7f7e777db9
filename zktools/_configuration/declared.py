"""Which fields of a schema hold secrets: those whose types hide themselves, as pydantic's do."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NotRequired, Required, get_args, get_origin, get_type_hints

from zktools._configuration.secrets import ANY

Key = tuple[str, ...]


def secret_fields(schema: type[Any]) -> set[str]:
    """The keys of fields that hold a secret, with :data:`ANY` for a part that may be any.

    A field with secrets in a list is one. So is a section whose types cannot be looked into.
    """
    return {"/".join(key) for key in _walk(schema, (), ())}


def _walk(kind: Any, key: Key, within: tuple[Any, ...]) -> Iterator[Key]:
    kind = getattr(kind, "__value__", getattr(kind, "__supertype__", kind))  # an alias, a NewType
    if callable(getattr(kind, "get_secret_value", None)):
        yield key
    elif get_origin(kind) is not None:
        yield from _walk_generic(kind, key, within)
    elif isinstance(kind, type) and kind not in within:  # a type may hold itself
        try:
            fields = list(_fields(kind))
        except NameError:
            yield key
            return
        for names, below in fields:
            for name in names:
                yield from _walk(below, (*key, *name), (*within, kind))


def _walk_generic(kind: Any, key: Key, within: tuple[Any, ...]) -> Iterator[Key]:
    origin, arguments = get_origin(kind), get_args(kind)
    if callable(getattr(origin, "get_secret_value", None)):
        yield key
        return
    is_mapping = isinstance(origin, type) and issubclass(origin, Mapping)
    for argument in arguments[1:] if is_mapping else arguments:
        yield from _walk(argument, (*key, ANY) if is_mapping else key, within)
    yield from _walk(origin, key, within)


def _fields(kind: type[Any]) -> Iterator[tuple[set[Key], Any]]:
    """The names that each field may have in the tree, and its type."""
    declared = getattr(kind, "__pydantic_fields__", None)
    if isinstance(declared, Mapping):
        for name, field in declared.items():
            yield {(name,), *_aliases(field)}, field.annotation
    elif dataclasses.is_dataclass(kind) or hasattr(kind, "__annotations__"):
        for name, below in get_type_hints(kind, include_extras=True).items():
            plain = get_args(below)[0] if get_origin(below) in (Required, NotRequired) else below
            aliases = (_aliases(each) for each in getattr(plain, "__metadata__", ()))
            yield {(name,), *(each for found in aliases for each in found)}, below


def _aliases(field: Any) -> Iterable[Key]:
    for alias in (getattr(field, "alias", None), getattr(field, "validation_alias", None)):
        for choice in getattr(alias, "choices", [alias]):
            if isinstance(choice, str):
                yield (choice,)
            elif path := getattr(choice, "path", None):
                parts = [part for part in path if isinstance(part, str)]
                yield tuple(parts)
