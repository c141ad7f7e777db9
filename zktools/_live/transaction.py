"""Several changes in one transaction: what it may hold, and which of them was refused."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from kazoo.client import KazooClient
from kazoo.exceptions import (
    BadVersionError,
    NodeExistsError,
    NoNodeError,
    NotEmptyError,
)
from kazoo.security import ACL, OPEN_ACL_UNSAFE

from zktools._engine.arguments import MAX_VALUE
from zktools._engine.multi import refusal
from zktools.exceptions import translate

_HEADER = 9  # of each operation
_NUMBER = 4  # a version, a count, or the length of what follows


class Op(NamedTuple):
    """One change, or the check of a version."""

    kind: str
    path: str
    data: bytes = b""
    version: int = -1
    acl: list[ACL] | None = None
    """Of what it creates, where that is not the transaction's."""


class Transaction:
    """Changes that are made all together or not at all."""

    def __init__(self, client: KazooClient, acl: list[ACL] | None) -> None:
        self._client = client
        self._acl = acl
        self._acl_size = _size(acl or client.default_acl or OPEN_ACL_UNSAFE)

    def size(self, op: Op) -> int:
        """Bytes that `op` takes in the request."""
        path = len(self._client.chroot.encode()) + len(op.path.encode())
        acl = 0
        if op.kind in ("create", "sequence"):
            acl = self._acl_size if op.acl is None else _size(op.acl)
        return _HEADER + 4 * _NUMBER + path + len(op.data) + acl

    def total(self, ops: list[Op]) -> int:
        """Bytes that all of them take."""
        return sum(map(self.size, ops))

    def parts(self, ops: list[Op]) -> Iterator[list[Op]]:
        """`ops` in their order, in as few transactions as the server takes them."""
        part: list[Op] = []
        size = 0
        for op in ops:
            more = self.size(op)
            if part and size + more > MAX_VALUE:
                yield part
                part, size = [], 0
            part.append(op)
            size += more
        if part:
            yield part

    def send(self, ops: list[Op]) -> Any:
        """An async result of the list of results, which :func:`first_refusal` understands."""
        request = self._client.transaction()
        for op in ops:
            if op.kind in ("create", "sequence"):
                sequence = op.kind == "sequence"
                acl = self._acl if op.acl is None else op.acl
                request.create(op.path, op.data, acl=acl, sequence=sequence)
            elif op.kind == "set":
                request.set_data(op.path, op.data, op.version)
            elif op.kind == "delete":
                request.delete(op.path, op.version)
            else:
                request.check(op.path, op.version)
        return request.commit_async()


def _size(acl: list[ACL]) -> int:
    return sum(
        3 * _NUMBER + len(entry.id.scheme.encode()) + len(entry.id.id.encode()) for entry in acl
    )


class Refusal(NamedTuple):
    """Why a transaction was not made."""

    op: Op
    error: Exception

    def translated(self) -> BaseException:
        """Our error for it, to raise."""
        return translate(self.error, f"{self.op.kind} {self.op.path}")


def first_refusal(ops: list[Op], results: list[Any]) -> Refusal | None:
    """The operation that a transaction was refused for; None when it was made."""
    found = refusal(results)
    return None if found is None else Refusal(ops[found[0]], found[1])


def is_outdated(refusal: Refusal) -> bool:
    """Whether it was made for a state that is not the present one."""
    return isinstance(refusal.error, (BadVersionError, NoNodeError, NodeExistsError, NotEmptyError))
