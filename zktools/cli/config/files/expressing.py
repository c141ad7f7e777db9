"""What to write into a file so that reading it gives what is stored: by trying it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from zktools._configuration.tree import flatten, nest
from zktools.cli.config.files.form import Form
from zktools.values import Codec, Json

_NOTHING = object()


class Expression:
    """What is stored, in the words of one format.

    Values are written in the types that they are read as where those come back as they were, and as
    text or bytes where not: ``1.10`` would come back as ``1.1``.
    """

    def __init__(self, data: Mapping[str, bytes], codec: Codec[Any], form: Form) -> None:
        self._data = data
        self._codec = codec
        self._form = form
        self._left = {key: list(self._ways(key)) for key in sorted(data)}
        self.lost: list[str] = []
        """The keys that there is no way for."""
        while wrong := self._wrong():
            for key in wrong:
                del self._left[key][0]
        self.lost.sort()

    @property
    def tree(self) -> dict[str, Any]:
        """To be written, without what is :attr:`lost`."""
        values = {key: ways[0] for key, ways in self._left.items()}
        return values if self._form.is_text else nest(values)

    def _ways(self, key: str) -> Iterator[Any]:
        data = self._data[key]
        if self._form.takes_key(key):
            ways = _texts(data) if self._form.is_text else _candidates(self._codec, data)
            for way in ways:
                if self._form.takes(way) and self._comes_back(key, way):
                    yield way

    def _comes_back(self, key: str, value: Any) -> bool:
        try:
            data = value.encode() if self._form.is_text else self._codec.encode(value)
            return same(self._codec, data, self._data[key])
        except (TypeError, ValueError, AttributeError):
            return False

    def _wrong(self) -> list[str]:
        """The keys that do not come back from what would be written now."""
        for key in [key for key, ways in self._left.items() if not ways]:
            self.lost.append(key)
            del self._left[key]
        found = self._read_back(self.tree)
        if found is None:  # the whole cannot be read: find out which part cannot
            return [key for key, ways in self._left.items() if not self._stands_alone(key, ways[0])]
        return [key for key in self._left if not self._comes_back(key, found.get(key, _NOTHING))]

    def _stands_alone(self, key: str, value: Any) -> bool:
        found = self._read_back({key: value} if self._form.is_text else nest({key: value}))
        return found is not None and self._comes_back(key, found.get(key, _NOTHING))

    def _read_back(self, tree: dict[str, Any]) -> Mapping[str, Any] | None:
        try:
            return flatten(self._form.parse(self._form.render(tree)).tree)
        except ValueError:
            return None


def same(codec: Codec[Any], one: bytes, other: bytes) -> bool:
    """Whether bytes are the same value: of JSON the document counts, not its spelling."""
    if one == other or not isinstance(codec, Json):
        return one == other
    try:
        return codec.encode(codec.decode(one)) == codec.encode(codec.decode(other))
    except (ValueError, RecursionError):
        return False


def _candidates(codec: Codec[Any], data: bytes) -> Iterator[Any]:
    value = codec.decode(data)
    if isinstance(codec, Json):
        yield value
        return
    if isinstance(value, dt.datetime):
        yield value.date()
    yield float(value) if isinstance(value, Decimal) else value
    yield from _texts(data)
    yield data


def _texts(data: bytes) -> Iterator[str]:
    try:
        yield data.decode()
    except UnicodeDecodeError:
        return
