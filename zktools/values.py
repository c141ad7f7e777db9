"""Text on the wire and Python values: pure functions, no I/O.

A *codec* turns a node's bytes into a value and back. :class:`Rules` is what zktools 0.2 did and the
default everywhere, so old and new clients read each other's nodes. What its rules lose (see
there) the others keep: :class:`Raw` bytes, :class:`Text`, and :class:`Json`.

A codec of your own is any object with the two methods of :class:`Codec`. They must be pure and
quick: they run on a thread that all live objects of a client share.
"""

from __future__ import annotations

import enum
import json
import math
import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, Protocol, TypeVar

from zktools.exceptions import InvalidValueError

T = TypeVar("T")

__all__ = ["Codec", "Json", "Raw", "Rules", "Text"]


class Codec(Protocol[T]):
    """How values of one type are kept in nodes."""

    def encode(self, value: T, /) -> bytes:
        """The bytes to store for `value`.

        :raises TypeError: or :class:`ValueError` when it cannot be stored; the caller of the write
            gets it, and nothing is sent.
        """
        ...

    def decode(self, data: bytes, /) -> T:
        """The value that `data`, a node's bytes, stands for.

        :raises ValueError: when it stands for none. Readers get
            :class:`~zktools.exceptions.InvalidValueError`.
        """
        ...


class Raw:
    """The bytes themselves."""

    def encode(self, value: bytes, /) -> bytes:
        """`value`, unchanged."""
        if not isinstance(value, (bytes, bytearray, memoryview)):
            raise TypeError(f"codec Raw stores bytes, not {type(value).__name__}")
        return bytes(value)

    def decode(self, data: bytes, /) -> bytes:
        """`data`, unchanged."""
        return data

    def __repr__(self) -> str:
        return "Raw()"


class Text:
    """Text as UTF-8, and nothing else: ``"00123"`` and ``"true"`` stay what they are."""

    def encode(self, value: str, /) -> bytes:
        """`value` in UTF-8."""
        if not isinstance(value, str):
            raise TypeError(f"codec Text stores str, not {type(value).__name__}")
        return value.encode()

    def decode(self, data: bytes, /) -> str:
        """The text that `data` is in UTF-8."""
        return data.decode()

    def __repr__(self) -> str:
        return "Text()"


class Json:
    """Any JSON document: dict, list, str, int, float, bool and None come back as they were.

    An empty node, such as a folder, is None. What JSON would make something else of, such as a
    tuple, an enum or a dict with keys that are numbers, is refused.
    """

    def encode(self, value: Any, /) -> bytes:
        """`value` as JSON in UTF-8."""
        _check_json(value, "codec Json")
        return json.dumps(value, ensure_ascii=False, allow_nan=False).encode()

    def decode(self, data: bytes, /) -> Any:
        """What `data` says in JSON."""
        return json.loads(data.decode(), parse_constant=_no_constant) if data else None

    def __repr__(self) -> str:
        return "Json()"


class Rules:
    """Typed text, as zktools 0.2 wrote and read it.

    Reading, the first that matches the whole text: ``digits.digits`` is a
    :class:`~decimal.Decimal`, ``digits`` an int, ``true`` and ``false`` in any case a bool,
    ``none`` in any case None, ``YYYY-MM-DDTHH:MM:SS.ffffffZ`` (or a space for the ``T``) a
    :class:`~datetime.datetime` without timezone, ``YYYY-MM-DD`` a datetime at midnight; with
    `use_json`, a JSON object or array a dict or list; everything else is text.

    Writing: a float by its repr, dates and datetimes as above (an aware datetime is converted to
    UTC first), with `use_json` a dict or list as JSON and without it as 0.2 did, by :class:`str`;
    bytes as they are; text, numbers, truth values and None by :class:`str`. Everything else is
    refused: what it looks like as text, such as ``**********``, is not what it is.

    So these do not come back as they were: the texts ``"00123"`` (123) and ``"true"`` (True),
    negative numbers and ``1e-07`` (text), floats (Decimal), dates (datetimes), timezones (UTC, not
    marked). Bytes that are not UTF-8 are read as text with surrogate escapes, which writes back the
    same bytes.

    Args:
        use_json: read and write JSON objects and arrays too.
    """

    def __init__(self, use_json: bool = False) -> None:
        self.use_json = use_json

    def encode(self, value: Any, /) -> bytes:
        """The text for `value`, as bytes."""
        if isinstance(value, (bytes, bytearray)):
            return bytes(value)
        return self._text(value).encode("utf-8", "surrogateescape")

    def _text(self, value: object) -> str:
        if isinstance(value, datetime):
            if value.tzinfo is not None:
                value = value.astimezone(UTC).replace(tzinfo=None)
            return value.isoformat(timespec="microseconds") + "Z"
        if isinstance(value, date):
            return value.isoformat()
        if self.use_json and isinstance(value, (dict, list)):
            _check_json(value, repr(self))
            return json.dumps(value, allow_nan=False)
        if isinstance(value, enum.Enum) or not isinstance(value, _TEXTUAL):
            raise TypeError(_refusal(value, repr(self)))
        return repr(value) if type(value) is float else str(value)

    def decode(self, data: bytes, /) -> Any:
        """The value that the text `data` stands for."""
        text = data.decode("utf-8", "surrogateescape")
        if data[:1] in _BEGINNINGS:  # of most texts one look is enough
            for pattern, convert in _RULES:
                if pattern.fullmatch(text):
                    return _converted(convert, text)
        if self.use_json and _JSON.fullmatch(text):
            return _converted(_from_json, text)
        return text

    def __repr__(self) -> str:
        return f"Rules(use_json={self.use_json})"


def _converted(convert: Callable[[str], Any], text: str) -> Any:
    # What only looks like a value, such as the date 2012-02-31, is text.
    try:
        return convert(text)
    except (ValueError, RecursionError):
        return text


def _from_json(text: str) -> Any:
    return json.loads(text, parse_constant=_no_constant)


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON")


def _check_json(value: object, codec: str) -> None:
    # An enum may be a str or an int as well, and would be stored as that.
    if isinstance(value, enum.Enum) or not (value is None or isinstance(value, _IN_JSON)):
        raise TypeError(_refusal(value, codec))
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError(f"{codec} cannot store {value!r}: JSON has no such number")
    if isinstance(value, dict):
        for key, each in value.items():
            if not isinstance(key, str) or isinstance(key, enum.Enum):
                raise TypeError(f"{codec} stores dicts with keys that are str, not {_name(key)}")
            _check_json(each, codec)
    elif isinstance(value, list):
        for each in value:
            _check_json(each, codec)


def _refusal(value: object, codec: str) -> str:
    # Without the value: it may be a secret, which is what hides itself from str().
    return f"{codec} cannot store {_name(value)} so that it comes back; {_remedy(value)}"


def _remedy(value: object) -> str:
    if isinstance(value, enum.Enum):
        return "store its .value"
    if callable(getattr(value, "get_secret_value", None)):
        return "store its .get_secret_value(), where others may read it"
    if isinstance(value, (tuple, set, frozenset)):
        return "store it as a list"
    return "store it as text, a number, or a dict or list of those"


def _name(value: object) -> str:
    return type(value).__name__


#: What `str` says all of; the containers are as 0.2 wrote them.
_TEXTUAL = (str, int, float, Decimal, type(None), dict, list)
_IN_JSON = (str, int, float, list, dict)

_RULES: tuple[tuple[re.Pattern[str], Callable[[str], Any]], ...] = (
    (re.compile(r"\d+\.\d+", re.ASCII), Decimal),
    (re.compile(r"\d+", re.ASCII), int),
    (re.compile(r"true|false", re.IGNORECASE), lambda text: text.lower() == "true"),
    (re.compile(r"none", re.IGNORECASE), lambda _: None),
    (
        re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d\.\d{6}Z", re.ASCII),
        lambda text: datetime.fromisoformat(text[:-1]),
    ),
    (re.compile(r"\d{4}-\d\d-\d\d", re.ASCII), datetime.fromisoformat),
)
#: What any text begins with that one of them matches.
_BEGINNINGS = frozenset(bytes((each,)) for each in b"0123456789tTfFnN")
_JSON = re.compile(r"\{.*\}|\[.*\]", re.DOTALL)


def check_codec(codec: object, use_json: bool = False) -> Codec[Any]:
    """`codec` if it is one; the rules of 0.2 for None."""
    if codec is None:
        return Rules(use_json)
    if use_json:
        raise ValueError("give either use_json or codec; codec=Rules(use_json=True) is both")
    if not callable(getattr(codec, "encode", None)) or not callable(getattr(codec, "decode", None)):
        raise TypeError(f"codec must have the methods encode and decode; {codec!r} has not")
    if isinstance(codec, type):
        raise TypeError(f"codec must be an object, not a class: {codec.__name__}()")
    return codec  # type: ignore[return-value]


def never_fails(codec: object) -> bool:
    """Whether every node's bytes are a value to `codec`, so that there is no need to try."""
    return type(codec) in (Raw, Rules)


def decoded(codec: Codec[T], data: bytes, path: str) -> T | InvalidValueError:
    """The value of `data`, or the error to raise to who asks for it."""
    try:
        return codec.decode(data)
    except (UnicodeDecodeError, json.JSONDecodeError) as error:
        invalid = InvalidValueError(f"{path} holds what {codec!r} cannot decode: {error}")
        invalid.__cause__ = error
        return invalid
    except Exception as error:  # noqa: BLE001  a codec is a user's code
        # Its words may hold what was found, and errors get into logs.
        return InvalidValueError(f"{path} holds what {codec!r} cannot decode: {_name(error)}")
