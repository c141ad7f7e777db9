"""What zktools uses of kazoo's private parts, and what is said where one is missing."""

import logging

import pytest
from kazoo.client import KazooClient

from zktools._engine.wire import abilities


@pytest.fixture(autouse=True)
def nothing_said(monkeypatch):
    """As in a new process."""
    monkeypatch.setattr(abilities, "_said", set())


def test_this_kazoo_has_all():
    """The kazoo that the suite runs with; where this fails, it falls back."""
    assert all(abilities.abilities(KazooClient()))


@pytest.mark.parametrize(
    ("part", "ability", "name"),
    [
        ("_data_watchers", "requests", "KazooClient._data_watchers"),
        ("_call", "requests", "KazooClient._call"),
        ("_pending", "conduct", "KazooClient._pending"),
        ("_connection._submit", "conduct", "ConnectionHandler._submit"),
        ("_connection._xid", "conduct", "ConnectionHandler._xid"),
        ("_connection._read_socket", "reading", "ConnectionHandler._read_socket"),
        ("_connection._send_ping", "sending", "ConnectionHandler._send_ping"),
        ("_queue", "sending", "KazooClient._queue"),
        ("_connection._read_watch_event", "events", "ConnectionHandler._read_watch_event"),
        ("_connection._read_sock", "wakeups", "ConnectionHandler._read_sock"),
    ],
)
def test_what_is_missing_is_said_once(caplog, part, ability, name):
    """That ability is not there, and the log names the part, for all clients together once."""
    caplog.set_level(logging.WARNING, "zktools.session")
    for _ in range(2):
        client = KazooClient()
        holder = client._connection if "." in part else client
        attribute = part.rpartition(".")[2]
        if attribute in vars(holder):
            delattr(holder, attribute)
        else:
            setattr(holder, attribute, None)

        assert not getattr(abilities.abilities(client), ability)
    said = [record.getMessage() for record in caplog.records if name in record.getMessage()]
    assert len(said) == 1


def test_public_only(monkeypatch, caplog):
    """Asked for, nothing private is used, and nothing is missed."""
    monkeypatch.setenv("ZKTOOLS_PUBLIC_ONLY", "1")

    assert not any(abilities.abilities(KazooClient()))
    assert caplog.records == []
