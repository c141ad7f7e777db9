"""Looking back: what the records of a configuration tell."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any, NamedTuple

from zktools._configuration.history.answers import History, Past, Version, check_version
from zktools._configuration.history.comparing import difference, stored, told
from zktools._configuration.history.folder import tag_name
from zktools._configuration.history.kept import Hidden, from_plain
from zktools._configuration.history.past import (
    Since,
    Values,
    lost_since,
    since,
    values_at,
)
from zktools._configuration.history.record import Record, from_bytes
from zktools._configuration.history.recording import Folder
from zktools._configuration.tree import nest
from zktools._configuration.view import State
from zktools._configuration.writing import Writing
from zktools._engine.steps import Steps
from zktools._live.changes import Changes
from zktools.exceptions import MissingNodeError


class Found(NamedTuple):
    """All there is of a history, and what is stored: of one moment."""

    folder: Folder
    records: tuple[Record, ...]
    """Oldest first."""
    tags: Mapping[str, int]
    state: State
    others: Since


class Looking(Writing):
    """The part of a configuration that answers from its history."""

    def _reading_all(self) -> Steps[Found | None]:
        doing = f"reading the history of {self.path}"
        self._check_open()
        while True:
            folder = yield from self._finding_history()
            if folder is None:
                return None
            tags = yield from self._reading_tags(folder, doing)
            records = yield from self._reading_records(folder, tags, doing)
            yield from self._catching_up((), doing)
            state = self._state
            now = yield from self._finding_history()
            if now is not None and now.head.number == folder.head.number:
                return Found(folder, records, tags, state, since(state.entries, folder.head))

    def _reading_tags(self, folder: Folder, doing: str) -> Steps[dict[str, int]]:
        found = yield from self._getting([tag_name(tag) for tag in folder.names.tags], doing)
        return {
            tag: int(json.loads(answer[0])["version"])
            for tag, answer in zip(folder.names.tags, found, strict=True)
            if answer is not None
        }

    def _reading_records(
        self, folder: Folder, tags: Mapping[str, int], doing: str
    ) -> Steps[tuple[Record, ...]]:
        names = folder.names.records
        found = yield from self._getting([name.text for name in names], doing)
        records = []
        for name, answer in zip(names, found, strict=True):
            if answer is not None:
                data, stat = answer
                named = tuple(tag for tag in tags if tags[tag] == name.number)
                records.append(from_bytes(name.number, stat.ctime, data, named))
        return tuple(records)

    def _getting(self, names: Iterable[str], doing: str) -> Steps[list[Any]]:
        """What is in these nodes of the folder, with their stats; None for those that are gone."""
        sends = [partial(self._client.get_async, self._child(name)) for name in names]
        answers = yield from self._asking_all(sends, doing, but=(MissingNodeError,))
        return [None if isinstance(each, MissingNodeError) else each for each in answers]

    def _reading_history(self) -> Steps[History]:
        found = yield from self._reading_all()
        if found is None:
            return History((), frozenset(), frozenset(), {})
        newest_first = tuple(reversed(found.records))
        secret = self._secrets(found.folder).keys
        return History(newest_first, found.others.keys, found.others.lost, found.tags, secret)

    def _needing_all(self) -> Steps[Found]:
        found = yield from self._reading_all()
        if found is None:
            raise MissingNodeError(f"{self._name} has no history: make it with history=")
        return found

    # -- what was ------------------------------------------------------------------------------

    def _looking_at(self, version: Version) -> Steps[Past]:
        check_version(version)
        found = yield from self._needing_all()
        everything = told((yield from self._values(version, found)), self._codec)
        unknown = {key: each for key, each in everything.items() if isinstance(each, Hidden)}
        known = {key: each for key, each in everything.items() if key not in unknown}
        lost: frozenset[str] = frozenset()
        if not isinstance(version, str):
            lost = lost_since(version, found.records, found.others)
        return Past(nest(known), version, unknown, lost)

    def _comparing(self, one: Version, other: Version | None) -> Steps[Changes[Any]]:
        check_version(one)
        if other is not None:
            check_version(other)
        found = yield from self._needing_all()
        before = yield from self._values(one, found)
        after = self._now(found)
        if other is not None:
            after = yield from self._values(other, found)
        return difference(before, after, found.folder.marks, self._codec)

    def _values(self, version: Version, found: Found) -> Steps[Values]:
        """What was stored then, without secrets."""
        if isinstance(version, str):
            return self._without_secrets((yield from self._tagged(version)), found)
        if all(record.version != version for record in found.records):
            there = [record.version for record in found.records]
            which = f"the oldest is {there[0]}, the newest {there[-1]}" if there else "it is empty"
            raise MissingNodeError(f"{self._name} has no version {version} in its history: {which}")
        now = stored(found.state.entries)
        values = values_at(version, found.records, now, found.others)
        return self._without_secrets(values, found)

    def _now(self, found: Found) -> Values:
        return self._without_secrets(stored(found.state.entries), found)

    def _without_secrets(self, values: Values, found: Found) -> Values:
        secrets, marks = self._secrets(found.folder), found.folder.marks
        return {
            key: marks.hide(value, "secret") if key in secrets else value
            for key, value in values.items()
        }

    def _tagged(self, tag: str) -> Steps[Values]:
        (answer,) = yield from self._getting([f"{tag_name(tag)}/tree"], f"reading the tag {tag!r}")
        if answer is None:
            raise MissingNodeError(f"{self._name} has no tag {tag!r} in its history")
        return {key: from_plain(each) for key, each in json.loads(answer[0]).items()}
