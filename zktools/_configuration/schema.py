"""Whether a tree of values is as a type declares it, by pydantic; and then an object of that type.

pydantic comes with the extra ``zktools[schema]``, and is imported when a schema is used.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Generic, NamedTuple, TypeVar, get_args

from zktools._configuration.tree import nest, sections_of
from zktools.exceptions import InvalidValueError

M = TypeVar("M")


class Problem(NamedTuple):
    """What is wrong with one key."""

    text: str
    """For everybody: without what was found, which may be a password."""
    words: str | None = None
    """What a validator of the user's said; it may hold anything."""


Problems = Mapping[str, Problem]
"""By key."""

#: pydantic's own errors whose words hold what was found, or what other code said.
_QUOTING = {
    "assertion_error",
    "get_attribute_error",
    "iteration_error",
    "union_tag_invalid",
    "value_error",
}


class _Unreadable:
    """Stands for a value that may not be read: no type that a schema declares will take it."""

    def __repr__(self) -> str:
        return "<not readable>"


class Schema(Generic[M]):
    """A dataclass, a pydantic model, or another class that pydantic can make of a dictionary."""

    def __init__(self, model: type[M]) -> None:
        try:
            from pydantic import PydanticUserError, TypeAdapter, ValidationError  # noqa: PLC0415
            from pydantic_core.core_schema import ErrorType  # noqa: PLC0415
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
        self._harmless = set(get_args(ErrorType)) - _QUOTING

    def check(
        self, values: Mapping[str, Any], unreadable: Iterable[str] = ()
    ) -> tuple[M | None, Problems]:
        """What flat `values` make, and by key what is wrong with them: one of the two.

        It is wrong when the schema wants one of the keys that are `unreadable`.
        """
        values = {**values, **dict.fromkeys(unreadable, _Unreadable())}
        try:
            return self._adapter.validate_python(nest(values, plain=True)), {}
        except self._invalid as error:
            found = error.errors(include_url=False, include_context=False, include_input=False)
        except Exception as error:  # noqa: BLE001  a validator is a user's code
            return None, {"": Problem(f"the schema failed with {type(error).__name__}", str(error))}
        problems: dict[str, Problem] = {}
        for each in found:
            key = _key(each["loc"], values, each["type"] == "missing")
            problems.setdefault(key, self._problem(each["type"], each["msg"], values.get(key)))
        return None, problems

    def _problem(self, kind: str, message: str, value: object) -> Problem:
        if isinstance(value, _Unreadable):
            return Problem("an ACL refuses to read it")
        if kind in self._harmless:
            return Problem(message)
        return Problem(f"a rule of the schema refuses it ({kind})", message)


def _key(location: Sequence[int | str], values: Mapping[str, Any], missing: bool) -> str:
    """The key at pydantic's location, in which there are names of union members too."""
    sections = sections_of(values)
    key = ""
    for part in location:
        if key in values and key not in sections:
            break  # inside of one value
        below = f"{key}/{part}" if key and part else key or str(part)
        if below in values or below in sections or (missing and part == location[-1]):
            key = below
    return key


def refusal(name: str, problems: Problems) -> InvalidValueError:
    """The error for what :meth:`Schema.check` found, to raise or to log."""
    named = "; ".join(f"{key!r}: {problems[key].text}" for key in sorted(problems))
    error = InvalidValueError(f"{name} does not fit its schema: {named}")
    error.keys = tuple(sorted(problems))
    error.words = {key: each.words for key, each in problems.items() if each.words is not None}
    return error
