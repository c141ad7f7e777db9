"""Text on the wire and Python values."""
# ruff: noqa: DTZ001  datetimes of 0.2 have no timezone

import enum
import traceback
import uuid
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from zktools import values as values_module
from zktools.exceptions import InvalidValueError
from zktools.values import Json, Raw, Rules, Text, check_codec, decoded

# As zktools 0.2 read them.
READ = [
    (b"", ""),
    (b"text", "text"),
    (b"12", 12),
    (b"00123", 123),
    (b"1.50", Decimal("1.50")),
    (b"true", True),
    (b"False", False),
    (b"None", None),
    (b"none", None),
    (b"2012-02-03T14:15:16.000017Z", datetime(2012, 2, 3, 14, 15, 16, 17)),
    (b"2012-02-03 14:15:16.000017Z", datetime(2012, 2, 3, 14, 15, 16, 17)),
    (b"2012-02-03", datetime(2012, 2, 3)),
    (b"-5", "-5"),
    (b"1e-07", "1e-07"),
    (b"1.", "1."),
    (b".5", ".5"),
    (b"1.2.3", "1.2.3"),
    (b" 12", " 12"),
    (b"12 ", "12 "),
    (b"trueish", "trueish"),
    (b'{"a": 1}', '{"a": 1}'),
    ("\u0661\u0662".encode(), "\u0661\u0662"),  # digits, but not 0.2's
    ("\u00e4".encode(), "\u00e4"),
]

# As zktools 0.2 wrote them.
WRITTEN = [
    ("text", b"text"),
    (12, b"12"),
    (-5, b"-5"),
    (0.1, b"0.1"),
    (1e-07, b"1e-07"),
    (Decimal("1.50"), b"1.50"),
    (True, b"True"),
    (None, b"None"),
    (datetime(2012, 2, 3, 14, 15, 16, 17), b"2012-02-03T14:15:16.000017Z"),
    (datetime(2012, 2, 3), b"2012-02-03T00:00:00.000000Z"),
    (date(2012, 2, 3), b"2012-02-03"),
    ([1, "a"], b"[1, 'a']"),
    (b"\xff\x00", b"\xff\x00"),
]


@pytest.mark.parametrize(("data", "value"), READ)
def test_read_as_0_2_did(data, value):
    """Each text of the reference is read as zktools 0.2 read it, with the same type."""
    read = Rules().decode(data)

    assert (read, type(read)) == (value, type(value))


def test_every_beginning_that_a_value_may_have():
    """A look at the first character leaves out no text that one of the rules takes for a value.

    Whatever stands in its place: letters that are alike when their case does not matter are more
    than those that are on a keyboard.
    """
    values = [data.decode() for data, value in READ if not isinstance(value, str)]
    for text in [*values, "TRUE", "FALSE", "NONE"]:
        for other in map(chr, range(0x10000)):
            varied = other + text[1:]
            matches = any(pattern.fullmatch(varied) for pattern, _ in values_module._RULES)
            if matches:
                data = varied.encode("utf-8", "surrogateescape")
                assert type(Rules().decode(data)) is not str, varied


@pytest.mark.parametrize(("value", "data"), WRITTEN)
def test_written_as_0_2_did(value, data):
    """Each value of the reference is written as zktools 0.2 wrote it."""
    assert Rules().encode(value) == data


@pytest.mark.parametrize(
    "text", ["2012-02-31", "2012-13-01", "2012-02-03T25:00:00.000000Z", "9" * 5000]
)
def test_what_only_looks_like_a_value_is_text(text):
    """A date that no calendar has, or a number Python refuses to parse, is not an error."""
    read = Rules().decode(text.encode())

    assert read == text


def test_json_within_the_rules():
    """With use_json an object or array that parses is one; all else follows the rules."""
    rules = Rules(use_json=True)

    assert rules.decode(rules.encode({"a": [1, None, 0.5]})) == {"a": [1, None, 0.5]}
    assert rules.decode(rules.encode([])) == []
    assert rules.decode(b"{not json}") == "{not json}"
    assert rules.decode(b"12") == 12
    assert rules.decode(b"[" * 100_000 + b"]") == "[" * 100_000 + "]"


def test_aware_datetimes_are_converted_to_utc():
    """The text says Z, so what is written is UTC; it is read back without a timezone."""
    noon = datetime(2012, 2, 3, 12, tzinfo=timezone(timedelta(hours=2)))

    assert Rules().decode(Rules().encode(noon)) == datetime(2012, 2, 3, 10)


def is_plain(text):
    """Whether the rules take a text for text."""
    return Rules(use_json=True).decode(text.encode("utf-8", "surrogateescape")) == text


@given(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(min_value=0),
        st.decimals(min_value=0, allow_nan=False, allow_infinity=False, places=3),
        st.datetimes(),
        st.text(st.characters(exclude_categories=["Cs"])).filter(is_plain),
    )
)
def test_round_trip_of_the_rules(value):
    """What the rules do not list among their losses comes back with its type."""
    read = Rules().decode(Rules().encode(value))

    assert (read, type(read)) == (value, type(value))


@given(st.binary())
def test_no_bytes_are_an_error_and_text_of_them_writes_them_back(data):
    """The rules read any bytes; where that gives text, writing it gives the same bytes."""
    value = Rules(use_json=True).decode(data)

    if isinstance(value, str):
        assert Rules().encode(value) == data


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_round_trip_of_text(value):
    """Text is kept whatever it looks like."""
    assert Text().decode(Text().encode(value)) == value


@given(st.binary())
def test_round_trip_of_raw_bytes(value):
    """Bytes are kept as they are."""
    assert Raw().decode(Raw().encode(value)) == value


@given(
    st.recursive(
        st.none()
        | st.booleans()
        | st.integers()
        | st.floats(allow_nan=False, allow_infinity=False)
        | st.text(st.characters(exclude_categories=["Cs"])),
        lambda inner: st.lists(inner) | st.dictionaries(st.text("abc\u00e4"), inner),
        max_leaves=10,
    )
)
def test_round_trip_of_json(value):
    """Any JSON document comes back as it was."""
    assert Json().decode(Json().encode(value)) == value


@pytest.mark.parametrize(
    ("codec", "value"),
    [(Raw(), "text"), (Text(), b"bytes"), (Text(), None), (Json(), {1, 2}), (Json(), float("nan"))],
)
def test_what_a_codec_cannot_store_is_an_error(codec, value):
    """The writer is told at once, and what to use instead."""
    with pytest.raises((TypeError, ValueError)):
        codec.encode(value)


@pytest.mark.parametrize(("codec", "data"), [(Text(), b"\xff"), (Json(), b"{"), (Json(), b"\xff")])
def test_what_a_codec_cannot_read_names_the_node(codec, data):
    """The reader is told which node holds it; the codec's own error is the cause."""
    error = decoded(codec, data, "/some/node")

    assert isinstance(error, InvalidValueError)
    assert "/some/node" in str(error)
    assert isinstance(error.__cause__, ValueError)


def test_an_empty_node_is_empty_in_every_codec():
    """Folders have no data, and are no error."""
    assert [codec.decode(b"") for codec in (Rules(), Text(), Raw(), Json())] == ["", "", b"", None]


@pytest.mark.parametrize("codec", [Json, "json", 3, object()])
def test_what_is_no_codec_is_refused(codec):
    """A class, or something without the two methods, is named in the error."""
    with pytest.raises(TypeError, match="codec must"):
        check_codec(codec)


def test_a_codec_and_use_json_do_not_go_together():
    """Two answers to the same question are an error, with the remedy."""
    with pytest.raises(ValueError, match=r"Rules\(use_json=True\)"):
        check_codec(Text(), use_json=True)


class Color(enum.StrEnum):
    """Text to Python, and to JSON."""

    RED = "red"


class Level(enum.IntEnum):
    """A number to Python, and to JSON."""

    HIGH = 3


@dataclass
class Pool:
    """Somebody's own type."""

    size: int


@pytest.mark.parametrize("codec", [Rules(), Rules(use_json=True), Json()])
@pytest.mark.parametrize(
    ("value", "remedy"),
    [
        (SecretStr("hunter2"), "get_secret_value"),
        (Color.RED, r"\.value"),
        (Level.HIGH, r"\.value"),
        ({1}, "list"),
        (frozenset({1}), "list"),
        ((1, 2), "list"),
        (Pool(3), "dict"),
        (uuid.UUID(int=1), "text"),
        (timedelta(1), "text"),
        (1j, "text"),
        (object, "text"),
    ],
)
def test_what_would_not_come_back_is_refused(codec, value, remedy):
    """Whatever is no text, number or container of those: with the remedy, and without the value."""
    with pytest.raises(TypeError, match=remedy) as caught:
        codec.encode(value)

    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("codec", [Rules(use_json=True), Json()])
@pytest.mark.parametrize(
    "inside",
    [(1, 2), {1}, Color.RED, Pool(3), SecretStr("x"), {1: 2}, {Color.RED: 1}, float("inf")],
)
@pytest.mark.parametrize("wrap", [lambda value: [value], lambda value: {"a": {"b": [value]}}])
def test_nor_inside_of_json(codec, inside, wrap):
    """json.dumps would make lists of tuples, and text of keys that are numbers."""
    with pytest.raises((TypeError, ValueError)):
        codec.encode(wrap(inside))


@pytest.mark.parametrize("text", ["NaN", "Infinity", "-Infinity", "[NaN]"])
def test_what_python_alone_takes_for_json_is_none(text):
    """Nobody else could read what is made of it."""
    assert isinstance(decoded(Json(), text.encode(), "/a"), InvalidValueError)
    assert Rules(use_json=True).decode(text.encode()) == text


def test_the_words_of_a_users_codec_are_not_repeated():
    """They may hold what was found, and errors get into logs."""

    class Numbers(Text):
        def decode(self, data, /):
            """Say what it found."""
            return int(data)

    error = decoded(Numbers(), b"hunter2", "/a")

    assert "ValueError" in str(error)
    assert "hunter2" not in "".join(traceback.format_exception(error))
