"""Storing a configuration: one transaction for the state shown, tried again when outdated."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterable
from typing import Any

from zktools._configuration import plan as planning
from zktools._configuration.tree import parents
from zktools._configuration.view import State, View, is_value
from zktools._engine.arguments import check_total_size
from zktools._live.transaction import Op, Transaction, first_refusal, is_outdated
from zktools.exceptions import ConflictError, InvalidValueError
from zktools.values import Codec, decoded

#: Sends a transaction, and answers its results once the state shown has what it did to the paths.
Commit = Callable[[list[Op], Iterable[str]], list[Any]]


class Store:
    """One call of :meth:`Configuration.store <zktools.Configuration.store>`."""

    def __init__(
        self,
        root: str,
        wanted: dict[str, bytes],
        version: int | None,
        *,
        replace: bool,
        view: View,
        codec: Codec[Any],
    ) -> None:
        self._root = root
        self._wanted = wanted
        self._version = version
        self._replace = replace
        self._view = view
        self._values = {key: decoded(codec, data, key) for key, data in wanted.items()}

    def plan(self, state: State, transaction: Transaction) -> list[Op]:
        """What to do to `state`: only checks when it is as wanted. Raises what forbids it."""
        if self._version is not None:
            self._refuse_conflicts(state, self._version)
        self._refuse_invalid(state)
        ops = planning.plan(
            self._root,
            state.entries,
            self._wanted,
            replace=self._replace,
            # Without a version, what is created meanwhile counts as created afterwards.
            guarded=self._replace and self._version is not None,
        )
        check_total_size(transaction.total(ops), "the transaction")
        return ops

    def commit(
        self, ops: list[Op], entries: planning.Entries, commit: Commit, now: Callable[[], State]
    ) -> int | None:
        """The version that was made; None when somebody was faster, and `now` has that."""
        results = commit(ops, self._concerned(entries, ops))
        refusal = first_refusal(ops, results)
        if refusal is None:
            return self._version_made(ops, results, now().entries)
        if not is_outdated(refusal) or now().entries is entries:
            raise refusal.translated()
        return None

    def _refuse_conflicts(self, state: State, version: int) -> None:
        keys = planning.conflicts(state.entries, self._wanted, version, replace=self._replace)
        if keys:
            named = textwrap.shorten(", ".join(map(repr, sorted(keys))), 200, placeholder=" ...")
            error = ConflictError(
                f"Configuration {self._root} was changed after version {version}: {named}"
            )
            error.keys = tuple(sorted(keys))
            raise error

    def _refuse_invalid(self, state: State) -> None:
        # As it will be read: what the codec makes of a value on its way is part of it.
        stored = dict(self._values)
        errors: dict[str, Exception] = {}
        for key in () if self._replace else state.entries.keys() - stored.keys():
            entry = state.entries[key]
            if entry.error is not None:
                errors[key] = entry.error
            elif is_value(key, entry):
                stored[key] = entry.value
        for key in planning.emptied(state.entries, self._wanted):
            stored.pop(key, None)
        errors |= {key: each for key, each in stored.items() if isinstance(each, InvalidValueError)}
        self._view.check_stored(stored, errors)

    def _concerned(self, entries: planning.Entries, ops: list[Op]) -> set[str]:
        """The nodes that `ops` change, and those whose listing changes with them."""
        keys = set()
        for op in ops:
            key = planning.key_of(self._root, op.path)
            above = next(parents(key), "")
            is_guard = key.removeprefix(f"{above}/").startswith(planning.GUARD)
            if op.kind != "check" and not is_guard:
                keys.add(key)
            if op.kind in ("create", "delete") and above in entries:
                keys.add(above)
        return {planning.path_of(self._root, key) for key in keys}

    def _version_made(self, ops: list[Op], results: list[Any], entries: planning.Entries) -> int:
        for op, result in zip(ops, results, strict=True):
            if op.kind == "set":
                return int(result.mzxid)
        for op in ops:
            entry = entries.get(planning.key_of(self._root, op.path))
            if op.kind == "create" and entry is not None:
                return entry.czxid
        return planning.version_of(entries)
