"""A dictionary that never changes, of which a changed one shares nearly everything: pure.

Who has one has a moment, whatever comes after it, without a lock and without a copy. The keys are
spread over small dictionaries by their hash, and a changed one has copies of those alone in which
something differs. So it costs the same in a hundred keys as in a hundred thousand, but for the list
of the small ones. This is a hash trie (P. Bagwell, *Ideal Hash Trees*, 2001) of two levels: with
more of them reading would be slower, and reading is what there is most of.
"""

from __future__ import annotations

from collections.abc import Hashable, ItemsView, Iterator, Mapping, ValuesView
from itertools import chain
from typing import Any, Generic, TypeVar, overload

K = TypeVar("K", bound=Hashable)
T = TypeVar("T")
V = TypeVar("V")

#: Keys in a small dictionary, in the mean, at most when they are spread;
_KEYS = 64
#: and when they are spread anew.
_FEWEST, _MOST = 8, 128
#: Changes of more than one key in so many: all are spread anew.
_MANY = 4


class PersistentMap(Mapping[K, V], Generic[K, V]):
    """Keys in no order."""

    parts: list[dict[K, V]]
    """To read."""

    __slots__ = ("_length", "_mask", "parts")

    def __init__(self, source: Mapping[K, V] | None = None) -> None:
        """With what `source` has now."""
        count = 1
        self._length = len(source or ())
        while self._length > _KEYS * count:
            count *= 2
        self._mask = mask = count - 1
        self.parts = [{} for _ in range(count)]
        if count == 1:
            self.parts[0].update(source or {})
        else:
            parts = self.parts
            for key, value in (source or {}).items():
                parts[hash(key) & mask][key] = value

    def changed(self, changes: Mapping[K, V | None]) -> PersistentMap[K, V]:
        """One with these values instead; None is for what is gone."""
        if len(changes) > self._length // _MANY:
            return self._made_anew(changes)
        made: PersistentMap[K, V] = PersistentMap.__new__(type(self))
        made.parts, made._mask, made._length = self.parts.copy(), self._mask, self._length
        copied: set[int] = set()
        for key, value in changes.items():
            number = hash(key) & made._mask
            if number not in copied:
                copied.add(number)
                made.parts[number] = made.parts[number].copy()
            part = made.parts[number]
            made._length -= len(part)
            if value is None:
                part.pop(key, None)
            else:
                part[key] = value
            made._length += len(part)
        return PersistentMap(made) if made._is_uneven() else made

    def _made_anew(self, changes: Mapping[K, V | None]) -> PersistentMap[K, V]:
        merged: dict[K, Any] = {**dict(self.items()), **changes}
        for key in [key for key, each in changes.items() if each is None]:
            del merged[key]
        return PersistentMap(merged)

    def _is_uneven(self) -> bool:
        parts = len(self.parts)
        return self._length > _MOST * parts or (parts > 1 and self._length < _FEWEST * parts)

    # -- reading -------------------------------------------------------------------------------

    def __getitem__(self, key: K) -> V:
        return self.parts[hash(key) & self._mask][key]

    @overload
    def get(self, key: K, /) -> V | None: ...
    @overload
    def get(self, key: K, /, default: V | T) -> V | T: ...
    def get(self, key: K, /, default: Any = None) -> Any:
        """The value of `key`, or `default`."""
        return self.parts[hash(key) & self._mask].get(key, default)

    def __contains__(self, key: object) -> bool:
        return key in self.parts[hash(key) & self._mask]

    def __iter__(self) -> Iterator[K]:
        return chain.from_iterable(self.parts)

    def __len__(self) -> int:
        return self._length

    def items(self) -> ItemsView[K, V]:
        """The keys with their values."""
        return _Items(self)

    def values(self) -> ValuesView[V]:
        """The values."""
        return _Values(self)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({dict(self.items())!r})"


class _Items(ItemsView[K, V]):
    _mapping: PersistentMap[K, V]

    def __iter__(self) -> Iterator[tuple[K, V]]:
        return chain.from_iterable(part.items() for part in self._mapping.parts)


class _Values(ValuesView[V]):
    _mapping: PersistentMap[Any, V]

    def __iter__(self) -> Iterator[V]:
        return chain.from_iterable(part.values() for part in self._mapping.parts)
