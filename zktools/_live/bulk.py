"""Many keys of a folder at once, and removals: each key is what it was when it was decided on."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from functools import partial

from kazoo.exceptions import NoAuthError, NodeExistsError, NotEmptyError

from zktools._engine.clock import now
from zktools._engine.steps import Steps
from zktools._live.entry import Entry, absence, as_raised
from zktools._live.folder import Folder, name_of
from zktools._live.guard import guard, is_guard
from zktools._live.moment import child
from zktools._live.transaction import Op, Refusal, first_refusal, is_outdated
from zktools.exceptions import AccessDeniedError, ConflictError

log = logging.getLogger("zktools.node")


class Bulk(Folder):
    """A folder of which several keys are written together, or removed as they were seen."""

    # -- writing -------------------------------------------------------------------------------

    def _writing_all(self, data: Mapping[str, bytes]) -> Steps[None]:
        """Set or create all these paths, in as few transactions as the server takes them."""
        # Counted as creations, the larger of what each may turn out to be.
        for part in self._parts([Op("create", path, value) for path, value in data.items()]):
            yield from self._writing(part)

    def _writing(self, part: list[Op]) -> Steps[None]:
        there = {op.path: self._has(name_of(op.path)) for op in part}
        while True:
            if self._root() is None:
                yield from self._making(b"")
            ops = [op._replace(kind="set" if there[op.path] else "create") for op in part]
            refusal = yield from self._trying(ops)
            if refusal is None:
                return
            if not is_outdated(refusal):
                raise refusal.translated()
            there = yield from self._looking_for(part, refusal)

    def _looking_for(self, part: list[Op], refusal: Refusal) -> Steps[dict[str, bool]]:
        """Which of these nodes are there, after `refusal`."""
        paths = [op.path for op in part]
        if absence(self._root()) is not None:  # whether a node exists is told to everybody
            sends = [partial(self._client.exists_async, path) for path in paths]
            stats = yield from self._asking_all(sends, f"looking for {len(paths)} keys")
            return {path: stat is not None for path, stat in zip(paths, stats, strict=True)}
        exists = isinstance(refusal.error, NodeExistsError)
        return {path: self._has(name_of(path)) for path in paths} | {refusal.op.path: exists}

    def _parts(self, ops: list[Op]) -> list[list[Op]]:
        parts = list(self._transaction.parts(ops))
        if len(parts) > 1:
            log.warning("%s: %d changes take %d transactions", self._name, len(ops), len(parts))
        return parts

    def _trying(self, ops: list[Op]) -> Steps[Refusal | None]:
        paths = [op.path for op in ops if not is_guard(op)]
        if any(op.kind != "set" for op in ops):
            paths.append(self.path)
        doing = f"writing {len(paths)} keys of {self.path}"
        send = partial(self._transaction.send, ops)
        return first_refusal(ops, (yield from self._changing(send, paths, doing)))

    # -- removing ------------------------------------------------------------------------------

    def _deleting(self, key: str) -> Steps[None]:
        """Delete a key by its name, whatever it holds by now."""
        path = self._path(key)
        send = partial(self._client.delete_async, path)
        yield from self._changing(send, [self.path, path], f"deleting {path}")

    def _removing(self, entries: Mapping[str, Entry]) -> Steps[bool]:
        """Delete these keys if each is what was seen of it; whether that was done.

        When it was not, what is shown is newer.
        """
        folder = self._root()
        if folder is None:
            return False
        if folder.error is not None:
            raise as_raised(folder.error)
        ops = guard(self.path, folder) + self._deletions(entries)
        refusal = yield from self._trying(ops)
        if refusal is None:
            return True
        if isinstance(refusal.error, NoAuthError) and is_guard(refusal.op):
            raise AccessDeniedError(
                f"removing keys of {self.path}: it takes the permissions to create and to delete "
                "there, to make sure that they are those that were seen"
            )
        if not is_outdated(refusal) or isinstance(refusal.error, NotEmptyError):
            raise refusal.translated() from refusal.error
        return False

    def _deletions(self, entries: Mapping[str, Entry]) -> list[Op]:
        return [
            Op("delete", child(self.path, key), version=entry.version)
            for key, entry in entries.items()
        ]

    def _popping(self, key: str) -> Steps[Entry | None]:
        """Delete a key and give what it was; None when there is none."""
        end = self._end()
        if not self._has(key):
            yield from self._looking_again(key)
        while (entry := self._state.entries.get(key)) is not None:
            if (yield from self._removing({key: entry})):
                return entry
            self._check_rest(end)
        self._raise_if_hidden(key)
        return None

    def _popping_any(self) -> Steps[tuple[str, Entry] | None]:
        """Delete some key; None when there is none with a value."""
        end = self._end()
        looked = False
        while self._state.entries or not looked:
            if not self._state.entries:
                yield from self._looking_again()
                looked = True
                continue
            key, entry = next(iter(self._state.entries.items()))
            if (yield from self._removing({key: entry})):
                return key, entry
            self._check_rest(end)
        return None

    def _clearing(self) -> Steps[None]:
        """Delete what is there now and can be read."""
        yield from self._looking_again()
        seen = self._state.entries
        end = self._end()
        for part in self._parts(self._deletions(seen)):
            names = [name_of(op.path) for op in part]
            while entries := self._unchanged(names, seen):
                if not (yield from self._removing(entries)):
                    self._check_rest(end)

    def _unchanged(self, names: list[str], seen: Mapping[str, Entry]) -> dict[str, Entry]:
        """Of these keys, those whose nodes are still the same, written again or not."""
        entries = self._state.entries
        found = {name: entries[name] for name in names if name in entries}
        return {name: each for name, each in found.items() if each.czxid == seen[name].czxid}

    def _end(self) -> float:
        return now() + self._session.wire.session_timeout

    def _check_rest(self, end: float) -> None:
        if now() >= end:
            raise ConflictError(
                f"removing keys of {self.path}: others create and remove keys there all the time; "
                "nothing was removed by this try"
            )
