"""A configuration as it is written: from a wish to the transaction that the server accepts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any

from kazoo.security import ACL

from zktools._configuration.acl import check_inherited, nearest
from zktools._configuration.conflicts import version_of
from zktools._configuration.draft import Plan, draft
from zktools._configuration.history.record import check_note
from zktools._configuration.history.recording import Recording, Remark, is_recorded, version_made
from zktools._configuration.plan import Wish, is_change, key_of, path_of
from zktools._configuration.store import Store
from zktools._configuration.tree import check_key, flatten
from zktools._configuration.view import State
from zktools._engine.arguments import check_total_size, check_value_size
from zktools._engine.steps import Steps
from zktools._live.transaction import Op
from zktools.exceptions import MissingNodeError

_SMALLER = "store sections or keys of it one after another; nothing was sent"


class Writing(Recording):
    """The writing side of :class:`zktools.Configuration`."""

    def _storing_tree(
        self,
        tree: Mapping[str, Any],
        replace: bool | Iterable[str],
        remove: Iterable[str],
        version: object,
        note: object,
    ) -> Steps[int]:
        """Arguments as :meth:`zktools.Configuration.store` takes them."""
        checked, remark = _check_version(version), self._remark(note)
        return self._storing(self._wish(tree, replace, remove), checked, remark)

    def _applying(self, plan: Plan, note: object) -> Steps[int]:
        if not isinstance(plan, Plan):
            raise TypeError(f"plan must be a Plan, not {type(plan).__name__}")
        if plan.path != self.path:
            raise ValueError(f"plan is for the configuration {plan.path}, not for {self.path}")
        return self._storing(plan.wish, plan.version, self._remark(note, plan.action))

    def _remark(self, note: object, action: str = "store") -> Remark:
        checked = check_note(note)
        always = action != "store"
        if not always:
            self._keeping.check_told(checked)
        return Remark(checked, action, always)

    def _wish(
        self, tree: Mapping[str, Any], replace: bool | Iterable[str], remove: Iterable[str]
    ) -> Wish:
        whole = frozenset({""} if replace else ())
        replaced = whole if isinstance(replace, bool) else _keys(replace, "replace")
        return Wish(self._encoded(flatten(tree)), _keys(remove, "remove"), replaced)

    def _storing_key(self, key: str, value: Any) -> Steps[int]:
        if isinstance(value, Mapping) and self._is_section(check_key(key)):
            raise ValueError(
                f"{self._name}: {key!r} is a section: store({{{key!r}: {{...}}}}) merges into it"
            )
        return self._storing(Wish(self._encoded({check_key(key): value})), None, Remark())

    def _encoded(self, flat: Mapping[str, Any]) -> dict[str, bytes]:
        return {
            key: check_value_size(self._codec.encode(value), f"the value of {key!r}")
            for key, value in flat.items()
        }

    def _storing(self, wish: Wish, version: int | None, remark: Remark) -> Steps[int]:
        """The version that was made."""
        store = Store(self.path, wish, version, view=self._view, codec=self._codec)
        doing = f"storing to {self.path}"
        self._check_open()
        # A transaction tells whether what is known of is still so, and nothing of other nodes.
        caught_up = bool(wish.replaced or wish.removed) or self.stale
        if caught_up:
            yield from self._catching_up((), doing)
        while True:
            self._check_open()
            state = self._state
            ops = store.plan(state)
            if is_change(ops):
                made = yield from self._attempting(store, ops, state, remark)
                if made is not None:
                    return made
                caught_up = False
            elif caught_up:
                return version_of(state.entries)
            else:
                yield from self._catching_up((), doing)
                caught_up = True

    def _planning(self, wish: Wish) -> Steps[Plan]:
        yield from self._catching_up((), f"reading {self.path}")
        state = self._state
        self._check_wish(wish, state)
        return draft(self.path, state.entries, wish)

    def _check_wish(self, wish: Wish, state: State) -> None:
        """Raise what forbids to store it."""
        Store(self.path, wish, None, view=self._view, codec=self._codec).plan(state)

    def _attempting(
        self, store: Store, ops: list[Op], state: State, remark: Remark
    ) -> Steps[int | None]:
        """The version that was made; None when something was outdated, and is shown by now."""
        try:
            ops, above = yield from self._with_acls(ops, state)
        except MissingNodeError:
            yield from self._catching_up((), f"storing to {self.path}")  # a section is gone
            return None
        check_total_size(self._transaction.total(ops), f"a store to {self.path}", _SMALLER)
        if "" not in state.entries:
            yield from self._making_way(above)
        record = yield from self._recording(ops, state.entries, store.wish, remark)
        if record is None:
            return None
        paths = store.concerned(state.entries, ops)
        results = yield from self._committing([*ops, *record], paths)
        if not is_recorded(record, results[len(ops) :]):
            return None
        made = store.outcome(ops, results[: len(ops)], state.entries, self._state.entries)
        return version_made(results[len(ops) :]) if record and made is not None else made

    def _committing(self, ops: list[Op], paths: Iterable[str]) -> Steps[Any]:
        send = partial(self._transaction.send, ops)
        return (yield from self._changing(send, paths, f"storing to {self.path}"))

    # -- what is created -----------------------------------------------------------------------

    def _with_acls(self, ops: list[Op], state: State) -> Steps[tuple[list[Op], list[ACL] | None]]:
        """New nodes are for those who may use the section that they come into.

        And the ACL of what has to be created above, where the configuration is not there yet.
        """
        acls: dict[str, list[ACL] | None] = {}
        inherit = self._acl is None and self._client.default_acl is None
        if "" not in state.entries:
            acls[""] = (yield from self._acl_of_nearest(self._above)) if inherit else self._acl
        made = []
        for op in ops:
            if op.kind == "create" and inherit:
                key = nearest(key_of(self.path, op.path), state.entries)
                if key not in acls:
                    acls[key] = yield from self._acl_of(path_of(self.path, key))
                made.append(op._replace(acl=acls[key]))
            else:
                made.append(op)
        return made, acls.get("")

    def _acl_of(self, path: str) -> Steps[list[ACL]]:
        doing = f"reading the ACL of {path}, which what is created there takes unless acl= is given"
        acl, _ = yield from self._asking(partial(self._client.get_acls_async, path), doing)
        return check_inherited(acl, path)

    @property
    def _above(self) -> str:
        return self.path.rpartition("/")[0] or "/"

    def _making_way(self, acl: list[ACL] | None) -> Steps[None]:
        """Create the nodes above."""
        if self._above != "/" or self._client.chroot:
            doing = f"creating {self._above}"
            result = self._session.ask(self._client.ensure_path_async, self._above, acl)
            try:
                yield from self._session.answer(result, doing, changes=True)
            except MissingNodeError:
                yield from self._checking_chroot(doing)
                raise

    def _acl_of_nearest(self, path: str) -> Steps[list[ACL]]:
        while True:
            try:
                return (yield from self._acl_of(path))
            except MissingNodeError:
                if path == "/":
                    yield from self._checking_chroot(f"creating {self.path}")
                    raise
                path = path.rpartition("/")[0] or "/"


def _keys(keys: Iterable[str], argument: str) -> frozenset[str]:
    if isinstance(keys, str):
        raise TypeError(f"{argument} must be several keys, such as a list, not a str")
    return frozenset(check_key(key, f"each key in {argument}") for key in keys)


def _check_version(version: object) -> int | None:
    if version is not None and (isinstance(version, bool) or not isinstance(version, int)):
        raise TypeError(f"version must be an int or None, not {type(version).__name__}")
    return version
