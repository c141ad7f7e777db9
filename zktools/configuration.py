"""A tree of typed values that keeps itself up to date: :class:`Configuration`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar, Unpack, overload

from kazoo.client import KazooClient

from zktools._configuration.draft import Plan
from zktools._configuration.environment import from_environment
from zktools._configuration.history.answers import History, Past
from zktools._configuration.history.kept import Hidden
from zktools._configuration.history.record import Record
from zktools._configuration.tree import Tree
from zktools._configuration.typed import AnyConfiguration, M, Options
from zktools._configuration.view import State
from zktools._engine.steps import run
from zktools._live.blocking import Blocking
from zktools._live.changes import Changes

F = TypeVar("F", bound=Callable[..., object])

__all__ = [
    "Changes",
    "Configuration",
    "Hidden",
    "History",
    "Past",
    "Plan",
    "Record",
    "Tree",
    "from_environment",
]


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
        history: how many records to keep of who stored what, up to 1000. Each store writes one in
            its own transaction; see :meth:`history`. With ``"auto"`` it does where somebody keeps
            a history already.
        secret: keys and sections that records do not tell, beside the secret fields of a schema.
        author: who stores, in records; by default the user, the host and the process.
        cache: a file in which what is shown is kept, to start on while ZooKeeper is away: see
            :attr:`stale`. It is its owner's alone to read, and holds what the tree holds.

    Raises:
        TypeError, ValueError: for wrong arguments; nothing was sent.
        ImportError: a schema is given, and pydantic is not installed.
        ClientUnusableError: the client is not started, was stopped, or crossed a fork.
        NotConnectedError: no answer within the session timeout, and no cache to start on.
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
            **options: Unpack[Options],
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
            **options: Unpack[Options],
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
        note: str | None = None,
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
            note: what it is for, in a few words, for the history.

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
        return run(self._storing_tree(tree, replace, remove, version, note))

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

    def apply(self, plan: Plan, *, note: str | None = None) -> int:
        """Carry out a plan, if what it is about has not changed since it was made.

        It may have been made by another process, of the same tree; `note` is for the history.
        Otherwise as :meth:`store`.

        Returns:
            The version that this made.

        Raises:
            ValueError: it is a plan for another configuration.
            ConflictError: it has changed. `keys` names the keys; nothing was done.
        """
        return run(self._applying(plan, note))

    def __setitem__(self, key: str, value: Any) -> None:
        run(self._storing_key(key, value))

    # -- history -------------------------------------------------------------------------------

    def history(self) -> History:
        """The records of what was stored, newest first; with what was changed without one.

        Whether or not this object keeps a history: where nobody does it is empty.

        Raises:
            AccessDeniedError: an ACL refuses to read it.
            ValueError: what is there was not written by zktools.
            NotConnectedError: no answer within the session timeout.
        """
        return self._run(self._reading_history())

    def keep_history(self, keep: int) -> None:
        """Keep so many records from the next store on; begin a history where there is none.

        Whoever is made with ``history=`` says it again with each store.

        Raises:
            TypeError, ValueError: it is no number from 1 to 1000.
            AccessDeniedError, NotConnectedError, OutcomeUnknownError: as :meth:`store`.
        """
        self._run(self._keeping_from_now(keep))

    def at(self, version: int | str) -> Past:
        """What was stored at a version, as :meth:`load` gives it, of one moment.

        It takes reading all records. Defaults and overrides are not in it.

        Args:
            version: the number of a record, whose change is the last in it; or a tag.

        Returns:
            The tree, with the keys that it is not known of in its `unknown`: secrets, those that
            records were cut down by, and those that somebody wrote without a record.

        Raises:
            MissingNodeError: there is no such version, or not any more, or no history.
            AccessDeniedError, ValueError, NotConnectedError: as :meth:`history`.
        """
        return self._run(self._looking_at(version))

    def diff(self, a: int | str, b: int | str | None = None) -> Changes[Any]:
        """What differs between two versions, or between one and now.

        A :class:`Hidden` stands for what is not known or not told, and counts as changed unless it
        is known to be the same.

        Raises:
            MissingNodeError, AccessDeniedError, ValueError, NotConnectedError: as :meth:`at`.
        """
        return self._run(self._comparing(a, b))

    def rollback(
        self,
        version: int | str,
        *,
        note: str | None = None,
        remove: bool = False,
        partial: bool = False,
    ) -> int:
        """Store what was stored at a version: a new store, checked and recorded as any.

        Keys that were not there then stay, unless `remove` is true. Secrets, and what the history
        may not tell because of an ACL, stay as they are: a warning in the log names those that are
        not as they were. It is recorded also by a configuration that keeps no history itself.

        Args:
            version: the number of a record, or a tag.
            note: what it is for, for the history.
            remove: whether to remove the keys that were not there.
            partial: whether to go back also where the history does not tell all, and leave alone
                what it does not tell.

        Returns:
            The version of the configuration that this made, as :meth:`store`.

        Raises:
            MissingNodeError, ValueError: as :meth:`at`.
            ConflictError: the history does not tell what some keys were. `keys` names them; nothing
                was changed.
            InvalidValueError, AccessDeniedError, ValueTooLargeError, NotConnectedError,
            OutcomeUnknownError: as :meth:`store`.
        """
        return self._run(self._rolling_back(version, note, remove, partial))

    def plan_rollback(
        self, version: int | str, *, remove: bool = False, partial: bool = False
    ) -> Plan:
        """What :meth:`rollback` would do now, to look at and to :meth:`apply`.

        What is left alone, because it is not known, is in its `left`.

        Raises:
            As :meth:`rollback`.
        """
        return self._run(self._planning_back(version, remove, partial))

    def tag(self, name: str, version: int | None = None, *, note: str | None = None) -> int:
        """Give a version a name, and keep its tree under that for as long as the name is there.

        Args:
            name: not of digits alone. A history has up to 50.
            version: the number of a record; None for what is stored now.
            note: what it is for.

        Returns:
            The number of the version; of the newest record, for what is stored now.

        Raises:
            ConflictError: the name is taken.
            MissingNodeError: there is no such version.
            ValueTooLargeError: the tree takes more than the server's limit for one request.
            ValueError: it is no name, or there are 50.
            AccessDeniedError, NotConnectedError, OutcomeUnknownError: as :meth:`store`.
        """
        return self._run(self._tagging(name, version, note))

    def untag(self, name: str) -> None:
        """Take a name away, and the tree that is kept under it.

        Raises:
            MissingNodeError: there is no such tag.
            AccessDeniedError, NotConnectedError, OutcomeUnknownError: as :meth:`store`.
        """
        self._run(self._untagging(name))

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
