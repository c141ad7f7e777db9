"""A folder whose children are kept current and written to: what is below NodeDict's interface."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from functools import partial
from typing import Any, NamedTuple

from kazoo.client import KazooClient
from kazoo.exceptions import NotEmptyError
from kazoo.security import ACL

from zktools._engine.arguments import check_name, check_path
from zktools._live.changes import Changes
from zktools._live.entry import Entry, Wants
from zktools._live.moment import Change, child
from zktools._live.object import LiveObject
from zktools._live.subscribers import NOTHING
from zktools._live.transaction import Op, Refusal, Transaction, first_refusal, is_outdated
from zktools.exceptions import ConflictError
from zktools.values import Codec

log = logging.getLogger("zktools.node")


class _Scope:
    """The names in the folder, and the data of each."""

    def __init__(self, path: str) -> None:
        self._path = path

    def __call__(self, path: str) -> Wants:
        folder = path == self._path
        return Wants(data=not folder, children=folder)


class State(NamedTuple):
    """One moment."""

    folder: Entry | None
    entries: dict[str, Entry]
    """Those that have a value."""
    errors: dict[str, Exception]
    """Why the others have none."""


class Folder(LiveObject[State]):
    """The children of a node, which is made when it is missing."""

    def __init__(
        self, client: KazooClient, path: str, *, acl: Sequence[ACL] | None, codec: Codec[Any]
    ) -> None:
        path = check_path(path, "path")
        super().__init__(
            client,
            path,
            acl=acl,
            codec=codec,
            wants=_Scope(path),
            state=State(folder=None, entries={}, errors={}),
        )
        self._transaction = Transaction(client, self._acl)
        try:
            self._start()
            if self._root() is None:
                self._make_folder()
        except BaseException:
            self.close()
            raise

    @property
    def _state(self) -> State:
        return self._subscribers.state

    def _root(self) -> Entry | None:
        return self._state.folder

    def _path(self, key: object) -> str:
        return child(self.path, check_name(key, "key"))

    def _names(self) -> list[str]:
        state = self._state
        return [*state.entries, *state.errors]

    def _has(self, key: object) -> bool:
        state = self._state
        return key in state.entries or key in state.errors

    # -- one change ----------------------------------------------------------------------------

    def _set(self, path: str, data: bytes) -> None:
        send = partial(self._client.set_async, path, data)
        self._change(send, [path], f"writing {path}")

    def _create(self, path: str, data: bytes) -> None:
        # The folder is there, but for when somebody has deleted it: then it is made again.
        send = partial(self._client.create_async, path, data, acl=self._acl, makepath=True)
        self._change(send, [self.path, path], f"creating {path}", in_steps=True)

    def _delete(self, key: str, version: int) -> None:
        path = self._path(key)
        send = partial(self._client.delete_async, path, version)
        self._change(send, [self.path, path], f"deleting {path}")

    def _make_folder(self) -> None:
        send = partial(self._client.create_async, self.path, b"", acl=self._acl, makepath=True)
        with suppress(ConflictError):  # by somebody else: as good
            self._change(send, [self.path], f"creating {self.path}", in_steps=True)

    # -- several changes -----------------------------------------------------------------------

    def _write_all(self, data: dict[str, bytes]) -> None:
        self._commit(data, lambda path: "set" if self._has(_name(path)) else "create")

    def _delete_all(self) -> None:
        paths = [child(self.path, key) for key in self._names()]
        self._commit(
            dict.fromkeys(paths, b""), lambda path: "delete" if self._has(_name(path)) else None
        )

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
        return first_refusal(ops, self._change(partial(self._transaction.send, ops), paths, doing))

    # -- following -----------------------------------------------------------------------------

    def on_changes(self, changes: dict[str, Change]) -> None:
        """See :class:`~zktools._live.object.LiveObject`."""
        if not changes:
            return
        folder, entries, errors = self._state
        if self.path in changes:
            _, folder = changes.pop(self.path)
        if changes:
            entries, errors = dict(entries), dict(errors)
        for path, (_, entry) in changes.items():
            _replace(entries, errors, _name(path), entry)
        state = State(folder, entries, errors)
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


def to_tell(seen: State | None, now: State, touched: Iterable[str]) -> object:
    """What a subscriber is called with."""
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
