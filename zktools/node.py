"""Nodes that keep themselves up to date: :class:`~zktools.Node`, :class:`~zktools.NodeDict`."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

from zktools._live.blocking import Blocking
from zktools._live.changes import Changes
from zktools._live.children import Children
from zktools._live.entry import Entry
from zktools._live.node import AnyNode, T
from zktools._live.nodedict import NodeDict
from zktools._live.single import children_to_tell, value_to_tell

__all__ = ["Changes", "Children", "Node", "NodeDict", "ZkNode", "ZkNodeDict"]

F = TypeVar("F", bound=Callable[..., object])


class Node(AnyNode[T], Blocking[Entry | None]):
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
        cache: a file for what is shown, to start on while ZooKeeper is away; see `stale`. What is
            missing once it is there is made by who writes.

    Raises:
        TypeError, ValueError: for wrong arguments; nothing was sent.
        ClientUnusableError: the client is not started, was stopped, or crossed a fork.
        NotConnectedError: no answer within the session timeout.
        AccessDeniedError: an ACL refuses to read or to create the node.
    """

    # -- reading -------------------------------------------------------------------------------

    @property
    def value(self) -> T:
        """The node's value; the default while there is no node. Costs no request.

        Assigning stores a value, creating the node when it is missing; afterwards this is it.

        Raises:
            InvalidValueError: the codec cannot decode what is stored.
            AccessDeniedError: an ACL refuses to read it.
        """
        return self._value

    @value.setter
    def value(self, value: T) -> None:
        self._run(self._storing_value(value))

    @property
    def children(self) -> Children:
        """The names of the node's children, kept up to date from the first use on.

        Their data are neither read nor watched.
        """
        if not self._scope.root.children:
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
        self._subscribe(function, partial(value_to_tell, self._default))
        return function

    def subscribe_to_children(self, function: Callable[[Any], object]) -> None:
        """As ``node.children(function)``."""
        self._subscribe(function, children_to_tell)


ZkNode = Node
ZkNodeDict = NodeDict
