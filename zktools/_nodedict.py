"""A folder of nodes as a dictionary that keeps itself up to date."""

from __future__ import annotations

import logging
from collections.abc import (
    Callable,
    ItemsView,
    Iterable,
    Iterator,
    Mapping,
    MutableMapping,
    Sequence,
    ValuesView,
)
from contextlib import suppress
from typing import Any, NamedTuple, TypeVar, overload

from kazoo.client import KazooClient
from kazoo.exceptions import NotEmptyError
from kazoo.security import ACL

from zktools._arguments import check_name, check_path, check_value_size
from zktools._live_changes import Changes
from zktools._live_entry import Entry, Wants
from zktools._live_moment import Change, child
from zktools._live_object import LiveObject, as_raised
from zktools._live_subscribers import NOTHING
from zktools._live_transaction import Op, Refusal, Transaction, first_refusal, is_outdated
from zktools.exceptions import ConflictError, MissingNodeError
from zktools.values import Codec, check_codec

T = TypeVar("T")
D = TypeVar("D")
F = TypeVar("F", bound=Callable[..., object])

log = logging.getLogger("zktools.node")

_MISSING: Any = object()


class _Scope:
    """The names in the folder, and the data of each."""

    def __init__(self, path: str) -> None:
        self._path = path

    def __call__(self, path: str) -> Wants:
        folder = path == self._path
        return Wants(data=not folder, children=folder)


class _State(NamedTuple):
    folder: Entry | None
    entries: dict[str, Entry]
    """Those that have a value."""
    errors: dict[str, Exception]
    """Why the others have none."""


class NodeDict(LiveObject[_State], MutableMapping[str, T]):
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
        path = check_path(path, "path")
        super().__init__(
            client,
            path,
            acl=permission if acl is None else acl,
            codec=check_codec(codec, use_json),
            wants=_Scope(path),
            state=_State(folder=None, entries={}, errors={}),
        )
        self._transaction = Transaction(client, self._acl)
        try:
            self._start()
            if self._root() is None:
                self._make_folder()
        except BaseException:
            self.close()
            raise

    def __repr__(self) -> str:
        closed = ", closed" if self._closed else ""
        return f"<NodeDict {self.path} {self.copy()!r}{closed}>"

    # -- reading -------------------------------------------------------------------------------

    @property
    def _state(self) -> _State:
        return self._subscribers.state

    def _root(self) -> Entry | None:
        return self._state.folder

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
        self._commit(data, lambda path: "set" if self._has(_name(path)) else "create")

    def clear(self) -> None:
        """Delete all keys in one transaction, or several as :meth:`update` does.

        What others create meanwhile stays.
        """
        paths = [child(self.path, key) for key in self._names()]
        self._commit(
            dict.fromkeys(paths, b""), lambda path: "delete" if self._has(_name(path)) else None
        )

    # -- how writing is done -------------------------------------------------------------------

    def _path(self, key: object) -> str:
        return child(self.path, check_name(key, "key"))

    def _encoded(self, key: str, value: Any) -> bytes:
        return check_value_size(self._codec.encode(value), f"the value of {key!r}")

    def _names(self) -> list[str]:
        state = self._state
        return [*state.entries, *state.errors]

    def _has(self, key: object) -> bool:
        state = self._state
        return key in state.entries or key in state.errors

    def _set(self, path: str, data: bytes) -> None:
        self._change(self._client.set_async(path, data), [path], f"writing {path}")

    def _create(self, path: str, data: bytes) -> None:
        # The folder is there, but for when somebody has deleted it: then it is made again.
        result = self._client.create_async(path, data, acl=self._acl, makepath=True)
        self._change(result, [self.path, path], f"creating {path}", in_steps=True)

    def _delete(self, key: str, version: int) -> None:
        path = self._path(key)
        result = self._client.delete_async(path, version)
        self._change(result, [self.path, path], f"deleting {path}")

    def _make_folder(self) -> None:
        result = self._client.create_async(self.path, b"", acl=self._acl, makepath=True)
        with suppress(ConflictError):  # by somebody else: as good
            self._change(result, [self.path], f"creating {self.path}", in_steps=True)

    def _commit(self, data: dict[str, bytes], kind: Callable[[str], str | None]) -> None:
        """Do to each path what its `kind` is now, again as often as somebody else was faster."""
        self._check_open()
        ops = [Op("set", path, value) for path, value in data.items()]
        # Counted as creations, the larger of what each may turn out to be.
        parts = list(self._transaction.parts([op._replace(kind="create") for op in ops]))
        if len(parts) > 1:
            log.warning("%s: %d changes take %d transactions", self._name, len(ops), len(parts))
        for part in parts:
            self._commit_part(part, kind)

    def _commit_part(self, part: list[Op], kind: Callable[[str], str | None]) -> None:
        while True:
            kinds = ((op, kind(op.path)) for op in part)
            ops = [op._replace(kind=now) for op, now in kinds if now is not None]
            if not ops:
                return
            if self._root() is None:
                self._make_folder()
            refusal = self._try(ops)
            if refusal is None:
                return
            if not is_outdated(refusal) or isinstance(refusal.error, NotEmptyError):
                raise refusal.translated()

    def _try(self, ops: list[Op]) -> Refusal | None:
        paths = [op.path for op in ops]
        if any(op.kind != "set" for op in ops):
            paths.append(self.path)
        self._check_open()
        doing = f"writing {len(ops)} keys of {self.path}"
        return first_refusal(ops, self._change(self._transaction.send(ops), paths, doing))

    # -- following -----------------------------------------------------------------------------

    def subscribe(self, function: F) -> F:
        """Call ``function(changes)`` at once, then whenever keys are added, written or removed.

        `changes` is a :class:`Changes`; in the first call everything there is counts as added. What
        one transaction changed comes in one call. Otherwise as :meth:`Node.subscribe
        <zktools.Node.subscribe>`.
        """
        self._check_open()
        self._subscribers.add(function, _to_tell, self._name)
        return function

    def on_changes(self, changes: dict[str, Change]) -> None:
        """See :class:`~zktools._live_object.LiveObject`."""
        if not changes:
            return
        folder, entries, errors = self._state
        if self.path in changes:
            _, folder = changes.pop(self.path)
        if changes:
            entries, errors = dict(entries), dict(errors)
        for path, (_, entry) in changes.items():
            _replace(entries, errors, _name(path), entry)
        state = _State(folder, entries, errors)
        self._subscribers.show(state, map(_name, changes), self._name)


def _replace(
    entries: dict[str, Entry], errors: dict[str, Exception], name: str, entry: Entry | None
) -> None:
    if entry is not None and entry.error is None:
        entries[name] = entry
        errors.pop(name, None)
        return
    entries.pop(name, None)
    errors.pop(name, None)
    if entry is not None and entry.error is not None:
        errors[name] = entry.error


def _to_tell(seen: _State | None, now: _State, touched: Iterable[str]) -> object:
    if seen is None:
        return Changes({key: entry.value for key, entry in now.entries.items()}, {}, {})
    added: dict[str, Any] = {}
    changed: dict[str, tuple[Any, Any]] = {}
    removed: dict[str, Any] = {}
    for key in touched:
        old, new = seen.entries.get(key), now.entries.get(key)
        if old is None and new is not None:
            added[key] = new.value
        elif old is not None and new is None:
            removed[key] = old.value
        elif old is not None and new is not None and old.identity != new.identity:
            changed[key] = (old.value, new.value)
    return Changes(added, changed, removed) or NOTHING


def _name(path: str) -> str:
    return path.rpartition("/")[2]
