"""A tree of typed values that keeps itself up to date: :class:`Configuration`."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple, TypeVar, overload

from kazoo.client import KazooClient
from kazoo.security import ACL

from zktools import _configuration_plan as planning
from zktools._arguments import check_total_size, check_value_size
from zktools._configuration_tree import check_key, flatten, is_within, nest, parents
from zktools._live_changes import Changes
from zktools._live_entry import Entry, Wants
from zktools._live_moment import Change
from zktools._live_object import LiveObject, as_raised
from zktools._live_subscribers import NOTHING
from zktools._live_transaction import Op, Transaction, first_refusal, is_outdated
from zktools.exceptions import ConflictError
from zktools.values import Codec, Rules, check_codec

__all__ = ["Changes", "Configuration", "Tree"]

F = TypeVar("F", bound=Callable[..., object])


class Tree(dict[str, Any]):
    """A nested dictionary, and the version of the configuration it was loaded from."""

    def __init__(self, tree: Mapping[str, Any], version: int) -> None:
        super().__init__(tree)
        self.version = version
        """For :meth:`Configuration.store`."""


class _State(NamedTuple):
    entries: dict[str, Entry]
    """Every node, by key."""
    values: dict[str, Any]
    """What a reader sees: what is stored, between defaults and overrides."""
    errors: dict[str, Exception]
    """Why the other keys have no value."""


def _everything(_path: str) -> Wants:
    return Wants(data=True, children=True)


class Configuration(LiveObject[_State], Mapping[str, Any]):
    """A tree of typed values below one node, kept up to date.

    ``config["db/pool_size"]`` is the value of the node ``db/pool_size`` below `path`. Reading costs
    no request and takes no lock; what is read belongs to one moment of the server. Nothing is
    created before something is stored.

    Keep the object as long as it is needed: when it is garbage collected, its subscribers are
    called no more.

    Args:
        client: a started :class:`kazoo.client.KazooClient`. It stays yours.
        path: absolute; the node itself may hold a value too, under the key ``""``.
        defaults: values for keys that are not stored, nested or flat.
        overrides: values that hold whatever is stored, nested or flat.
        codec: how values are stored. By default the rules of 0.2, with JSON for lists:
            ``Rules(use_json=True)``.
        acl: of nodes that are created; the client's `default_acl`, or open to all, when None.

    Raises:
        TypeError, ValueError: for wrong arguments; nothing was sent.
        ClientUnusableError: the client is not started, was stopped, or crossed a fork.
        NotConnectedError: no answer within the session timeout.
        AccessDeniedError: an ACL refuses to read `path`.
    """

    def __init__(
        self,
        client: KazooClient,
        path: str,
        defaults: Mapping[str, Any] | None = None,
        overrides: Mapping[str, Any] | None = None,
        *,
        codec: Codec[Any] | None = None,
        acl: Sequence[ACL] | None = None,
    ) -> None:
        self._defaults = flatten(defaults or {}, "defaults")
        self._overrides = flatten(overrides or {}, "overrides")
        super().__init__(
            client,
            path,
            acl=acl,
            codec=Rules(use_json=True) if codec is None else check_codec(codec),
            wants=_everything,
            state=_State({}, {**self._defaults, **self._overrides}, {}),
        )
        self._transaction = Transaction(client, self._acl)
        try:
            self._start()
        except BaseException:
            self.close()
            raise

    def __repr__(self) -> str:
        closed = ", closed" if self._closed else ""
        return f"<Configuration {self.path} {len(self)} keys{closed}>"

    # -- reading -------------------------------------------------------------------------------

    @property
    def _state(self) -> _State:
        return self._subscribers.state

    def _root(self) -> Entry | None:
        return self._state.entries.get("")

    def __getitem__(self, key: str) -> Any:
        state = self._subscribers.state
        try:
            return state.values[key]
        except KeyError:
            if key in state.errors:
                raise as_raised(state.errors[key]) from None
            raise

    def __contains__(self, key: object) -> bool:
        return key in self._subscribers.state.values

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(self._subscribers.state.values))

    def __len__(self) -> int:
        return len(self._subscribers.state.values)

    def copy(self) -> dict[str, Any]:
        """A plain dictionary of keys and values, defaults and overrides included, of one moment."""
        values = self._state.values
        return {key: values[key] for key in sorted(values)}

    def as_dict(self) -> dict[str, Any]:
        """The same as a nested dictionary."""
        return nest(self._state.values)

    @property
    def errors(self) -> Mapping[str, Exception]:
        """The keys that have no value, and why: an ACL, or the codec cannot decode it."""
        return dict(self._state.errors)

    def load(self) -> Tree:
        """What is stored, without defaults and overrides, as a nested dictionary of one moment.

        The dictionary is a copy to change and to hand to :meth:`store`; its `version` tells what
        it is a copy of. Costs no request.
        """
        entries = self._state.entries
        stored = {key: entry.value for key, entry in entries.items() if _is_value(key, entry)}
        return Tree(nest(stored), planning.version_of(entries))

    @property
    def version(self) -> int:
        """The zxid of the last change of the tree, 0 when nothing was ever stored."""
        return planning.version_of(self._state.entries)

    # -- writing -------------------------------------------------------------------------------

    def store(
        self, tree: Mapping[str, Any], *, replace: bool = False, version: int | None = None
    ) -> int:
        """Store a nested (or flat) dictionary in one transaction: everybody sees all of it at once.

        What is not in `tree` stays as it is, or is removed with `replace`. Returns when this object
        shows it.

        Args:
            tree: values to store.
            replace: whether to remove every key that is not in `tree`.
            version: refuse when one of the keys was changed after this version, which is the
                :attr:`version` of a configuration or of what :meth:`load` returned. With `replace`
                all keys count. When it is None, who stores last wins.

        Returns:
            The version that this made.

        Raises:
            TypeError, ValueError: a key or value cannot be stored; nothing was sent.
            ConflictError: somebody was faster. `keys` names the keys; nothing was changed.
            ValueTooLargeError: it takes more than the server's limit for one request (1 MB);
                nothing was sent. Store sections of it one by one.
            NotConnectedError: no answer within the session timeout; nothing was changed.
            OutcomeUnknownError: the connection went away; it may have been stored.
        """
        flat = flatten(tree)
        wanted = {
            key: check_value_size(self._codec.encode(value), f"the value of {key!r}")
            for key, value in flat.items()
        }
        _check_version(version)
        while True:
            self._check_open()
            made = self._try(wanted, replace, version)
            if made is not None:
                return made

    def __setitem__(self, key: str, value: Any) -> None:
        self.store({check_key(key): value})

    def _try(self, wanted: dict[str, bytes], replace: bool, version: int | None) -> int | None:
        """Store it if nobody is faster; None when somebody was, and the state shown has that."""
        entries = self._state.entries
        if version is not None:
            self._refuse_conflicts(entries, wanted, version, replace)
        ops = planning.plan(self.path, entries, wanted, replace=replace)
        if not planning.changes_anything(ops):
            return planning.version_of(entries)
        check_total_size(self._transaction.total(ops), "the transaction")
        if "" not in entries:
            self._make_way()
        doing = f"storing to {self.path}"
        results = self._change(self._transaction.send(ops), self._concerned(entries, ops), doing)
        refusal = first_refusal(ops, results)
        if refusal is None:
            return self._version_made(ops, results)
        if not is_outdated(refusal) or self._state.entries is entries:
            raise refusal.translated()
        return None

    def _make_way(self) -> None:
        above = self.path.rpartition("/")[0]
        if above:
            result = self._client.ensure_path_async(above, self._acl)
            self._session.wait(result, f"creating {above}", changes=True)

    def _concerned(self, entries: dict[str, Entry], ops: list[Op]) -> set[str]:
        """The nodes that `ops` change, and those whose listing changes with them."""
        keys = {planning.key_of(self.path, op.path): op for op in ops if op.kind != "check"}
        above = {
            next(parents(key), "") for key, op in keys.items() if op.kind in ("create", "delete")
        }
        return {planning.path_of(self.path, key) for key in {*keys, *(above & entries.keys())}}

    def _refuse_conflicts(
        self, entries: dict[str, Entry], wanted: dict[str, bytes], version: int, replace: bool
    ) -> None:
        keys = planning.conflicts(entries, wanted, version, replace=replace)
        if keys:
            named = textwrap.shorten(", ".join(map(repr, sorted(keys))), 200, placeholder=" ...")
            error = ConflictError(f"{self._name} was changed after version {version}: {named}")
            error.keys = tuple(sorted(keys))
            raise error

    def _version_made(self, ops: list[Op], results: list[Any]) -> int:
        for op, result in zip(ops, results, strict=True):
            if op.kind == "set":
                return int(result.mzxid)
        entries = self._state.entries
        for op in ops:
            entry = entries.get(planning.key_of(self.path, op.path))
            if op.kind == "create" and entry is not None:
                return entry.czxid
        return planning.version_of(entries)

    # -- following -----------------------------------------------------------------------------

    @overload
    def subscribe(self, prefix: str = ..., function: None = ...) -> Callable[[F], F]: ...
    @overload
    def subscribe(self, prefix: str, function: F) -> F: ...
    @overload
    def subscribe(self, prefix: F) -> F: ...
    def subscribe(self, prefix: Any = "", function: Any = None) -> Any:
        """Call ``function(changes)`` at once, then whenever keys at or below `prefix` change.

        `changes` is a :class:`~zktools.node.Changes` of values as a reader sees them, with whole
        keys; in the first call all there is counts as added. What one :meth:`store` changed comes
        in one call. Otherwise as :meth:`Node.subscribe <zktools.Node.subscribe>`.

        Usable as a decorator: ``@config.subscribe`` or ``@config.subscribe("db")``.
        """
        if callable(prefix):
            return self.subscribe("", prefix)
        if function is None:
            return partial(self.subscribe, prefix)
        self._check_open()
        render = partial(_to_tell, check_key(prefix.removesuffix("/"), "prefix"))
        self._subscribers.add(function, render, self._name)
        return function

    def wait_for(
        self,
        key: str,
        condition: Callable[[Any], bool] | None = None,
        *,
        timeout: float | None = None,
    ) -> Any:
        """Wait until `key` has a value, and one that ``condition(value)`` is true for.

        Args:
            key: a key in flat form.
            condition: called in this thread at each change.
            timeout: seconds; None for no limit.

        Returns:
            The value.

        Raises:
            TimeoutError: the time ran out.
            ClientUnusableError: this was closed, or the client stopped.
        """
        found: list[Any] = []

        def ready() -> bool:
            values = self._state.values
            if key in values and (condition is None or condition(values[key])):
                found.append(values[key])
            return bool(found)

        check_key(key)
        if not self._wait_until(ready, timeout):
            self._check_open()
            raise TimeoutError(f"{self._name}: {key!r} was not as wanted within {timeout} s")
        return found[0]

    def on_changes(self, changes: dict[str, Change]) -> None:
        """See :class:`~zktools._live_object.LiveObject`."""
        if not changes:
            return
        entries, values, errors = (dict(part) for part in self._state)
        keys = {planning.key_of(self.path, path): entry for path, (_, entry) in changes.items()}
        for key, entry in keys.items():
            self._replace(entries, errors, key, entry)
            self._layer(values, key, entry)
        self._subscribers.show(_State(entries, values, errors), keys, self._name)

    @staticmethod
    def _replace(
        entries: dict[str, Entry], errors: dict[str, Exception], key: str, entry: Entry | None
    ) -> None:
        errors.pop(key, None)
        if entry is None:
            entries.pop(key, None)
            return
        entries[key] = entry
        if entry.error is not None:
            errors[key] = entry.error

    def _layer(self, values: dict[str, Any], key: str, entry: Entry | None) -> None:
        if key in self._overrides:
            return
        if entry is not None and _is_value(key, entry):
            values[key] = entry.value
        elif key in self._defaults:
            values[key] = self._defaults[key]
        else:
            values.pop(key, None)


def _is_value(key: str, entry: Entry) -> bool:
    return entry.error is None and planning.has_value(key, entry)


def _check_version(version: object) -> None:
    if version is not None and (isinstance(version, bool) or not isinstance(version, int)):
        raise TypeError(f"version must be an int or None, not {type(version).__name__}")


def _to_tell(prefix: str, seen: _State | None, now: _State, touched: set[str]) -> object:
    if seen is None:
        everything = {key: now.values[key] for key in sorted(now.values) if is_within(key, prefix)}
        return Changes(everything, {}, {})
    added: dict[str, Any] = {}
    changed: dict[str, tuple[Any, Any]] = {}
    removed: dict[str, Any] = {}
    for key in sorted(key for key in touched if is_within(key, prefix)):
        if key not in seen.values:
            if key in now.values:
                added[key] = now.values[key]
        elif key not in now.values:
            removed[key] = seen.values[key]
        elif _differs(seen.values[key], now.values[key]):
            changed[key] = (seen.values[key], now.values[key])
    return Changes(added, changed, removed) or NOTHING


def _differs(old: object, new: object) -> bool:
    return old != new or type(old) is not type(new)  # 1 and True are equal
