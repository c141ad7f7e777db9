"""The names of a node's children, as its user sees them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Protocol, TypeVar

F = TypeVar("F", bound=Callable[..., object])


class Parent(Protocol):
    """The node, as far as its children know it."""

    path: str

    def child_names(self) -> frozenset[str]:
        """The names."""

    def subscribe_to_children(self, function: Callable[[Any], object]) -> None:
        """Call `function` at once, and whenever a child came or went."""


class Children:
    """The names of a node's children: to iterate over, and to subscribe to as a decorator.

    Reading them raises :class:`~zktools.exceptions.AccessDeniedError` when an ACL refuses it.
    """

    def __init__(self, node: Parent) -> None:
        self._node = node

    def __call__(self, function: F) -> F:
        """Call ``function(names)`` at once, and then whenever a child came or went.

        `names` is a sorted tuple. Otherwise as :meth:`Node.subscribe`.
        """
        self._node.subscribe_to_children(function)
        return function

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(self._node.child_names()))

    def __len__(self) -> int:
        return len(self._node.child_names())

    def __contains__(self, name: object) -> bool:
        return name in self._node.child_names()

    def __repr__(self) -> str:
        return f"<Children of {self._node.path}: {', '.join(self)}>"
