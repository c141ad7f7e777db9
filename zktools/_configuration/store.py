"""Storing a configuration: one transaction for the state shown, tried again when outdated."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable
from typing import Any

from kazoo.exceptions import NoAuthError

from zktools._configuration import plan as planning
from zktools._configuration.conflicts import Entries, conflicts, version_of
from zktools._configuration.plan import Wish
from zktools._configuration.tree import parents
from zktools._configuration.view import State, View, is_value
from zktools._live.transaction import Op, Refusal, first_refusal, is_outdated
from zktools.exceptions import AccessDeniedError, ConflictError, InvalidValueError
from zktools.values import Codec, decoded


class Store:
    """One call of :meth:`Configuration.store <zktools.Configuration.store>`."""

    def __init__(
        self, root: str, wish: Wish, version: int | None, *, view: View, codec: Codec[Any]
    ) -> None:
        self._root = root
        self.wish = wish
        self._version = version
        self._view = view
        self._values = {key: decoded(codec, data, key) for key, data in wish.wanted.items()}
        # Without a version, what is created meanwhile counts as created afterwards.
        self._guarded = version is not None
        self._witnessed = True

    def plan(self, state: State) -> list[Op]:
        """What to do to `state`: only checks when it is as wanted. Raises what forbids it."""
        self._refuse_unseen(state)
        if self._version is not None:
            self._refuse_conflicts(state, self._version)
        self._refuse_invalid(state)
        return planning.plan(
            self._root,
            state.entries,
            self.wish,
            guarded=self._guarded,
            witnessed=self._witnessed,
        )

    def outcome(
        self, ops: list[Op], results: list[Any], before: Entries, now: Entries
    ) -> int | None:
        """The version that was made; None when somebody was faster, and `now` has that.

        `results` are those of a transaction for the state `before`.
        """
        refusal = first_refusal(ops, results)
        if refusal is None:
            fooled = self._was_fooled(ops, before, now)
            return None if fooled else self._version_made(ops, results, before, now)
        if self._can_promise_less(refusal):
            return None
        if not is_outdated(refusal) or now is before:
            raise refusal.translated()
        return None

    def _can_promise_less(self, refusal: Refusal) -> bool:
        # Somebody may be allowed to write values without being allowed to create or remove any.
        if not isinstance(refusal.error, NoAuthError):
            return False
        if planning.is_guard(refusal.op) and not self.wish.replaced:
            self._guarded = False
            return True
        key = planning.key_of(self._root, refusal.op.path)
        if self._witnessed and refusal.op.kind == "set" and key not in self.wish.wanted:
            self._witnessed = False
            return True
        return False

    def _refuse_unseen(self, state: State) -> None:
        unseen = planning.unseen_below(state.entries, self.wish.removed)
        if self._version is not None:
            # A version of what was never seen cannot be checked.
            unseen |= {
                key: state.entries[key]
                for key in self.wish.wanted
                if key in state.entries and state.entries[key].is_forbidden
            }
        if not unseen:
            return
        kind = (
            AccessDeniedError
            if any(entry.is_forbidden for entry in unseen.values())
            else InvalidValueError
        )
        raise kind(
            f"Configuration {self._root}: it cannot be read what would be removed or overruled: "
            f"{_named(unseen)}; nothing was changed"
        )

    def _refuse_conflicts(self, state: State, version: int) -> None:
        concerned = {*self.wish.wanted, *planning.doomed(state.entries, self.wish)}
        concerned |= self.wish.removed
        keys = conflicts(state.entries, concerned, version, self.wish.replaced)
        if keys:
            error = ConflictError(
                f"Configuration {self._root} was changed after version {version}: {_named(keys)}"
            )
            error.keys = tuple(sorted(keys))
            raise error

    def _refuse_invalid(self, state: State) -> None:
        # As it will be read: what the codec makes of a value on its way is part of it.
        stored = dict(self._values)
        errors: dict[str, Exception] = {}
        going = planning.doomed(state.entries, self.wish)
        for key in state.entries.keys() - stored.keys() - going:
            entry = state.entries[key]
            if entry.error is not None:
                errors[key] = entry.error
            elif is_value(key, entry):
                stored[key] = entry.value
        for key in planning.emptied(state.entries, self.wish.wanted):
            stored.pop(key, None)
        errors |= {key: each for key, each in stored.items() if isinstance(each, InvalidValueError)}
        self._view.check_stored(stored, errors)

    def concerned(self, entries: Entries, ops: list[Op]) -> set[str]:
        """The nodes that `ops` are about, and those whose listing changes with them."""
        keys = set()
        for op in ops:
            key = planning.key_of(self._root, op.path)
            above = next(parents(key), "")
            if not planning.is_guard(op):
                keys.add(key)
            if op.kind in ("create", "delete") and above in entries:
                keys.add(above)
        return {planning.path_of(self._root, key) for key in keys}

    def _was_fooled(self, ops: list[Op], before: Entries, now: Entries) -> bool:
        """Whether what was checked may have been another node, made anew with the same version.

        Without guards. Then it is stored once more, as if it came a moment later.
        """
        for op in ops:
            key = planning.key_of(self._root, op.path)
            if op.kind == "check" and not self._guarded and key in now:
                is_other = now[key].czxid != before[key].czxid
                if is_other and now[key].data != self.wish.wanted.get(key):
                    return True
        return False

    def _version_made(
        self, ops: list[Op], results: list[Any], before: Entries, now: Entries
    ) -> int:
        for op, result in zip(ops, results, strict=True):
            if op.kind == "set":
                return int(result.mzxid)
        created = [op for op in ops if op.kind == "create"]
        entries = [now.get(planning.key_of(self._root, op.path)) for op in created]
        made = [
            entry.czxid
            for op, entry in zip(created, entries, strict=True)
            if entry is not None and (entry.mzxid > entry.czxid or entry.data == op.data)
        ]
        # Where it cannot be told: a version that is too old is refused, one that is too new is not.
        return min(made) if made else version_of(before)


def _named(keys: Iterable[str]) -> str:
    return textwrap.shorten(", ".join(map(repr, sorted(keys))), 200, placeholder=" ...")
