"""A folder as a dictionary that is read: what is below NodeDict's interface."""

from __future__ import annotations

from collections.abc import ItemsView, Iterator, Mapping, Sequence, ValuesView
from os import PathLike
from typing import TYPE_CHECKING, Any, overload

from kazoo.client import KazooClient
from kazoo.security import ACL

from zktools._engine.steps import Steps
from zktools._live.bulk import Bulk
from zktools._live.cache_file import check_cache
from zktools._live.entry import UNKEPT, absence, as_raised
from zktools._live.writing import either_acl
from zktools.exceptions import ConflictError
from zktools.values import Codec, check_codec

if TYPE_CHECKING:
    # Its `default` is what no argument tells the type of; checkers know the module by heart.
    from typing_extensions import TypeVar

    T = TypeVar("T", default=Any)
else:
    from typing import TypeVar

    T = TypeVar("T")


class Shown(Bulk, Mapping[str, T]):
    """What is made and read of a :class:`zktools.NodeDict` of every face."""

    @overload
    def __init__(
        self: Shown[Any],
        client: KazooClient,
        path: str,
        permission: Sequence[ACL] | None = ...,
        *,
        use_json: bool = ...,
        codec: None = ...,
        acl: Sequence[ACL] | None = ...,
        cache: str | PathLike[str] | None = ...,
    ) -> None: ...

    @overload
    def __init__(
        self,
        client: KazooClient,
        path: str,
        permission: Sequence[ACL] | None = ...,
        *,
        codec: Codec[T],
        acl: Sequence[ACL] | None = ...,
        cache: str | PathLike[str] | None = ...,
    ) -> None: ...

    def __init__(
        self,
        client: KazooClient,
        path: str,
        permission: Sequence[ACL] | None = None,
        *,
        use_json: bool = False,
        codec: Codec[Any] | None = None,
        acl: Sequence[ACL] | None = None,
        cache: str | PathLike[str] | None = None,
    ) -> None:
        super().__init__(
            client,
            path,
            acl=either_acl(permission, acl),
            codec=check_codec(codec, use_json),
            cache=check_cache(cache),
        )
        self._begin()

    def _shown(self) -> str:
        return repr(self.copy())

    # -- reading -------------------------------------------------------------------------------

    def __getitem__(self, key: str) -> T:
        # Programs read far more often than anything changes: this is one call, with no other in it.
        entries = self._subscribers.state.entries
        entry = entries.parts[hash(key) & entries.mask].get(key)
        if entry is None:
            self._raise_if_hidden(key)
            raise KeyError(key)
        value = entry.kept
        return entry.value if value is UNKEPT else value  # type: ignore[no-any-return]

    def __contains__(self, key: object) -> bool:
        entries = self._subscribers.state.entries
        return key in entries.parts[hash(key) & entries.mask]

    def __iter__(self) -> Iterator[str]:
        return iter(self._state.entries)

    def __len__(self) -> int:
        return len(self._state.entries)

    def values(self) -> ValuesView[T]:
        """The values at this moment; what changes later does not change them."""
        return self.copy().values()

    def items(self) -> ItemsView[str, T]:
        """The keys and values at this moment; what changes later does not change them."""
        return self.copy().items()

    def copy(self) -> dict[str, T]:
        """A plain dictionary of this moment."""
        return {key: entry.value for key, entry in self._state.entries.items()}

    @property
    def errors(self) -> Mapping[str, Exception]:
        """The keys that have no value, and why: an ACL, or the codec cannot decode it.

        The key ``""`` stands for the folder: its keys cannot be listed.
        """
        state = self._state
        folder = absence(state.folder)
        errors = dict(state.errors.items())
        return errors if folder is None else {"": folder, **errors}

    def _defaulting(self, key: str, default: Any) -> Steps[Any]:
        path = self._path(key)
        if self._has(key):
            yield from self._looking_again(key)
        while True:
            state = self._state
            if key in state.entries:
                return state.entries[key].value
            if key in state.errors:
                raise as_raised(state.errors[key])
            try:
                yield from self._creating(path, self._encoded(default, f"the value of {key!r}"))
            except ConflictError:
                self._raise_if_hidden(key)
            else:
                return default
