"""Whether a tree of values is as a type declares it, by pydantic; and then an object of that type.

pydantic comes with the extra ``zktools[schema]``, and is imported when a schema is used.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Generic, TypeVar

from zktools._configuration.tree import nest
from zktools.exceptions import InvalidValueError

M = TypeVar("M")


class Schema(Generic[M]):
    """A dataclass, a pydantic model, or another class that pydantic can make of a dictionary."""

    def __init__(self, model: type[M]) -> None:
        try:
            from pydantic import PydanticUserError, TypeAdapter, ValidationError  # noqa: PLC0415
        except ImportError:
            raise ImportError("schema= needs pydantic 2: pip install 'zktools[schema]'") from None
        if not isinstance(model, type):
            raise TypeError(f"schema must be a dataclass or a pydantic model, not {model!r}")
        try:
            self._adapter: TypeAdapter[M] = TypeAdapter(model)
        except (PydanticUserError, NameError) as error:
            why = str(error).partition("\n")[0]
            raise TypeError(f"schema: pydantic cannot use {model.__name__}: {why}") from error
        self._invalid = ValidationError

    def check(self, values: Mapping[str, Any]) -> tuple[M | None, dict[str, str]]:
        """What flat `values` make, and by key what is wrong with them: one of the two."""
        tree = nest(values)
        try:
            return self._adapter.validate_python(tree), {}
        except self._invalid as error:
            # Without what was found: it may be a password, and errors get into logs.
            found = error.errors(include_url=False, include_context=False, include_input=False)
        except Exception as error:  # noqa: BLE001  a validator is a user's code
            return None, {"": f"the schema failed with {error!r}"}
        problems: dict[str, str] = {}
        for each in found:
            problems.setdefault(_key(each["loc"], tree, each["type"] == "missing"), each["msg"])
        return None, problems


def _key(location: Sequence[int | str], tree: object, missing: bool) -> str:
    """The key at pydantic's location, in which there are names of union members too."""
    parts = []
    for part in location:
        if not isinstance(tree, Mapping):
            break  # inside of one value
        if part in tree:
            tree = tree[part]
            parts.append(str(part))
        elif missing and part == location[-1]:
            parts.append(str(part))
    return "/".join(part for part in parts if part)


def refusal(name: str, problems: Mapping[str, str]) -> InvalidValueError:
    """The error for what :meth:`Schema.check` found, to raise or to log."""
    named = "; ".join(f"{key!r}: {problems[key]}" for key in sorted(problems))
    error = InvalidValueError(f"{name} does not fit its schema: {named}")
    error.keys = tuple(sorted(problems))
    return error
