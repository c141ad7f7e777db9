"""A folder of nodes as a dictionary that keeps itself up to date."""

from __future__ import annotations

from collections.abc import (
    Callable,
    ItemsView,
    Iterator,
    Mapping,
    MutableMapping,
    Sequence,
    ValuesView,
)
from typing import Any, TypeVar, overload

from kazoo.client import KazooClient
from kazoo.security import ACL

from zktools._engine.arguments import is_name
from zktools._engine.steps import Steps, run
from zktools._live.bulk import Bulk
from zktools._live.entry import absence, as_raised
from zktools._live.folder import to_tell
from zktools._live.writing import either_acl
from zktools.exceptions import ConflictError, MissingNodeError
from zktools.values import Codec, check_codec

T = TypeVar("T")
D = TypeVar("D")
F = TypeVar("F", bound=Callable[..., object])

_MISSING: Any = object()


class NodeDict(Bulk, MutableMapping[str, T]):
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

    Raises:
        TypeError, ValueError: for wrong arguments; nothing was sent.
        ClientUnusableError: the client is not started, was stopped, or crossed a fork.
        NotConnectedError: no answer within the session timeout.
        AccessDeniedError: an ACL refuses to list or to create the path.
    """

    @overload
    def __init__(
        self: NodeDict[Any],
        client: KazooClient,
        path: str,
        permission: Sequence[ACL] | None = ...,
        *,
        use_json: bool = ...,
        codec: None = ...,
        acl: Sequence[ACL] | None = ...,
    ) -> None: ...

    @overload
    def __init__(
        self,
        client: KazooClient,
        path: str,
        permission: Sequence[ACL] | None = ...,
        *,
        codec: Codec[T],
        acl: Sequence[ACL] | None = ...,
    ) -> None: ...

    def __init__(
        self,
        client: KazooClient,
        path: str,
        permission: Sequence[ACL] | None = None,
        *,
        use_json: bool = False,
        codec: Codec[Any] | None = None,
        acl: Sequence[ACL] | None = None,
    ) -> None:
        super().__init__(
            client,
            path,
            acl=either_acl(permission, acl),
            codec=check_codec(codec, use_json),
        )
        run(self._opening())

    def _shown(self) -> str:
        return repr(self.copy())

    # -- reading -------------------------------------------------------------------------------

    def __getitem__(self, key: str) -> T:
        entry = self._subscribers.state.entries.get(key)
        if entry is None:
            self._raise_if_hidden(key)
            raise KeyError(key)
        return entry.value  # type: ignore[no-any-return]

    def __contains__(self, key: object) -> bool:
        return key in self._subscribers.state.entries

    def __iter__(self) -> Iterator[str]:
        return iter(self._subscribers.state.entries)

    def __len__(self) -> int:
        return len(self._subscribers.state.entries)

    def values(self) -> ValuesView[T]:
        """The values at this moment; what changes later does not change them."""
        return self.copy().values()

    def items(self) -> ItemsView[str, T]:
        """The keys and values at this moment; what changes later does not change them."""
        return self.copy().items()

    def copy(self) -> dict[str, T]:
        """A plain dictionary of this moment."""
        return {key: entry.value for key, entry in self._state.entries.items()}

    @property
    def errors(self) -> Mapping[str, Exception]:
        """The keys that have no value, and why: an ACL, or the codec cannot decode it.

        The key ``""`` stands for the folder: its keys cannot be listed.
        """
        state = self._state
        folder = absence(state.folder)
        return state.errors.copy() if folder is None else {"": folder, **state.errors}

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

    def _defaulting(self, key: str, default: Any) -> Steps[Any]:
        path = self._path(key)
        if self._has(key):
            yield from self._looking_again(key)
        while True:
            state = self._state
            if key in state.entries:
                return state.entries[key].value
            if key in state.errors:
                raise as_raised(state.errors[key])
            try:
                yield from self._creating(path, self._encoded(default, f"the value of {key!r}"))
            except ConflictError:
                self._raise_if_hidden(key)
            else:
                return default

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

    def _run(self, steps: Steps[Any]) -> Any:
        self._check_open()
        return run(steps)

    # -- following -----------------------------------------------------------------------------

    def subscribe(self, function: F) -> F:
        """Call ``function(changes)`` at once, then whenever keys are added, written or removed.

        `changes` is a :class:`Changes`; in the first call everything there is counts as added. What
        one transaction changed comes in one call. Otherwise as :meth:`Node.subscribe
        <zktools.Node.subscribe>`.
        """
        self._check_open()
        self._subscribers.add(function, to_tell, self._name)
        return function
