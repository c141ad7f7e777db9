"""A folder of nodes as a dictionary that keeps itself up to date."""

from __future__ import annotations

from collections.abc import (
    Callable,
    MutableMapping,
)
from typing import Any, TypeVar, overload

from zktools._engine.arguments import is_name
from zktools._live.blocking import Blocking
from zktools._live.folder import State, to_tell
from zktools._live.shown import Shown, T
from zktools.exceptions import MissingNodeError

D = TypeVar("D")
F = TypeVar("F", bound=Callable[..., object])

_MISSING: Any = object()


class NodeDict(Shown[T], Blocking[State], MutableMapping[str, T]):
    """The children of a node as a dictionary of name to value, kept up to date.

    Reading costs no request and takes no lock. What is read belongs to one moment of the server:
    take :meth:`copy` for several keys of the same moment. Writing returns when the dictionary
    shows it. The path is created, with its parents, when it is missing.

    A key whose value cannot be read (an ACL forbids it, the codec cannot decode it) is left out of
    iteration and length; `errors` has it, and asking for it raises that error. No default stands in
    for it, and only what names it removes it. Where the folder itself cannot be listed any more, so
    it is with all keys but those that were known.

    What is read belongs to who reads it: changing a list or a dictionary changes nothing here.

    Keep the object as long as it is needed: when it is garbage collected, its subscribers are
    called no more.

    Args:
        client: a started :class:`kazoo.client.KazooClient`. It stays yours.
        path: absolute.
        permission: ACL of nodes that are created; the client's `default_acl`, or open to all, when
            it is None. `acl` is the same.
        use_json: with the rules of 0.2, read and write JSON objects and arrays too.
        codec: how values are stored; :class:`zktools.values.Rules` by default.
        cache: a file for what is shown, to start on while ZooKeeper is away; see `stale`. What is
            missing once it is there is made by who writes.

    Raises:
        TypeError, ValueError: for wrong arguments; nothing was sent.
        ClientUnusableError: the client is not started, was stopped, or crossed a fork.
        NotConnectedError: no answer within the session timeout.
        AccessDeniedError: an ACL refuses to list or to create the path.
    """

    # -- writing -------------------------------------------------------------------------------

    def __setitem__(self, key: str, value: T) -> None:
        path, data = self._path(key), self._encoded(value, f"the value of {key!r}")
        self._run(self._storing(path, data, self._has(key)))

    def __delitem__(self, key: str) -> None:
        if not is_name(key):
            raise KeyError(key)
        try:
            self._run(self._deleting(key))
        except MissingNodeError:
            raise KeyError(key) from None

    @overload
    def pop(self, key: str, /) -> T: ...
    @overload
    def pop(self, key: str, /, default: T | D) -> T | D: ...
    def pop(self, key: str, /, default: Any = _MISSING) -> Any:
        """Delete `key` and return the value that it had. Of several who try, one gets it.

        It takes the permissions to create and to delete in the folder.

        Raises:
            KeyError: there is no such key, and no default.
            AccessDeniedError, InvalidValueError: there is one that cannot be read; it stays.
            ConflictError: there are nodes below it; or others kept creating keys for as long as a
                session lasts, so that it was never certain which node would be deleted.
        """
        entry = self._run(self._popping(key)) if is_name(key) else None
        if entry is not None:
            return entry.value
        if default is _MISSING:
            raise KeyError(key)
        return default

    def popitem(self) -> tuple[str, T]:
        """Delete some key and return it with the value that it had; otherwise as :meth:`pop`."""
        found = self._run(self._popping_any())
        if found is None:
            raise KeyError("the dictionary is empty")
        key, entry = found
        return key, entry.value

    def setdefault(self, key: str, default: Any = None, /) -> Any:
        """The value of `key`; when the server has none, `default`, which is stored."""
        return self._run(self._defaulting(key, default))

    def update(self, other: Any = (), /, **more: T) -> None:
        """Store all these values in one transaction: everybody sees all of them at once.

        Only when they take more than the server's limit for one request (1 MB), they are sent in
        several transactions in their order, and a warning in the log says so.
        """
        pairs = dict(other, **more)
        self._run(
            self._writing_all(
                {
                    self._path(key): self._encoded(value, f"the value of {key!r}")
                    for key, value in pairs.items()
                }
            )
        )

    def clear(self) -> None:
        """Delete all keys in one transaction, or several as :meth:`update` does.

        What others create meanwhile stays, under the same name too; so do keys that cannot be read.
        It takes the permissions to create and to delete in the folder, and raises what :meth:`pop`
        does.
        """
        self._run(self._clearing())

    # -- following -----------------------------------------------------------------------------

    def subscribe(self, function: F) -> F:
        """Call ``function(changes)`` at once, then whenever keys are added, written or removed.

        `changes` is a :class:`Changes`; in the first call everything there is counts as added. What
        one transaction changed comes in one call. Otherwise as :meth:`Node.subscribe
        <zktools.Node.subscribe>`.
        """
        self._subscribe(function, to_tell)
        return function
