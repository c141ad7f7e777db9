"""What a candidate's node says. Pure."""

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zktools._engine.arguments import MAX_IDENTIFIER, MAX_VALUE
from zktools._queue import record

texts = st.text()
records = st.dictionaries(
    st.text().filter(lambda key: key != "unlock"),
    st.one_of(st.text(), st.integers(), st.booleans(), st.none()),
)


def test_a_caller_says_who_it_is():
    """Host, process and thread; the name it gave itself where it gave one."""
    who = record.describe_caller("nightly")

    assert who["pid"] == os.getpid()
    assert who["thread"] == "MainThread"
    assert who["identifier"] == "nightly"
    assert who["host"]
    assert "identifier" not in record.describe_caller(None)


@given(st.text(st.characters()))
def test_any_identifier_can_be_stored(identifier):
    """Any text at all goes to the wire, lone surrogates too, and does not ask for anything."""
    data = record.encode(record.describe_caller(identifier))

    assert record.decode(data)["pid"] == os.getpid()
    assert not record.is_asked(data)


@given(st.text(), records, records)
def test_asking_keeps_the_record(identifier, others, by):
    """Asked, it still says who holds the lock, and now also who asked; strangers' fields go."""
    who = record.describe_caller(identifier) | {"data": others}
    asked = record.with_request(record.encode({**others, "more": others, **who}), by)

    assert record.is_asked(asked)
    assert record.decode(asked) == {**who, "unlock": by}


@pytest.mark.parametrize("name", ["host", "pid", "thread", "identifier", "data", "anything"])
def test_what_zktools_does_not_write_is_not_sent_back(name):
    """A field that is larger than ours, or unknown: the request is as small as ours."""
    record_of_another = record.encode({name: "y" * 500_000})

    assert record.with_request(record_of_another, {"pid": 1}) == record.UNLOCK
    with_ours = record.encode({"pid": 7, name: "y" * 500_000})
    assert len(record.with_request(with_ours, {"pid": 1})) < 100


def test_the_largest_records_of_ours_fit():
    """Whoever asks whomever: a server takes it."""
    name = "\1" * MAX_IDENTIFIER
    who = record.describe_caller(name) | {"thread": "\1" * 256, "data": "y" * (128 * 1024 - 2)}
    asked = record.with_request(record.encode(who), who | {"data": None})

    assert record.decode(asked)["identifier"] == name
    assert len(asked) < MAX_VALUE


@given(st.binary())
def test_what_is_no_record_is_overwritten_as_0_2_does(data):
    """Candidates of 0.2, and of strangers, understand nothing but the word `unlock`."""
    if record.decode(data) is None:
        assert record.with_request(data, {}) == b"unlock"
    assert record.is_asked(record.with_request(data, {}))


def test_who_was_asked():
    """`unlock` alone, or in a record; neither 0.2's `0` nor any other text."""
    assert record.is_asked(b"unlock")
    assert record.is_asked(b'{"unlock": {}}')
    for data in (
        None,
        b"",
        b"0",
        b"unlock ",
        b"Unlock",
        b"{}",
        b'["unlock"]',
        b'"unlock"',
        b"\xff",
    ):
        assert not record.is_asked(data), data


@given(st.one_of(st.none(), st.binary()))
def test_nothing_on_the_wire_is_an_error(data):
    """Whatever a node holds can be looked at: deep nesting and bad UTF-8 included."""
    record.decode(data)
    record.is_asked(data)


def test_nesting_without_end_is_no_record():
    """A node filled with brackets does not take the reader down."""
    assert record.decode(b"[" * 100_000) is None
