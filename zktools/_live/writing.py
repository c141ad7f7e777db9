"""Writing single nodes, whatever was shown of them: what Node and NodeDict have in common."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any, TypeVar

from kazoo.security import ACL

from zktools._engine.arguments import check_value_size
from zktools._engine.steps import Steps
from zktools._live.object import LiveObject
from zktools.exceptions import ConflictError, MissingNodeError, OutcomeUnknownError

S = TypeVar("S")


class Writing(LiveObject[S]):
    """A live object whose nodes are written one by one."""

    def _encoded(self, value: Any, what: str = "value") -> bytes:
        return check_value_size(self._codec.encode(value), what)

    def _storing(self, path: str, data: bytes, is_there: bool) -> Steps[Any]:
        """Set or create, whichever it takes: the server has the last word on which.

        The state shown has not where the listing is forbidden, or late.
        """
        while True:
            try:
                if is_there:
                    return (yield from self._setting(path, data))
                return (yield from self._creating(path, data))
            except (ConflictError, MissingNodeError):
                is_there = not is_there

    def _setting(self, path: str, data: bytes, version: int = -1) -> Steps[Any]:
        send = partial(self._client.set_async, path, data, version)
        return self._changing(send, [path], f"writing {path}")

    def _creating(self, path: str, data: bytes) -> Steps[Any]:
        # What is above is there, but for when somebody has deleted it: then it is made again.
        return self._changing(
            partial(self._send_creation, path, data),
            self._seen_with(path),
            f"creating {path}",
            in_steps=True,
        )

    def _making(self, data: bytes) -> Steps[None]:
        """See that its own node is there, where it was not."""
        while True:
            try:
                yield from self._creating(self.path, data)
            except OutcomeUnknownError:
                continue  # if it is there by now, that is as good
            except ConflictError:  # made by somebody else: as good
                pass
            return

    def _send_creation(self, path: str, data: bytes) -> Any:
        return self._client.create_async(path, data, acl=self._acl, makepath=True)

    def _seen_with(self, path: str) -> list[str]:
        """What has to be read for the creation of `path` to be shown."""
        return [path] if path == self.path else [self.path, path]


def either_acl(permission: Sequence[ACL] | None, acl: Sequence[ACL] | None) -> Sequence[ACL] | None:
    """The one of the two that was given: `permission` is the name that 0.2 had for it."""
    if permission is not None and acl is not None:
        raise ValueError("give either permission or acl: they are two names of one argument")
    return permission if acl is None else acl
