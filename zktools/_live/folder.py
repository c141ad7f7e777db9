"""A folder whose children are kept current: what is below NodeDict's interface."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from operator import itemgetter
from pathlib import Path
from typing import Any, NamedTuple, cast

from kazoo.client import KazooClient
from kazoo.security import ACL

from zktools._engine.arguments import check_name, check_path
from zktools._engine.steps import Steps
from zktools._live.changes import Changes
from zktools._live.entry import Entry, Scope, Wants, absence, as_raised
from zktools._live.moment import Difference, child
from zktools._live.persistent import PersistentMap
from zktools._live.subscribers import NOTHING
from zktools._live.transaction import Transaction
from zktools._live.writing import Writing
from zktools.values import Codec

#: The names in the folder, and the data of each.
_SCOPE = Scope(Wants(data=False, children=True), Wants(data=True, children=False))


class State(NamedTuple):
    """One moment."""

    folder: Entry | None
    entries: PersistentMap[str, Entry]
    """Those that have a value."""
    errors: PersistentMap[str, Exception]
    """Why the others have none."""


class Folder(Writing[State]):
    """The children of a node, which is made when it is missing."""

    def __init__(
        self,
        client: KazooClient,
        path: str,
        *,
        acl: Sequence[ACL] | None,
        codec: Codec[Any],
        cache: Path | None = None,
    ) -> None:
        path = check_path(path, "path")
        super().__init__(
            client,
            path,
            acl=acl,
            codec=codec,
            scope=_SCOPE,
            state=State(None, PersistentMap(), PersistentMap()),
            cache=cache,
        )
        self._transaction = Transaction(client, self._acl)

    def _settling_in(self) -> Steps[None]:
        if self._root() is None:
            yield from self._making(b"")

    # -- what is shown -------------------------------------------------------------------------

    @property
    def _state(self) -> State:
        return self._subscribers.state

    def _root(self) -> Entry | None:
        return self._state.folder

    def _path(self, key: object) -> str:
        return child(self.path, check_name(key, "key"))

    def _has(self, key: object) -> bool:
        """Whether there is such a node, readable or not, as far as is shown."""
        state = self._state
        return key in state.entries or key in state.errors

    def _raise_if_hidden(self, key: object) -> None:
        """Raise where there is, or may be, a value that cannot be read."""
        state = self._state
        error = state.errors.get(cast("str", key)) or absence(state.folder)
        if error is not None:
            raise as_raised(error)

    def _looking_again(self, *keys: str) -> Steps[None]:
        """See what is there by now, whoever did it."""
        paths = [self.path, *map(self._path, keys)]
        return self._catching_up(paths, f"reading {self.path}")

    # -- following -----------------------------------------------------------------------------

    def on_changes(self, changes: Difference) -> None:
        """See :class:`~zktools._live.object.LiveObject`."""
        if not changes:
            return
        folder, entries, errors = self._state
        if self.path in changes:
            folder = changes.pop(self.path)
        name = itemgetter(slice(len(child(self.path, "")), None))
        found = dict(zip(map(name, changes), changes.values(), strict=True))
        readable = found
        if errors or set(map(type, changes.values())) != {Entry}:
            failed = {name: each.error for name, each in found.items() if each and each.error}
            readable = {**found, **dict.fromkeys(failed)} if failed else found
            errors = errors.changed({**dict.fromkeys(found), **failed})
        self._subscribers.show(State(folder, entries.changed(readable), errors), found, self._name)


def to_tell(seen: State | None, now: State, touched: Iterable[str]) -> object:
    """What a subscriber is called with."""
    if seen is None:
        return Changes({key: entry.told() for key, entry in now.entries.items()}, {}, {})
    added: dict[str, Any] = {}
    changed: dict[str, tuple[Any, Any]] = {}
    removed: dict[str, Any] = {}
    keys = list(touched)
    states = zip(keys, seen.entries.some(keys), now.entries.some(keys), strict=True)
    for key, old, new in states:
        if old is None and new is not None:
            added[key] = new.value
        elif old is not None and new is None:
            removed[key] = old.value
        elif old is not None and new is not None and old.identity != new.identity:
            changed[key] = (old.value, new.value)
    return Changes(added, changed, removed) or NOTHING


def name_of(path: str) -> str:
    """The last component of a path."""
    return path.rpartition("/")[2]
