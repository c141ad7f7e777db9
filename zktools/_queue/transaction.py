"""A ZooKeeper transaction that commits only while a lock is held."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from kazoo.exceptions import NoNodeError
from kazoo.security import ACL

from zktools._engine.arguments import (
    acl_size,
    check_acl,
    check_path,
    check_total_size,
    check_value_size,
)
from zktools._engine.multi import refusal
from zktools._engine.session import Session
from zktools._engine.steps import Steps
from zktools.exceptions import LockLost, translate


class Fenced:
    """What a transaction of either face does, but for committing it.

    It begins with a check that the node of the hold exists, or each of them. (etcd's ``IsOwner``,
    ready made.)
    """

    def __init__(
        self, session: Session, guards: list[str], refuse_if_over: Callable[[], None]
    ) -> None:
        self._session = session
        self._refuse_if_over = refuse_if_over
        self._request: Any = session.client.transaction()
        for guard in guards:
            self._request.check(guard, -1)
        self._guards = guards
        self._described: list[str] = []
        self._size = sum(self._bytes_of(guard) for guard in guards)

    def create(
        self,
        path: str,
        value: bytes = b"",
        acl: Sequence[ACL] | None = None,
        *,
        ephemeral: bool = False,
        sequence: bool = False,
    ) -> None:
        """Create a node."""
        permissions = check_acl(acl, "acl")
        self._add(
            "create", path, value, acl_size(permissions or self._session.client.default_acl or ())
        )
        self._request.create(path, value, acl=permissions, ephemeral=ephemeral, sequence=sequence)

    def set_data(self, path: str, value: bytes, version: int = -1) -> None:
        """Set a node's data; `version` -1 for whatever it is."""
        self._add("set_data", path, value)
        self._request.set_data(path, value, version)

    def delete(self, path: str, version: int = -1) -> None:
        """Delete a node; `version` -1 for whatever it is."""
        self._add("delete", path)
        self._request.delete(path, version)

    def check(self, path: str, version: int) -> None:
        """Go on only if the node has this version."""
        self._add("check", path)
        self._request.check(path, version)

    def _committing(self) -> Steps[list[Any]]:
        self._refuse_if_over()
        answered = self._session.ask(self._request.commit_async)
        doing = f"a transaction under {self._guards[0]}"
        results = yield from self._session.answer(answered, doing, changes=True)
        refused = refusal(results)
        if refused is not None:
            number, error = refused
            if number < len(self._guards) and isinstance(error, NoNodeError):
                raise LockLost(f"{self._guards[number]} is gone: the transaction was refused")
            described = [*("the check" for _ in self._guards), *self._described]
            raise translate(error, described[number]) from error
        return list(results[len(self._guards) :])

    def _add(self, what: str, path: str, value: bytes = b"", more: int = 0) -> None:
        check_path(path, "path")
        if not isinstance(value, bytes):
            raise TypeError(f"value must be bytes, not {type(value).__name__}")
        check_value_size(value, "value")
        size = self._size + self._bytes_of(path) + len(value) + more
        self._size = check_total_size(size, "the transaction")
        self._described.append(f"{what} {path}")

    def _bytes_of(self, path: str) -> int:
        return len(self._session.wire.absolute(path).encode()) + 64
