import socket

import pytest

from zktools.testing import _ports, claim_port


def test_no_port_is_given_twice(monkeypatch):
    """A claimed port stays claimed until it is released, then it is free again."""
    monkeypatch.setattr(_ports, "_FIRST", first := _free_number())
    monkeypatch.setattr(_ports, "_LAST", first + 1)
    monkeypatch.setattr(_ports.random, "sample", lambda numbers, **_: list(numbers))
    claimed = claim_port()

    with pytest.raises(OSError, match="no free port"):
        claim_port()
    claimed.release()

    again = claim_port()
    assert again.number == first
    again.release()


def test_a_port_in_use_is_not_given(monkeypatch):
    """A port on which somebody listens without a claim is passed over."""
    number = _free_number()
    monkeypatch.setattr(_ports, "_FIRST", number)
    monkeypatch.setattr(_ports, "_LAST", number + 1)
    monkeypatch.setattr(_ports.random, "sample", lambda numbers, **_: list(numbers))

    with socket.create_server(("127.0.0.1", number)), pytest.raises(OSError, match="no free port"):
        claim_port()


def test_ports_are_none_that_clients_get():
    """No claimed port can be taken by an outgoing connection, as ephemeral ports are."""
    port = claim_port()
    port.release()

    assert 20000 <= port.number < 32768


def _free_number():
    port = claim_port()
    port.release()
    return port.number
