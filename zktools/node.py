"""Nodes that keep themselves up to date: :class:`Node`, and :class:`NodeDict` for a folder."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Generic, TypeVar, overload

from kazoo.client import KazooClient
from kazoo.security import ACL

from zktools._engine.arguments import check_value_size
from zktools._engine.steps import Steps, run
from zktools._live.changes import Changes
from zktools._live.children import Children
from zktools._live.entry import Entry
from zktools._live.nodedict import NodeDict
from zktools._live.single import Single, children_to_tell, value_of, value_to_tell
from zktools._live.writing import either_acl
from zktools.values import Codec, check_codec

__all__ = ["Changes", "Children", "Node", "NodeDict", "ZkNode", "ZkNodeDict"]

T = TypeVar("T")
F = TypeVar("F", bound=Callable[..., object])

_EPHEMERAL = 1


class Node(Single, Generic[T]):
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
        ephemeral = _check_mode(create_mode) or ephemeral
        # Other codecs have no text for "no value yet"; an empty node is that.
        empty = default is None and codec is not None
        super().__init__(
            client,
            path,
            default=default,
            initial=b"" if empty else check_value_size(checked.encode(default), "default"),
            acl=either_acl(permission, acl),
            codec=checked,
            ephemeral=ephemeral,
        )
        run(self._opening())

    def _shown(self) -> str:
        return _shown(self._state)

    # -- reading -------------------------------------------------------------------------------

    @property
    def value(self) -> T:
        """The node's value; the default while there is no node. Costs no request.

        Assigning stores a value, creating the node when it is missing; afterwards this is it.

        Raises:
            InvalidValueError: the codec cannot decode what is stored.
            AccessDeniedError: an ACL refuses to read it.
        """
        return value_of(self._state, self._default)  # type: ignore[no-any-return]

    @value.setter
    def value(self, value: T) -> None:
        self._run(self._storing_value(value))

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
        """The names of the node's children, kept up to date from the first use on.

        Their data are neither read nor watched.
        """
        if not self._scope.children:
            self._run(self._following_children())
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
        return self._run(self._updating(function))  # type: ignore[no-any-return]

    def _run(self, steps: Steps[Any]) -> Any:
        self._check_open()
        return run(steps)

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
        self._subscribers.add(function, partial(value_to_tell, self._default), self._name)
        return function

    def subscribe_to_children(self, function: Callable[[Any], object]) -> None:
        """As ``node.children(function)``."""
        self._check_open()
        self._subscribers.add(function, children_to_tell, self._name)


def _check_mode(create_mode: object) -> bool:
    if create_mode not in (0, _EPHEMERAL):
        raise ValueError(
            f"create_mode must be 0 (persistent) or 1 (ephemeral), not {create_mode!r}; "
            "a sequential node has no name to keep up to date"
        )
    return create_mode == _EPHEMERAL


def _shown(entry: Entry | None) -> str:
    if entry is None:
        return "missing"
    return f"version {entry.version}: {entry.value!r}" if entry.error is None else str(entry.error)


ZkNode = Node
ZkNodeDict = NodeDict
