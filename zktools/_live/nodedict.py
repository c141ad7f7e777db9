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
from kazoo.exceptions import NotEmptyError
from kazoo.security import ACL

from zktools._engine.arguments import check_value_size
from zktools._live.folder import Folder, to_tell
from zktools._live.object import as_raised
from zktools.exceptions import ConflictError, MissingNodeError
from zktools.values import Codec, check_codec

T = TypeVar("T")
D = TypeVar("D")
F = TypeVar("F", bound=Callable[..., object])

_MISSING: Any = object()


class NodeDict(Folder, MutableMapping[str, T]):
    """The children of a node as a dictionary of name to value, kept up to date.

    Reading costs no request and takes no lock. What is read belongs to one moment of the server:
    take :meth:`copy` for several keys of the same moment. Writing returns when the dictionary
    shows it. The path is created, with its parents, when it is missing.

    A key whose value cannot be read (an ACL forbids it, the codec cannot decode it) is left out of
    iteration and length; `errors` has it, and asking for it raises that error.

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
            acl=permission if acl is None else acl,
            codec=check_codec(codec, use_json),
        )

    def __repr__(self) -> str:
        closed = ", closed" if self._closed else ""
        return f"<NodeDict {self.path} {self.copy()!r}{closed}>"

    # -- reading -------------------------------------------------------------------------------

    def __getitem__(self, key: str) -> T:
        state = self._subscribers.state
        try:
            return state.entries[key].value  # type: ignore[no-any-return]
        except KeyError:
            if key in state.errors:
                raise as_raised(state.errors[key]) from None
            raise

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
        """The keys that have no value, and why: an ACL, or the codec cannot decode it."""
        return dict(self._state.errors)

    # -- writing -------------------------------------------------------------------------------

    def __setitem__(self, key: str, value: T) -> None:
        path, data = self._path(key), self._encoded(key, value)
        self._check_open()
        while True:
            try:
                if self._has(key):
                    self._set(path, data)
                else:
                    self._create(path, data)
            except (ConflictError, MissingNodeError):
                continue  # somebody was faster; what is shown has it now
            return

    def __delitem__(self, key: str) -> None:
        self._check_open()
        if not self._has(key):
            raise KeyError(key)
        try:
            self._delete(key, -1)
        except MissingNodeError:
            raise KeyError(key) from None

    @overload
    def pop(self, key: str, /) -> T: ...
    @overload
    def pop(self, key: str, /, default: T | D) -> T | D: ...
    def pop(self, key: str, /, default: Any = _MISSING) -> Any:
        """Delete `key` and return its value. Of several who try, one gets it."""
        while True:
            self._check_open()
            entry = self._state.entries.get(key)
            if entry is None:
                if default is _MISSING:
                    raise KeyError(key)
                return default
            try:
                self._delete(key, entry.version)
            except (ConflictError, MissingNodeError) as error:
                if isinstance(error.__cause__, NotEmptyError):
                    raise
                continue
            return entry.value

    def popitem(self) -> tuple[str, T]:
        """Delete some key and return it with its value. Of several who try, one gets it."""
        while True:
            for key in self._state.entries:
                value = self.pop(key, _MISSING)
                if value is not _MISSING:
                    return key, value
            if not self._state.entries:
                raise KeyError("the dictionary is empty")

    def setdefault(self, key: str, default: Any = None, /) -> Any:
        """The value of `key`; when it is missing, `default`, which is stored."""
        path = self._path(key)
        while True:
            if self._has(key):
                return self[key]
            self._check_open()
            try:
                self._create(path, self._encoded(key, default))
            except ConflictError:
                continue
            return default

    def update(self, other: Any = (), /, **more: T) -> None:
        """Store all these values in one transaction: everybody sees all of them at once.

        Only when they take more than the server's limit for one request (1 MB), they are sent in
        several transactions in their order, and a warning in the log says so.
        """
        pairs = dict(other, **more)
        data = {self._path(key): self._encoded(key, value) for key, value in pairs.items()}
        self._write_all(data)

    def clear(self) -> None:
        """Delete all keys in one transaction, or several as :meth:`update` does.

        What others create meanwhile stays.
        """
        self._delete_all()

    def _encoded(self, key: str, value: Any) -> bytes:
        return check_value_size(self._codec.encode(value), f"the value of {key!r}")

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
