"""A tree of typed values that keeps itself up to date: :class:`Configuration`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar, overload

from kazoo.client import KazooClient
from kazoo.security import ACL

from zktools._configuration.draft import Plan
from zktools._configuration.environment import from_environment
from zktools._configuration.tree import Tree
from zktools._configuration.typed import AnyConfiguration, M
from zktools._configuration.view import State
from zktools._engine.steps import run
from zktools._live.blocking import Blocking
from zktools._live.changes import Changes
from zktools.values import Codec

F = TypeVar("F", bound=Callable[..., object])

__all__ = ["Changes", "Configuration", "Plan", "Tree", "from_environment"]


class Configuration(AnyConfiguration[M], Blocking[State]):
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
        acl: of nodes that are created. When None, the client's `default_acl`; without that, what is
            created takes the ACL of the section that it comes into.

    Raises:
        TypeError, ValueError: for wrong arguments; nothing was sent.
        ImportError: a schema is given, and pydantic is not installed.
        ClientUnusableError: the client is not started, was stopped, or crossed a fork.
        NotConnectedError: no answer within the session timeout.
        AccessDeniedError: an ACL refuses to read `path`.
    """

    if TYPE_CHECKING:
        # Checkers take a `self` that is given a type for that of the class it stands in.
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

        def __init__(self, *args: Any, **kw: Any) -> None: ...

    # -- writing -------------------------------------------------------------------------------

    def store(
        self,
        tree: Mapping[str, Any],
        *,
        replace: bool | Iterable[str] = False,
        remove: Iterable[str] = (),
        version: int | None = None,
    ) -> int:
        """Store a nested (or flat) dictionary in one transaction: everybody sees all of it at once.

        What is not in `tree` stays as it is, or is removed with `replace`. Returns when this object
        shows it; also when there is nothing to change, which the server is asked about.

        Args:
            tree: values to store. A dictionary in it is a section, but under the empty key: see
                :meth:`load`.
            replace: whether to remove every key that is not in `tree`, or the sections to do so in.
                Those that cannot be read stay: keys in :attr:`errors`, and what an ACL hides below
                them.
            remove: keys to remove, with all below them but for what is in `tree`.
            version: refuse when one of the keys was changed after this version, which is the
                :attr:`version` of a configuration or of what :meth:`load` returned. With `replace`
                all keys count, or all of these sections. When it is None, who stores last wins.

        Returns:
            The version that this made.

        Raises:
            TypeError, ValueError: a key or value cannot be stored; nothing was sent.
            InvalidValueError: the tree would not fit the schema, or something below a key in
                `remove` cannot be decoded. `keys` names the keys; nothing was sent.
            ConflictError: somebody was faster. `keys` names the keys; nothing was changed.
            AccessDeniedError: an ACL refuses it, or hides what would be removed or compared with
                `version`; nothing was changed.
            ValueTooLargeError: it takes more than the server's limit for one request (1 MB);
                nothing was sent. Store sections of it one by one.
            NotConnectedError: no answer within the session timeout; nothing was changed.
            OutcomeUnknownError: the connection went away; it may have been stored.
        """
        return run(self._storing_tree(tree, replace, remove, version))

    def plan(
        self,
        tree: Mapping[str, Any],
        *,
        replace: bool | Iterable[str] = False,
        remove: Iterable[str] = (),
    ) -> Plan:
        """What :meth:`store` would do now, to look at, to keep in a file, and to :meth:`apply`.

        Raises:
            TypeError, ValueError, InvalidValueError, AccessDeniedError: as :meth:`store`.
        """
        return run(self._planning(self._wish(tree, replace, remove)))

    def apply(self, plan: Plan) -> int:
        """Carry out a plan, if what it is about has not changed since it was made.

        It may have been made by another process, of the same tree. Otherwise as :meth:`store`.

        Returns:
            The version that this made.

        Raises:
            ValueError: it is a plan for another configuration.
            ConflictError: it has changed. `keys` names the keys; nothing was done.
        """
        return run(self._applying(plan))

    def __setitem__(self, key: str, value: Any) -> None:
        run(self._storing_key(key, value))

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
        self._subscribe(function, self._render(prefix))
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
        return run(self._waiting_for(key, condition, timeout))
