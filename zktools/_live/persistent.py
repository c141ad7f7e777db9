"""A dictionary that never changes, of which a changed one shares nearly everything: pure.

Who has one has a moment, whatever comes after it, without a lock and without a copy. The keys are
spread over small dictionaries by their hash, and a changed one has copies of those alone in which
something differs. So it costs the same in a hundred keys as in a hundred thousand, but for the list
of the small ones. This is a hash trie (P. Bagwell, *Ideal Hash Trees*, 2001) of two levels: with
more of them reading would be slower, and reading is what there is most of.
"""

from __future__ import annotations

from collections.abc import Collection, Hashable, ItemsView, Iterable, Iterator, Mapping, ValuesView
from itertools import chain
from typing import Any, Generic, TypeVar, cast, overload

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
    mask: int
    """In which part a key is: ``parts[hash(key) & mask]``."""

    __slots__ = ("_length", "mask", "parts")

    def __init__(self, source: Mapping[K, V] | None = None) -> None:
        """With what `source` has now."""
        count = 1
        self._length = len(source or ())
        while self._length > _KEYS * count:
            count *= 2
        self.mask = mask = count - 1
        self.parts = [{} for _ in range(count)]
        if count == 1:
            self.parts[0].update(source or {})
        else:
            parts = self.parts
            for key, value in (source or {}).items():
                parts[hash(key) & mask][key] = value

    def changed(self, changes: Mapping[K, V | None]) -> PersistentMap[K, V]:
        """One with these values instead; None is for what is gone."""
        gone = [key for key, value in changes.items() if value is None]
        return self.updated(cast("Mapping[K, V]", changes), gone)

    def updated(self, new: Mapping[K, V], gone: Collection[K]) -> PersistentMap[K, V]:
        """One with these values, and then without these keys."""
        if not self and not gone:
            return PersistentMap(new)
        if len(new) > self._length // _MANY:
            merged = {**dict(self.items()), **new}
            for key in gone:
                merged.pop(key, None)
            return PersistentMap(merged)
        made = _Change(self.parts)
        for key, value in new.items():
            made.part_of(key)[key] = value
        for key in gone:
            made.part_of(key).pop(key, None)
        return made.result(self._length)

    # -- reading -------------------------------------------------------------------------------

    def __getitem__(self, key: K) -> V:
        return self.parts[hash(key) & self.mask][key]

    def some(self, keys: Iterable[K]) -> list[V | None]:
        """The value of each of these keys, None of one that is not there."""
        parts, mask = self.parts, self.mask
        return [parts[hash(key) & mask].get(key) for key in keys]

    @classmethod
    def of(cls, parts: list[dict[K, V]], length: int) -> PersistentMap[K, V]:
        """Made of parts with so many keys, which nobody changes from now on."""
        made: PersistentMap[K, V] = cls.__new__(cls)
        made.parts, made.mask, made._length = parts, len(parts) - 1, length
        return made

    @overload
    def get(self, key: K, /) -> V | None: ...
    @overload
    def get(self, key: K, /, default: V | T) -> V | T: ...
    def get(self, key: K, /, default: Any = None) -> Any:
        """The value of `key`, or `default`."""
        return self.parts[hash(key) & self.mask].get(key, default)

    def __contains__(self, key: object) -> bool:
        return key in self.parts[hash(key) & self.mask]

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


class _Change(Generic[K, V]):
    """A changed map while it is made: which of its parts are its own, to be changed."""

    def __init__(self, parts: list[dict[K, V]]) -> None:
        self._parts = parts.copy()
        self._own: dict[int, int] = {}  # with how many keys they had

    def part_of(self, key: K) -> dict[K, V]:
        number = hash(key) & (len(self._parts) - 1)
        if number not in self._own:
            self._own[number] = len(self._parts[number])
            self._parts[number] = self._parts[number].copy()
        return self._parts[number]

    def result(self, before: int) -> PersistentMap[K, V]:
        """It, if there were so many keys before."""
        length = before + sum(len(self._parts[each]) - had for each, had in self._own.items())
        made = PersistentMap.of(self._parts, length)
        few = len(self._parts) > 1 and length < _FEWEST * len(self._parts)
        return PersistentMap(made) if few or length > _MOST * len(self._parts) else made
