"""A tree of typed values that keeps itself up to date: :class:`Configuration`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, Generic, overload

from kazoo.client import KazooClient
from kazoo.security import ACL

from zktools._configuration import plan as planning
from zktools._configuration.environment import from_environment
from zktools._configuration.schema import Schema
from zktools._configuration.store import Store
from zktools._configuration.tree import check_key, flatten, nest
from zktools._configuration.view import State, View, is_value, to_tell
from zktools._engine.arguments import check_path, check_value_size
from zktools._live.changes import Changes
from zktools._live.entry import Entry, Wants
from zktools._live.moment import Change
from zktools._live.object import LiveObject, as_raised
from zktools._live.transaction import Op, Transaction
from zktools.exceptions import InvalidValueError, MissingNodeError
from zktools.values import Codec, Rules, check_codec

if TYPE_CHECKING:
    # Its `default`, so that the plain name stays a type; type checkers know the module by heart.
    from typing_extensions import TypeVar

    M = TypeVar("M", default=Any)
else:
    from typing import TypeVar

    M = TypeVar("M")

__all__ = ["Changes", "Configuration", "Tree", "from_environment"]

F = TypeVar("F", bound=Callable[..., object])


class Tree(dict[str, Any]):
    """A nested dictionary, and the version of the configuration it was loaded from."""

    def __init__(self, tree: Mapping[str, Any], version: int) -> None:
        super().__init__(tree)
        self.version = version
        """For :meth:`Configuration.store`."""


def _everything(_path: str) -> Wants:
    return Wants(data=True, children=True)


class Configuration(LiveObject[State], Mapping[str, Any], Generic[M]):
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
        schema: a dataclass or a pydantic model that the tree has to fit; needs the extra
            ``zktools[schema]``. What does not fit is not stored, and when it comes from elsewhere,
            not shown: the error is logged, and is in :attr:`errors`. Its validators run on a thread
            that all live objects of the client share.
        codec: how values are stored. By default the rules of 0.2, with JSON for lists:
            ``Rules(use_json=True)``.
        acl: of nodes that are created; the client's `default_acl`, or open to all, when None.

    Raises:
        TypeError, ValueError: for wrong arguments; nothing was sent.
        ImportError: a schema is given, and pydantic is not installed.
        ClientUnusableError: the client is not started, was stopped, or crossed a fork.
        NotConnectedError: no answer within the session timeout.
        AccessDeniedError: an ACL refuses to read `path`.
    """

    @overload
    def __init__(
        self: Configuration[None],
        client: KazooClient,
        path: str,
        defaults: Mapping[str, Any] | None = ...,
        overrides: Mapping[str, Any] | None = ...,
        *,
        schema: None = ...,
        codec: Codec[Any] | None = ...,
        acl: Sequence[ACL] | None = ...,
    ) -> None: ...

    @overload
    def __init__(
        self,
        client: KazooClient,
        path: str,
        defaults: Mapping[str, Any] | None = ...,
        overrides: Mapping[str, Any] | None = ...,
        *,
        schema: type[M],
        codec: Codec[Any] | None = ...,
        acl: Sequence[ACL] | None = ...,
    ) -> None: ...

    def __init__(
        self,
        client: KazooClient,
        path: str,
        defaults: Mapping[str, Any] | None = None,
        overrides: Mapping[str, Any] | None = None,
        *,
        schema: type[Any] | None = None,
        codec: Codec[Any] | None = None,
        acl: Sequence[ACL] | None = None,
    ) -> None:
        path = check_path(path, "path")
        self._has_schema = schema is not None
        self._view = View(
            flatten(defaults or {}, "defaults"),
            flatten(overrides or {}, "overrides"),
            None if schema is None else Schema(schema),
            f"Configuration {path}",
        )
        super().__init__(
            client,
            path,
            acl=acl,
            codec=Rules(use_json=True) if codec is None else check_codec(codec),
            wants=_everything,
            state=self._view.empty,
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
    def _state(self) -> State:
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
            if state.invalid is not None and state.model is None:
                raise as_raised(state.invalid) from None
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
    def model(self) -> M:
        """The tree as the schema declares it, of one moment, and the last that was valid.

        Defaults and overrides included. All readers share it: do not change it.

        Raises:
            InvalidValueError: nothing valid was found yet; `keys` names what is wrong or missing.
            AttributeError: there is no schema.
        """
        if not self._has_schema:
            raise AttributeError(f"{self._name} has no schema: make it with schema=")
        state = self._state
        if state.model is None and state.invalid is not None:
            raise as_raised(state.invalid)
        return state.model  # type: ignore[no-any-return]

    @property
    def errors(self) -> Mapping[str, Exception]:
        """The keys that have no value, and why: an ACL, or the codec cannot decode it.

        With a schema, also those for which the last valid values are shown.
        """
        state = self._state
        problems = state.problems.items()
        invalid = {key: InvalidValueError(f"{self._name}: {key!r}: {why}") for key, why in problems}
        return {**invalid, **state.errors}

    def load(self) -> Tree:
        """What is stored, without defaults and overrides, as a nested dictionary of one moment.

        The dictionary is a copy to change and to hand to :meth:`store`; its `version` tells what
        it is a copy of. Costs no request.
        """
        entries = self._state.entries
        stored = {key: entry.value for key, entry in entries.items() if is_value(key, entry)}
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
            InvalidValueError: the tree would not fit the schema. `keys` names the keys; nothing
                was sent.
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
        store = Store(
            self.path, wanted, version, replace=replace, view=self._view, codec=self._codec
        )
        while True:
            self._check_open()
            state = self._state
            ops = store.plan(state, self._transaction)
            if not planning.changes_anything(ops):
                return planning.version_of(state.entries)
            if "" not in state.entries:
                self._make_way()
            made = store.commit(ops, state.entries, self._commit, lambda: self._state)
            if made is not None:
                return made

    def __setitem__(self, key: str, value: Any) -> None:
        self.store({check_key(key): value})

    def _commit(self, ops: list[Op], paths: Iterable[str]) -> Any:
        doing = f"storing to {self.path}"
        return self._change(partial(self._transaction.send, ops), paths, doing)

    def _make_way(self) -> None:
        above = self.path.rpartition("/")[0] or "/"
        if above != "/" or self._client.chroot:
            doing = f"creating {above}"
            try:
                result = self._session.ask(self._client.ensure_path_async, above, self._acl)
                self._session.wait(result, doing, changes=True)
            except MissingNodeError:
                self._check_chroot(doing)
                raise

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
        render = partial(to_tell, check_key(prefix.removesuffix("/"), "prefix"))
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
        """See :class:`~zktools._live.object.LiveObject`."""
        state = self._state
        if not changes and state is not self._view.empty:
            return
        keys = {planning.key_of(self.path, path): entry for path, (_, entry) in changes.items()}
        state, touched = self._view.after(state, keys)
        self._subscribers.show(state, touched, self._name)


def _check_version(version: object) -> None:
    if version is not None and (isinstance(version, bool) or not isinstance(version, int)):
        raise TypeError(f"version must be an int or None, not {type(version).__name__}")
