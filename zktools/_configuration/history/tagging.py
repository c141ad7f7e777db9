"""Names for versions, each with the whole tree: they outlast the records."""

from __future__ import annotations

import json
from functools import partial

from zktools._configuration.history import folder as places
from zktools._configuration.history.answers import check_version
from zktools._configuration.history.folder import check_tag, tag_name
from zktools._configuration.history.keeping import KEEP, check_keep
from zktools._configuration.history.kept import to_plain
from zktools._configuration.history.looking import Found, Looking
from zktools._configuration.history.past import Values
from zktools._configuration.history.record import check_note
from zktools._configuration.history.recording import Folder
from zktools._engine.arguments import check_total_size
from zktools._engine.steps import Steps
from zktools._live.moment import child
from zktools._live.transaction import Op, first_refusal, is_outdated
from zktools.exceptions import ConflictError, MissingNodeError


class Tagging(Looking):
    """The part of a configuration that names its versions."""

    def _tagging(self, tag: str, version: int | None, note: object) -> Steps[int]:
        """The version that has the name now."""
        check_tag(tag)
        checked = check_note(note)
        if version is not None:
            check_version(version)
        while True:
            found = yield from self._reading_all()
            if found is None:
                yield from self._beginning_history(self._keeping.keep or KEEP)
                continue
            self._check_new(tag, found)
            number, values = yield from self._to_tag(version, found)
            ops = self._tag_ops(tag, number, values, checked, found.folder)
            refusal = first_refusal(ops, (yield from self._committing(ops, ())))
            if refusal is None:
                return number
            if not is_outdated(refusal):
                raise refusal.translated() from refusal.error

    def _check_new(self, tag: str, found: Found) -> None:
        if tag in found.tags:
            raise ConflictError(f"{self._name} has a tag {tag!r} already: untag it first")
        if len(found.tags) >= places.MAX_TAGS:
            raise ValueError(
                f"{self._name} has {places.MAX_TAGS} tags, and no more are kept: untag some"
            )

    def _to_tag(self, version: int | None, found: Found) -> Steps[tuple[int, Values]]:
        if version is None:
            number = found.records[-1].version if found.records else 0
            values = self._now(found)
        else:
            number = version
            values = yield from self._values(version, found)
        entries, folder = found.state.entries, found.folder
        there = [key for key in values if key in entries and isinstance(values[key], bytes)]
        hidden = yield from self._hidden(there, entries, (), folder)
        return number, {
            key: folder.marks.hide(value, hidden[key]) if key in hidden else value
            for key, value in values.items()
        }

    def _tag_ops(
        self, tag: str, number: int, values: Values, note: str, folder: Folder
    ) -> list[Op]:
        what = {"version": number, "author": self._keeping.author, "note": note}
        tree = {key: to_plain(value) for key, value in values.items() if value is not None}
        path, acl = self._child(tag_name(tag)), self._acl_of_records(folder)
        ops = [
            Op("check", self._keeping.folder, version=folder.head.number),
            Op("create", path, json.dumps(what).encode(), acl=acl),
            Op("create", child(path, "tree"), json.dumps(tree).encode(), acl=acl),
        ]
        check_total_size(self._transaction.total(ops), f"the tree, to be tagged {tag!r},")
        return ops

    def _untagging(self, tag: str) -> Steps[None]:
        path = self._child(tag_name(check_tag(tag)))
        ops = [Op("delete", child(path, "tree")), Op("delete", path)]
        refusal = first_refusal(ops, (yield from self._committing(ops, ())))
        if refusal is not None and is_outdated(refusal):
            raise MissingNodeError(f"{self._name} has no tag {tag!r} in its history")
        if refusal is not None:
            raise refusal.translated() from refusal.error

    def _keeping_from_now(self, keep: int) -> Steps[None]:
        """Keep so many records from the next store on, also where there is no history yet."""
        check_keep(keep)
        while True:
            folder = yield from self._finding_history()
            if folder is None:
                yield from self._beginning_history(keep)
                return
            head = folder.head
            data = places.head_data(head._replace(keep=keep), with_record=False)
            send = partial(self._client.set_async, self._keeping.folder, data, head.number)
            try:
                yield from self._changing(send, (), f"keeping the history of {self.path}")
            except (ConflictError, MissingNodeError):
                continue
            return
