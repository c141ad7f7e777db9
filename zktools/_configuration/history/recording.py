"""Storing with a record: what is sent beside the values, in their transaction."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable
from contextlib import suppress
from functools import partial
from typing import Any, NamedTuple

from kazoo.security import ACL, OPEN_ACL_UNSAFE

from zktools._configuration.acl import check_inherited, is_told_by, spelled_out
from zktools._configuration.conflicts import Entries, version_of
from zktools._configuration.draft import draft
from zktools._configuration.history import folder as places
from zktools._configuration.history.folder import Head, Names
from zktools._configuration.history.keeping import KEEP, Keeping
from zktools._configuration.history.kept import Hidden, Marks, Why
from zktools._configuration.history.past import Since, since
from zktools._configuration.history.record import NEVER, Change, Record, fitted, hiding
from zktools._configuration.plan import Wish, emptied, has_value, path_of
from zktools._configuration.secrets import Secrets, united
from zktools._configuration.shown import Shown
from zktools._engine.arguments import MAX_VALUE
from zktools._engine.steps import Steps
from zktools._live.moment import child
from zktools._live.transaction import Op, first_refusal, is_outdated
from zktools.exceptions import AccessDeniedError, ConflictError, MissingNodeError

log = logging.getLogger("zktools.configuration")

#: Bytes of a request in all. A store without a record keeps further away from the server's limit,
#: so that there is room for one that says who and why, whatever else.
_REQUEST = MAX_VALUE + 4096 - 512


class Remark(NamedTuple):
    """What a record says beside the change."""

    note: str = ""
    action: str = "store"
    always: bool = False
    """Whether it is recorded where a history is kept, though this configuration keeps none."""


class Folder(NamedTuple):
    """What was found of a history."""

    head: Head
    names: Names
    acl: list[ACL]
    """Its own."""

    @property
    def marks(self) -> Marks:
        """Of this history."""
        return Marks(self.head.salt)


class Recording(Shown):
    """The part of a configuration that keeps a history."""

    _keeping: Keeping

    def _recording(
        self, ops: list[Op], entries: Entries, wish: Wish, remark: Remark
    ) -> Steps[list[Op] | None]:
        """What to send with `ops` for a record of them; None when `entries` are outdated."""
        if not (self._keeping.records or remark.always):
            return []
        folder = yield from self._finding_history()
        if folder is None and self._keeping.keep is None:
            if remark.note:
                raise MissingNodeError(
                    f"a note is kept in a history, and {self.path} has none; nothing was stored: "
                    f"`zooky config history {self.path} --keep 100` begins one"
                )
            return []
        if folder is None:
            folder = yield from self._beginning_history(self._keeping.keep or KEEP)
        if version_of(entries) < folder.head.zxid:
            # What the newest record is of is not shown yet, and would pass for somebody else's.
            yield from self._catching_up((), f"reading {self.path}")
            if self._state.entries is not entries:
                return None
        others = since(entries, folder.head)
        record = Record(
            folder.head.number + 1,
            NEVER,  # the server says
            self._keeping.author,
            remark.note,
            remark.action,
            _changes(self.path, entries, wish),
            {key: entries[key].data for key in others.keys},
            others.made,
            others.lost,
        )
        keys = {*record.changes, *record.unrecorded}
        hidden = yield from self._hidden(keys, entries, ops, folder)
        self._tell(others)
        return self._record_ops(ops, hiding(record, hidden, folder.marks), folder, entries)

    def _record_ops(
        self, ops: list[Op], record: Record, folder: Folder, entries: Entries
    ) -> list[Op]:
        head, names = folder.head, folder.names
        keep = self._keeping.keep or head.keep
        secret = united(head.secret, self._keeping.secrets.keys)
        told = head._replace(keep=keep, seen=version_of(entries), secret=secret)
        data = places.head_data(told, with_record=True)
        ours = [Op("set", self._keeping.folder, data, head.number)]
        name = self._child(places.record_name(head.number + 1, MAX_VALUE))
        one = self._transaction.size(Op("delete", name))
        acl = self._acl_of_records(folder)
        room = _REQUEST - self._transaction.total([*ops, *ours, Op("create", name, acl=acl)])
        data = fitted(record, room - one, folder.marks)
        name = self._child(places.record_name(head.number + 1, len(data)))
        ours.append(Op("create", name, data, acl=acl))
        # One at least. What else there is no room for goes with the next.
        many = max((room - len(data)) // one, 1)
        gone = places.to_drop(names.records, keep, len(data))[:many]
        return [*ours, *(Op("delete", self._child(each.text)) for each in gone)]

    def _tell(self, others: Since) -> None:
        if others:
            keys = ", ".join(map(repr, sorted(others.keys))) or "removals"
            log.warning("%s was changed without a record: %s", self._name, keys[:200])

    def _child(self, name: str) -> str:
        return child(self._keeping.folder, name)

    # -- the folder ----------------------------------------------------------------------------

    def _finding_history(self) -> Steps[Folder | None]:
        path = self._keeping.folder
        sends = [
            partial(self._client.get_async, path),
            partial(self._client.get_children_async, path),
            partial(self._client.get_acls_async, path),
        ]
        try:
            answers = yield from self._asking_all(sends, f"reading the history of {self.path}")
        except MissingNodeError:
            return None
        (data, stat), children, (acl, _) = answers
        return Folder(places.head_of(data, stat), places.names_of(children), acl)

    def _acl_of_records(self, folder: Folder) -> list[ACL]:
        """That of the folder, if it is shown as it is."""
        try:
            return check_inherited(folder.acl, self._keeping.folder)
        except AccessDeniedError:
            if self._given_acl is None:
                raise
            return self._given_acl

    @property
    def _given_acl(self) -> list[ACL] | None:
        return self._acl or self._client.default_acl or None

    def _secrets(self, folder: Folder) -> Secrets:
        """The keys that anybody has marked."""
        return Secrets({*folder.head.secret, *self._keeping.secrets.keys})

    def _beginning_history(self, keep: int) -> Steps[Folder]:
        """The new folder, or that of who was faster."""
        doing = f"beginning a history of {self.path}"
        acl = self._given_acl
        if acl is None:
            acl = yield from self._acl_of_nearest(self.path)
        yield from self._making_root(doing)
        head = Head(0, 0, 0, keep, os.urandom(16), united(self._keeping.secrets.keys))
        data = places.head_data(head, with_record=False)
        result = self._session.ask(self._client.create_async, self._keeping.folder, data, acl)
        with suppress(ConflictError):
            yield from self._session.answer(result, doing, changes=True)
        folder = yield from self._finding_history()
        if folder is None:
            raise MissingNodeError(f"{doing}: it was removed at once")
        return folder

    def _making_root(self, doing: str) -> Steps[None]:
        acl = self._given_acl
        with suppress(AccessDeniedError):
            acl = yield from self._acl_of("/")  # it is for everybody's histories
        result = self._session.ask(self._client.ensure_path_async, places.ROOT, acl)
        yield from self._session.answer(result, doing, changes=True)

    # -- what is not told ----------------------------------------------------------------------

    def _hidden(
        self, keys: Iterable[str], entries: Entries, ops: Iterable[Op], folder: Folder
    ) -> Steps[dict[str, Why]]:
        """Why values of some of `keys` are not for all who may read the history."""
        secrets, readers = self._secrets(folder), self._acl_of_records(folder)
        acls = {op.path: op.acl or self._given_acl for op in ops if op.kind == "create"}
        hidden: dict[str, Why] = {}
        asked = []
        for key in keys:
            path = path_of(self.path, key)
            if key in secrets:
                hidden[key] = "secret"
            elif key in entries:
                asked.append(key)
            elif not is_told_by(
                spelled_out(acls.get(path) or OPEN_ACL_UNSAFE, self._client.auth_data), readers
            ):
                hidden[key] = "protected"
        sends = [partial(self._client.get_acls_async, path_of(self.path, key)) for key in asked]
        unknown = (AccessDeniedError, MissingNodeError)
        doing = f"reading ACLs of {self.path}"
        answers = yield from self._asking_all(sends, doing, but=unknown)
        for key, answer in zip(asked, answers, strict=True):
            if isinstance(answer, unknown) or not is_told_by(answer[0], readers):
                hidden[key] = "protected"
        return hidden

    # -- what writing has ----------------------------------------------------------------------

    def _acl_of(self, path: str) -> Steps[list[ACL]]:
        raise NotImplementedError

    def _acl_of_nearest(self, path: str) -> Steps[list[ACL]]:
        raise NotImplementedError


def _changes(root: str, entries: Entries, wish: Wish) -> dict[str, Change]:
    """What storing `wish` changes, by key."""
    plan = draft(root, entries, wish)
    changes: dict[str, Change] = {key: (None, new) for key, new in plan.added.items()}
    for key, (old, new) in plan.changed.items():
        changes[key] = (Hidden("protected") if entries[key].is_forbidden else old, new)
    changes |= {key: (old, None) for key, old in plan.removed.items()}
    for key in emptied(entries, wish.wanted):
        if key in entries and has_value(key, entries[key]):
            changes[key] = (b"", None)
    return changes


def is_recorded(ops: list[Op], results: list[Any]) -> bool:
    """Whether it was not the record of a store that its transaction was refused for.

    Raises what forbids it. When somebody recorded something first, the history is read again.
    """
    refusal = first_refusal(ops, results)
    if refusal is None:
        return True
    if is_outdated(refusal):
        return False
    raise refusal.translated() from refusal.error


def version_made(results: list[Any]) -> int:
    """The version of the configuration that a recorded store made: the head was set with it."""
    return int(results[0].mzxid)
