"""One node that is kept current and written to: what is below Node's interface."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from kazoo.client import KazooClient
from kazoo.security import ACL

from zktools._engine.steps import Steps
from zktools._live.copies import own
from zktools._live.entry import Entry, Scope, Wants, as_raised
from zktools._live.keeper import Keeper
from zktools._live.moment import Difference
from zktools._live.subscribers import NOTHING
from zktools._live.writing import Writing
from zktools.exceptions import ConflictError, MissingNodeError
from zktools.values import Codec

_VALUE = Wants(data=True, children=False, below=False)
_VALUE_AND_NAMES = Wants(data=True, children=True, below=False)


class Single(Writing["Entry | None"]):
    """One node, which is made when it is missing."""

    def __init__(
        self,
        client: KazooClient,
        path: str,
        *,
        default: Any,
        initial: bytes,
        acl: Sequence[ACL] | None,
        codec: Codec[Any],
        ephemeral: bool,
        cache: Path | None = None,
    ) -> None:
        """`initial` is what a missing node is made with, `default` what a reader is given then."""
        self._default = own(default)
        self._initial = initial
        self._scope = Scope(_VALUE, _VALUE)
        self._ephemeral = ephemeral
        self._keeper: Keeper | None = None
        super().__init__(
            client, path, acl=acl, codec=codec, scope=self._scope, state=None, cache=cache
        )
        if ephemeral:
            create = partial(self._send_creation, self.path)
            self._keeper = Keeper(self._session, create, self.path)

    def _settling_in(self) -> Steps[None]:
        if self._state is None:
            yield from self._making(self._initial)
        self._keep(self._initial)

    def _shown(self) -> str:
        return _shown(self._state)

    # -- what is shown -------------------------------------------------------------------------

    @property
    def _state(self) -> Entry | None:
        return self._subscribers.state

    def _root(self) -> Entry | None:
        return self._state

    def child_names(self) -> frozenset[str]:
        """See :class:`~zktools._live.children.Parent`."""
        state = self._state
        if state is not None and state.is_forbidden and state.error is not None:
            raise as_raised(state.error)
        return (state.names if state is not None else None) or frozenset()

    def _following_children(self) -> Steps[None]:
        self._scope.root = _VALUE_AND_NAMES  # from the first who asks on
        yield from self._reading([self.path], f"reading the children of {self.path}")

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

    # -- writing -------------------------------------------------------------------------------

    def _storing_value(self, value: Any) -> Steps[None]:
        data = self._encoded(value)
        yield from self._storing(self.path, data, self._state is not None)
        self._keep(data)

    def _updating(self, function: Callable[[Any], Any]) -> Steps[Any]:
        while True:
            self._check_open()
            state = self._state
            value = function(value_of(state, self._default))
            data = self._encoded(value)
            try:
                if state is None:
                    yield from self._creating(self.path, data)
                    czxid = None
                else:
                    stat = yield from self._setting(self.path, data, state.version)
                    czxid = stat.czxid
            except (ConflictError, MissingNodeError):
                continue
            self._keep(data)
            if state is not None and czxid != state.czxid:
                raise ConflictError(
                    f"{self.path} was deleted, made again and written as often while it was "
                    f"updated; what it held is replaced by an update of what it had held before"
                )
            return value

    def _send_creation(self, path: str, data: bytes) -> Any:
        return self._client.create_async(
            path, data, acl=self._acl, ephemeral=self._ephemeral, makepath=True
        )

    def _keep(self, data: bytes) -> None:
        if self._keeper is not None:
            self._session.engine.post(self._keeper.keep, data)

    # -- following -----------------------------------------------------------------------------

    def on_changes(self, changes: Difference) -> None:
        """See :class:`~zktools._live.object.LiveObject`."""
        state = self._state
        if self.path in changes:
            state = changes[self.path]
            self._subscribers.show(state, [self.path], self._name)
        if self._keeper is not None:
            self._keeper.on_state(state)


def value_of(state: Entry | None, default: Any) -> Any:
    """What a reader is given: an object that nobody else has, if it can be changed."""
    return own(default) if state is None else state.read()


def value_to_tell(default: Any, seen: Entry | None, now: Entry | None, touched: set[str]) -> object:
    """What a subscriber to the value is called with."""
    if touched and _identity(seen) == _identity(now):
        return NOTHING
    if now is not None and now.error is not None:
        return now.error
    return value_of(now, default)


def children_to_tell(seen: Entry | None, now: Entry | None, touched: set[str]) -> object:
    """What a subscriber to the children is called with."""
    if now is not None and now.is_forbidden:
        return now.error
    names = now.names if now is not None else None
    if touched and (seen.names if seen is not None else None) == names:
        return NOTHING
    return tuple(sorted(names or ()))


def _identity(entry: Entry | None) -> object:
    return entry.identity if entry is not None else None


def _shown(entry: Entry | None) -> str:
    if entry is None:
        return "missing"
    return f"version {entry.version}: {entry.value!r}" if entry.error is None else str(entry.error)
