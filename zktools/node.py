"""Nodes that keep themselves up to date: :class:`Node`, and :class:`NodeDict` for a folder."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any, Generic, TypeVar, overload

from kazoo.client import KazooClient
from kazoo.security import ACL

from zktools._engine.arguments import check_value_size
from zktools._live.changes import Changes
from zktools._live.entry import Entry, Wants
from zktools._live.keeper import Keeper
from zktools._live.moment import Change
from zktools._live.nodedict import NodeDict
from zktools._live.object import LiveObject, as_raised
from zktools._live.subscribers import NOTHING
from zktools.exceptions import ConflictError, MissingNodeError
from zktools.values import Codec, check_codec

__all__ = ["Changes", "Children", "Node", "NodeDict", "ZkNode", "ZkNodeDict"]

T = TypeVar("T")
F = TypeVar("F", bound=Callable[..., object])

_EPHEMERAL = 1


class _Scope:
    """What a node wants to know: its data, and its children once somebody asked for them."""

    def __init__(self) -> None:
        self.children = False

    def __call__(self, _path: str) -> Wants:
        return Wants(data=True, children=self.children)


class Node(LiveObject["Entry | None"], Generic[T]):
    """One ZooKeeper node whose value is kept up to date.

    It is created, with its parents, when it is missing. When somebody deletes it, `exists` is False
    and `value` the default; when somebody creates it again, it goes on.

    Keep the object as long as it is needed: when it is garbage collected, its subscribers are
    called no more.

    Args:
        client: a started :class:`kazoo.client.KazooClient`. It stays yours.
        path: absolute.
        default: what is stored when the node is missing, and the value while it is.
        use_json: with the rules of 0.2, read and write JSON objects and arrays too.
        permission: ACL of the node and of parents that are created; the client's `default_acl`,
            or open to all, when it is None. `acl` is the same.
        create_mode: 1 for an ephemeral node, as in 0.2. `ephemeral` is the same. It goes with the
            client's session, and is created again in the next one.
        codec: how values are stored; :class:`zktools.values.Rules` by default.

    Raises:
        TypeError, ValueError: for wrong arguments; nothing was sent.
        ClientUnusableError: the client is not started, was stopped, or crossed a fork.
        NotConnectedError: no answer within the session timeout.
        AccessDeniedError: an ACL refuses to read or to create the node.
    """

    @overload
    def __init__(
        self: Node[Any],
        client: KazooClient,
        path: str,
        default: None = ...,
        use_json: bool = ...,
        permission: Sequence[ACL] | None = ...,
        create_mode: int = ...,
        *,
        codec: None = ...,
        acl: Sequence[ACL] | None = ...,
        ephemeral: bool = ...,
    ) -> None: ...

    @overload
    def __init__(
        self,
        client: KazooClient,
        path: str,
        default: T | None = ...,
        use_json: bool = ...,
        permission: Sequence[ACL] | None = ...,
        create_mode: int = ...,
        *,
        codec: Codec[T] | None = ...,
        acl: Sequence[ACL] | None = ...,
        ephemeral: bool = ...,
    ) -> None: ...

    def __init__(
        self,
        client: KazooClient,
        path: str,
        default: Any = None,
        use_json: bool = False,
        permission: Sequence[ACL] | None = None,
        create_mode: int = 0,
        *,
        codec: Codec[Any] | None = None,
        acl: Sequence[ACL] | None = None,
        ephemeral: bool = False,
    ) -> None:
        checked = check_codec(codec, use_json)
        self._default: Any = default
        self._scope = _Scope()
        self._keeper: Keeper | None = None
        ephemeral = _check_mode(create_mode) or ephemeral
        super().__init__(
            client,
            path,
            acl=permission if acl is None else acl,
            codec=checked,
            wants=self._scope,
            state=None,
        )
        # Other codecs have no text for "no value yet"; an empty node is that.
        initial = b"" if default is None and codec is not None else self._encoded(default)
        if ephemeral:
            self._keeper = Keeper(
                self._session, partial(_create, client, self.path, self._acl), self.path
            )
        try:
            self._start()
            if self._state is None:
                self._create(initial)
        except BaseException:
            self.close()
            raise

    def __repr__(self) -> str:
        closed = ", closed" if self._closed else ""
        return f"<Node {self.path} {_shown(self._state)}{closed}>"

    # -- reading -------------------------------------------------------------------------------

    @property
    def _state(self) -> Entry | None:
        return self._subscribers.state

    def _root(self) -> Entry | None:
        return self._state

    @property
    def value(self) -> T:
        """The node's value; the default while there is no node. Costs no request.

        Assigning stores a value, creating the node when it is missing; afterwards this is it.

        Raises:
            InvalidValueError: the codec cannot decode what is stored.
            AccessDeniedError: an ACL refuses to read it.
        """
        return _value_of(self._state, self._default)  # type: ignore[no-any-return]

    @value.setter
    def value(self, value: T) -> None:
        data = self._encoded(value)
        self._check_open()
        while True:
            try:
                if self._state is None:
                    self._create(data, others_count=False)
                else:
                    self._set(data, -1)
            except (ConflictError, MissingNodeError):
                continue  # it was created, or deleted, in the meantime
            return

    @property
    def exists(self) -> bool:
        """Whether there is a node."""
        return self._state is not None

    @property
    def version(self) -> int | None:
        """How often the data were written since the node was created; None while there is none."""
        state = self._state
        return None if state is None or state.is_forbidden else state.version

    @property
    def last_modified(self) -> float | None:
        """When the data were last written: seconds since 1970 by ZooKeeper's clock; or None."""
        state = self._state
        return None if state is None or state.is_forbidden else state.modified / 1000

    @property
    def children(self) -> Children:
        """The names of the node's children, kept up to date from the first use on."""
        if not self._scope.children:
            self._check_open()
            self._scope.children = True
            self._refresh([self.path], f"reading the children of {self.path}")
        return Children(self)

    # -- writing -------------------------------------------------------------------------------

    def update(self, function: Callable[[T], T]) -> T:
        """Replace the value by ``function(value)``, again as often as somebody else was faster.

        The function is called in this thread, with the default when the node is missing.

        Returns:
            The value that was stored.

        Raises:
            NotConnectedError: no answer within the session timeout; nothing was changed.
            OutcomeUnknownError: the connection went away; it may have been stored.
        """
        while True:
            self._check_open()
            state = self._state
            value = function(_value_of(state, self._default))
            data = self._encoded(value)
            try:
                if state is None:
                    self._create(data, others_count=False)
                else:
                    self._set(data, state.version)
            except (ConflictError, MissingNodeError):
                continue
            return value

    def _encoded(self, value: Any) -> bytes:
        return check_value_size(self._codec.encode(value), "value")

    def _set(self, data: bytes, version: int) -> None:
        send = partial(self._client.set_async, self.path, data, version)
        self._change(send, [self.path], f"writing {self.path}")
        self._keep(data)

    def _create(self, data: bytes, *, others_count: bool = True) -> None:
        send = partial(_create, self._client, self.path, self._acl, data, self._keeper is not None)
        try:
            self._change(send, [self.path], f"creating {self.path}", in_steps=True)
        except ConflictError:
            if not others_count:
                raise
        else:
            self._keep(data)

    def _keep(self, data: bytes) -> None:
        state = self._state
        if self._keeper is not None and state is not None and state.owner == self._session_id():
            self._keeper.data = data

    def _session_id(self) -> int | None:
        return self._session.session_id

    # -- following -----------------------------------------------------------------------------

    def subscribe(self, function: F) -> F:
        """Call ``function(value)`` at once, and then whenever the data were written.

        The first call is made here, by this thread; later ones run on threads of zktools' own. The
        subscribers of one object are called one at a time, and wait for no others. They may do what
        they like: write nodes, take locks, subscribe, close. Values that follow each other faster
        than one returns are left out, but never the last. An error in it is logged, and it is
        called again at the next change. Only what is no Exception, and raised in the first call,
        comes out of here: a KeyboardInterrupt, for instance. Then it is not subscribed.

        Usable as a decorator.
        """
        self._check_open()
        self._subscribers.add(function, partial(_value_to_tell, self._default), self._name)
        return function

    def on_changes(self, changes: dict[str, Change]) -> None:
        """See :class:`~zktools._live.object.LiveObject`."""
        state = self._state
        if self.path in changes:
            _, state = changes[self.path]
            self._follow_value(state)
            self._subscribers.show(state, [self.path], self._name)
        if self._keeper is not None:
            self._keeper.on_state(state)

    def _follow_value(self, state: Entry | None) -> None:
        # Made again, it is to have the value it had, whoever wrote that.
        keeper = self._keeper
        if keeper is not None and keeper.data is not None and state is not None:
            keeper.data = state.data


class Children:
    """The names of a node's children: to iterate over, and to subscribe to as a decorator."""

    def __init__(self, node: Node[Any]) -> None:
        self._node = node

    def _names(self) -> frozenset[str]:
        state = self._node._state  # noqa: SLF001  a part of Node
        return (state.children if state is not None else None) or frozenset()

    def __call__(self, function: F) -> F:
        """Call ``function(names)`` at once, and then whenever a child came or went.

        `names` is a sorted tuple. Otherwise as :meth:`Node.subscribe`.
        """
        node = self._node
        node._check_open()  # noqa: SLF001
        node._subscribers.add(function, _children_to_tell, node._name)  # noqa: SLF001
        return function

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(self._names()))

    def __len__(self) -> int:
        return len(self._names())

    def __contains__(self, name: object) -> bool:
        return name in self._names()

    def __repr__(self) -> str:
        return f"<Children of {self._node.path}: {', '.join(self)}>"


def _create(
    client: KazooClient, path: str, acl: list[ACL] | None, data: bytes, ephemeral: bool = True
) -> Any:
    return client.create_async(path, data, acl=acl, ephemeral=ephemeral, makepath=True)


def _check_mode(create_mode: object) -> bool:
    if create_mode not in (0, _EPHEMERAL):
        raise ValueError(
            f"create_mode must be 0 (persistent) or 1 (ephemeral), not {create_mode!r}; "
            "a sequential node has no name to keep up to date"
        )
    return create_mode == _EPHEMERAL


def _value_of(state: Entry | None, default: Any) -> Any:
    if state is None:
        return default
    if state.error is not None:
        raise as_raised(state.error)
    return state.value


def _value_to_tell(
    default: Any, seen: Entry | None, now: Entry | None, touched: set[str]
) -> object:
    if touched and _identity(seen) == _identity(now):
        return NOTHING
    if now is not None and now.error is not None:
        return now.error
    return _value_of(now, default)


def _children_to_tell(seen: Entry | None, now: Entry | None, touched: set[str]) -> object:
    children = now.children if now is not None else None
    if touched and (seen.children if seen is not None else None) == children:
        return NOTHING
    return tuple(sorted(children or ()))


def _identity(entry: Entry | None) -> object:
    return entry.identity if entry is not None else None


def _shown(entry: Entry | None) -> str:
    if entry is None:
        return "missing"
    return f"version {entry.version}: {entry.value!r}" if entry.error is None else str(entry.error)


ZkNode = Node
ZkNodeDict = NodeDict
