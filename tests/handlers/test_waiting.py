"""How our handlers wait: as `select`, and seldom."""

import os
import select
import socket

import pytest

from zktools.handlers._doorbell import Listener


@pytest.fixture
def handler(zk_handler):
    """A handler that no client has."""
    return zk_handler()


@pytest.fixture
def pair(handler):
    """What kazoo wakes its connection thread by: the end that is waited on, and the other."""
    listener, ringer = handler.create_socket_pair()
    yield listener, ringer
    listener.close()
    ringer.close()


@pytest.fixture
def connection(handler):
    """A connection of the handler's, and the server's end of it."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        client = handler.create_connection(server.getsockname(), timeout=10)
        peer, _ = server.accept()
    client.setblocking(False)
    yield client, peer
    client.close()
    peer.close()


def test_nothing_is_there(handler, connection, pair):
    """With nothing to read, the time is waited for."""
    assert handler.select([connection[0], pair[0]], [], [], 0.01) == ([], [], [])


def test_what_is_rung_for_is_there(handler, connection, pair):
    """One token for each byte, whether somebody sleeps or not."""
    client, _ = connection
    listener, ringer = pair
    for count in (1, 3):
        ringer.send(b"\0" * count)
        assert listener in handler.select([client, listener], [], [], 10)[0]
        for _ in range(count):
            assert handler.select([client, listener], [], [], 0)[0] == [listener]
            listener.recv(1)
        assert handler.select([client, listener], [], [], 0)[0] == []
    with pytest.raises(BlockingIOError):
        listener.recv(1)


def test_who_sleeps_is_woken(handler, connection, pair):
    """A request that comes while nothing is there ends the wait."""
    client, _ = connection
    listener, ringer = pair
    handler.spawn(lambda: (handler.sleep_func(0.05), ringer.send(b"\0")))

    assert handler.select([client, listener], [], [], 30)[0] == [listener]


def test_both_are_told_of(handler, connection, pair):
    """A stream of requests does not keep replies from being read, nor the other way round."""
    client, peer = connection
    listener, ringer = pair
    ringer.send(b"\0")
    peer.sendall(b"reply and more")
    handler.select([client], [], [], 10)
    assert client.recv(5) == b"reply"

    assert set(handler.select([client, listener], [], [], 10)[0]) == {client, listener}


def test_requests_do_not_starve_replies(handler, connection, pair):
    """While requests are waiting to be sent, what has just arrived is told of."""
    client, peer = connection
    listener, ringer = pair
    ringer.send(b"\0")
    peer.sendall(b"reply")

    assert set(handler.select([client, listener], [], [], 10)[0]) == {client, listener}


def test_each_rings_until_the_sleeper_is_awake(handler, pair):
    """One that is interrupted before it wakes the sleeper does not silence the next."""
    listener, ringer = pair
    listener.sleeps = True
    for _ in range(2):
        ringer.send(b"\0")
        assert handler._poll([listener], select.POLLIN, 0) == [listener]
        listener.fill()
    listener.sleeps = False
    ringer.send(b"\0")

    assert handler._poll([listener], select.POLLIN, 0) == []


def test_a_closed_pair_is_refused(handler):
    """A request to a client that was closed is an error at once."""
    listener, ringer = handler.create_socket_pair()
    ringer.close()
    listener.close()
    with pytest.raises(OSError, match="closed"):
        ringer.send(b"\0")


def test_more_tokens_than_a_socket_holds(handler, pair):
    """Ringing never blocks."""
    listener, ringer = pair
    listener.sleeps = True
    for _ in range(100_000):
        ringer.send(b"\0")

    assert listener.pending() == 100_000


def test_read_ahead_in_order(handler, connection):
    """What is read ahead is handed out in order, in pieces of any size, and then the end."""
    client, peer = connection
    sent = os.urandom(300_000)
    handler.spawn(lambda: (peer.sendall(sent), peer.close()))
    got, size = b"", 1
    while handler.select([client], [], [], 10)[0]:
        part = client.recv(size)
        if not part:
            break
        got += part
        size = size * 3 % 1000 + 1

    assert got == sent


def fill(client):
    """Send until nothing more fits."""
    while True:
        client.send(b"x" * 65536)


def test_a_writer_is_waited_for(handler, connection):
    """As long as the other end reads nothing, nothing can be written."""
    client, _ = connection
    assert handler.select([], [client], [], 10) == ([], [client], [])
    with pytest.raises(BlockingIOError):
        fill(client)
    assert handler.select([], [client], [], 0.01) == ([], [], [])


def test_both_lists_and_plain_descriptors(handler, connection):
    """For programs that use a handler's select for sockets of their own."""
    one, other = socket.socketpair()
    with one, other:
        assert handler.select([one.fileno()], [], [], 0) == ([], [], [])
        assert handler.select([one], [other], [], 1)[1] == [other]
        one.send(b"x")
        assert handler.select([other], [], [], 1)[0] == [other]


def test_bad_waits(handler, connection):
    """A closed socket, and a time in the past."""
    client, _ = connection
    with pytest.raises(ValueError, match="timeout must be non-negative"):
        handler.select([client], [], [], -1)
    client.close()
    with pytest.raises((ValueError, OSError), match=r"negative|Bad file"):
        handler.select([client], [], [], 1)


def test_a_request_takes_three_waits(zk_client_factory, zk_handler, monkeypatch):
    """For the request, for the way to the server, for the reply: of kazoo's own it takes five."""
    waits = []

    class Counting(zk_handler):
        def _ask(self, socks, event, timeout):
            waits.append(event)
            return super()._ask(socks, event, timeout)

    waits_beside = Listener.wait_beside

    def wait_beside(*args):
        waits.append(args)
        return waits_beside(*args)

    monkeypatch.setattr(Listener, "wait_beside", wait_beside)
    client = zk_client_factory(handler=Counting)
    client.get("/")
    waits.clear()
    for _ in range(50):
        client.get("/")

    assert 100 <= len(waits) <= 160  # a reply may come in two pieces, and a ping go out
