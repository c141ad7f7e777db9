"""A configuration as it is read: what is shown of the nodes below one, and who is told."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from os import PathLike
from typing import Any, TypeVar

from kazoo.client import KazooClient
from kazoo.security import ACL

from zktools._configuration import plan as planning
from zktools._configuration.conflicts import version_of
from zktools._configuration.own import owned
from zktools._configuration.tree import Tree, check_key, nest
from zktools._configuration.view import State, View, is_value, to_tell
from zktools._engine.steps import Steps
from zktools._live.cache_file import check_cache
from zktools._live.copies import own
from zktools._live.entry import Entry, Scope, Wants, as_raised
from zktools._live.moment import Difference
from zktools._live.object import LiveObject
from zktools._live.subscribers import Render
from zktools._live.transaction import Transaction
from zktools.exceptions import InvalidValueError
from zktools.values import Codec, Rules, check_codec

F = TypeVar("F", bound=Callable[..., object])


_ALL = Wants(data=True, children=True)
_EVERYTHING = Scope(_ALL, _ALL)


class Shown(LiveObject[State], Mapping[str, Any]):
    """The reading side of :class:`zktools.Configuration`."""

    def __init__(
        self,
        client: KazooClient,
        path: str,
        view: View,
        codec: Codec[Any] | None,
        acl: Sequence[ACL] | None,
        cache: str | PathLike[str] | None,
    ) -> None:
        self._view = view
        super().__init__(
            client,
            path,
            acl=acl,
            codec=Rules(use_json=True) if codec is None else check_codec(codec),
            scope=_EVERYTHING,
            state=view.empty,
            cache=check_cache(cache),
        )
        self._transaction = Transaction(client, self._acl)

    @property
    def is_good(self) -> bool:
        """Whether what is stored fits the schema: what does not is not shown either."""
        return self._state.invalid is None

    def _shown(self) -> str:
        return f"{len(self)} keys"

    @property
    def _state(self) -> State:
        return self._subscribers.state

    def _root(self) -> Entry | None:
        return self._state.entries.get("")

    def __getitem__(self, key: str) -> Any:
        state = self._state
        try:
            return own(state.values[key])
        except KeyError:
            why = state.why(str(key))
            if why is not None:
                raise as_raised(why) from None
            if state.invalid is not None and state.model is None:
                raise as_raised(state.invalid) from None
            raise

    def _is_section(self, key: str) -> bool:
        entry = self._state.entries.get(key)
        return entry is not None and bool(entry.children)

    def __contains__(self, key: object) -> bool:
        return key in self._state.values

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(self._state.values))

    def __len__(self) -> int:
        return len(self._state.values)

    def copy(self) -> dict[str, Any]:
        """A plain dictionary of keys and values, defaults and overrides included, of one moment."""
        return owned(self._state.values)

    def as_dict(self) -> dict[str, Any]:
        """The same as a nested dictionary.

        A value that is a dictionary itself stands under the empty key, as in :meth:`load`.
        """
        return nest(self.copy())

    @property
    def errors(self) -> Mapping[str, Exception]:
        """The keys that have no value, and why: an ACL, or the codec cannot decode it.

        Below a key that an ACL hides there may be others, which nobody here knows of. With a
        schema, also those for which the last valid values are shown.
        """
        state = self._state
        problems = state.problems.items()
        invalid = {
            key: InvalidValueError(f"{self._name}: {key!r}: {why.text}") for key, why in problems
        }
        return {**invalid, **state.errors}

    def load(self) -> Tree:
        """What is stored, without defaults and overrides, as a nested dictionary of one moment.

        The dictionary is a copy to change and to hand to :meth:`store`; its `version` tells what
        it is a copy of. A value that is a dictionary itself stands under the empty key, so that it
        is no section: ``{"limits": {"": {"low": 1}}}``. Keys in :attr:`errors` are left out. Costs
        no request.
        """
        entries = self._state.entries
        stored = {key: entry.value for key, entry in entries.items() if is_value(key, entry)}
        return Tree(nest(owned(stored)), version_of(entries))

    @property
    def version(self) -> int:
        """The zxid of the last change of the tree, 0 when nothing was ever stored."""
        return version_of(self._state.entries)

    # -- following -----------------------------------------------------------------------------

    def _render(self, prefix: str) -> Render[State]:
        """What a subscriber to the keys at and below `prefix` is told."""
        return partial(to_tell, check_key(prefix.removesuffix("/"), "prefix"))

    def _waiting_for(
        self, key: str, condition: Callable[[Any], bool] | None, timeout: float | None
    ) -> Steps[Any]:
        found: list[Any] = []

        def ready() -> bool:
            values = self._state.values
            if key in values and (condition is None or condition(own(values[key]))):
                found.append(own(values[key]))
            return bool(found)

        check_key(key)
        if not (yield from self._waiting_until(ready, timeout)):
            self._check_open()
            raise TimeoutError(f"{self._name}: {key!r} was not as wanted within {timeout} s")
        return found[0]

    def on_changes(self, changes: Difference) -> None:
        """See :class:`~zktools._live.object.LiveObject`."""
        state = self._state
        if not changes and state is not self._view.empty:
            return
        keys = {planning.key_of(self.path, path): entry for path, entry in changes.items()}
        state, touched = self._view.after(state, keys)
        self._subscribers.show(state, touched, self._name)
