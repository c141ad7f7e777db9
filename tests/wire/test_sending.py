"""Requests sent by the thread that makes them: in their turn, on their connection, once."""

import socket
import ssl
from contextlib import suppress

import pytest
from kazoo.client import KazooClient
from kazoo.exceptions import ConnectionLoss
from kazoo.protocol.serialization import Create, GetChildren
from kazoo.protocol.states import KazooState
from kazoo.security import OPEN_ACL_UNSAFE

from tests.locks.support import NAME
from zktools import ZkLock
from zktools._engine.session import session_of
from zktools._engine.wire import sending
from zktools.handlers import ThreadingHandler
from zktools.testing import wait_until


class Fickle(socket.socket):
    """One of which a test says what becomes of the next request."""

    sends = None

    def send(self, data, *args):
        """As it is told, once."""
        told, self.sends = self.sends, None
        return super().send(data, *args) if told is None else told(super().send, data)


class Handler(ThreadingHandler):
    """Its client's socket is a fickle one; it counts how often its client's thread was woken."""

    rings = 0

    def create_connection(self, *args, **options):
        """Connect to a server."""
        made = super().create_connection(*args, **options)
        blocks = made.gettimeout()
        made = Fickle(made.family, made.type, made.proto, fileno=made.detach())
        made.settimeout(blocks)
        return made

    def create_socket_pair(self):
        """Make what wakes the thread."""
        listener, ringer = super().create_socket_pair()
        send = ringer.send

        def ring(data):
            self.rings += 1
            return send(data)

        ringer.send = ring
        return listener, ringer


@pytest.fixture
def client(zk_client_factory, zk_proxy):
    """A client that zktools knows, behind a proxy, and nothing under way."""
    # A long session, in which zktools seldom has to ask by itself.
    made = zk_client_factory(zk_proxy.hosts, handler=Handler, timeout=20.0)
    made.ensure_path("/q")
    with ZkLock(made, "first"):
        pass
    return made


@pytest.fixture
def states(client):
    """What becomes of its connection from now on."""
    seen = []
    client.add_listener(seen.append)
    return seen


def wire_of(client):
    """How zktools sends by it."""
    return session_of(client).wire


def create(client, name="n"):
    """A request."""
    return Create(client.chroot + f"/q/{name}", b"", OPEN_ACL_UNSAFE, 0)


def listing(client):
    """Another."""
    return GetChildren(client.chroot + "/q", None)


def asked(client, request):
    """Have it sent; what will become of it."""
    result = client.handler.async_result()
    wire_of(client).call((request, result))
    return result


def test_nobody_is_woken(client):
    """An acquire and a release of a lock that nobody else wants are sent by their thread."""
    lock = ZkLock(client, NAME)
    with lock:
        pass
    client.handler.rings = 0
    for _ in range(20):
        with lock:
            pass

    assert client.handler.rings < 10  # of 60 requests; a hold that was long has its node watched


class Busy:
    """Keeps the connection thread of a client until it is let go."""

    def __init__(self, client):
        self._there, self._may_go = client.handler.event_object(), client.handler.event_object()
        self.let_go = self._may_go.set
        wire_of(client).call((listing(client), self))
        self._there.wait(10)

    def set(self, _value):
        """That is where it stays."""
        self._there.set()
        self._may_go.wait(10)


def test_what_kazoo_has_queued_goes_first(client):
    """A request of zktools overtakes none that was made before it."""
    busy = Busy(client)
    created = [client.create_async(f"/q/{number}") for number in range(50)]
    listed = asked(client, listing(client))
    busy.let_go()

    assert len(listed.get(timeout=10)) == 50
    assert all(each.get(timeout=10) for each in created)


class Slow(Create):
    """A request during which something happens, when it is put together first."""

    meanwhile = None

    def serialize(self):
        """As any, after that."""
        happens, self.meanwhile = self.meanwhile, None
        if happens is not None:
            happens()
        return super().serialize()


def broken(client, proxy):
    """Its connection is gone, and there is no other."""
    proxy.refuse()
    proxy.cut()
    wait_until(lambda: not client.connected)


def made_anew(client, proxy):
    """Its connection is gone, and there is another."""
    broken(client, proxy)
    proxy.heal()
    wait_until(lambda: client.connected)


@pytest.mark.parametrize("becomes", [broken, made_anew])
def test_the_connection_goes_while_a_request_is_put_together(client, states, zk_proxy, becomes):
    """It is sent on the next one, whose first reply it does not take for its own."""
    request = Slow(*create(client))
    request.meanwhile = lambda: becomes(client, zk_proxy)
    created = asked(client, request)
    zk_proxy.heal()

    assert created.get(timeout=20).endswith("/q/n")
    assert client.get_children("/q") == ["n"]
    assert states == [KazooState.SUSPENDED, KazooState.CONNECTED]


@pytest.mark.parametrize("count", [0, 1, 20])
def test_a_part_fits(client, states, count):
    """The connection thread sends the rest, and only then what comes after."""

    def part(send, data):
        if not count:
            raise BlockingIOError
        return send(data[:count])

    client._connection._socket.sends = part
    created = asked(client, create(client))
    listed = asked(client, listing(client))

    assert created.get(timeout=10).endswith("/q/n")
    assert listed.get(timeout=10) == ["n"]
    assert states == []


def test_a_socket_that_is_broken(client, states):
    """The connection is, and the request may have been carried out or not."""
    sock = client._connection._socket

    def fail(_send, _data):
        sock.shutdown(socket.SHUT_WR)
        raise BrokenPipeError

    sock.sends = fail
    with pytest.raises(ConnectionLoss):
        asked(client, create(client)).get(timeout=10)
    wait_until(lambda: states == [KazooState.SUSPENDED, KazooState.CONNECTED])


@pytest.mark.parametrize("was_sent", [False, True])
def test_interrupted_while_it_sends(client, states, was_sent):
    """The thread goes its way, and the connection is made anew: what was sent, nobody knows."""

    def interrupt(send, data):
        if was_sent:
            send(data)
        raise KeyboardInterrupt

    client._connection._socket.sends = interrupt
    with pytest.raises(KeyboardInterrupt):
        asked(client, create(client))
    wait_until(lambda: states == [KazooState.SUSPENDED, KazooState.CONNECTED])

    assert client.get_children("/q") == (["n"] if was_sent else [])
    with ZkLock(client, NAME):
        pass


def test_a_turn_that_is_not_given_back(client, states):
    """Whoever was interrupted with it costs a connection, and no more."""
    client._connection.zktools_turn.acquire()
    with ZkLock(client, NAME) as lease:
        assert lease.is_held

    assert states == [KazooState.SUSPENDED, KazooState.CONNECTED]
    client.handler.rings = 0
    for _ in range(20):
        with ZkLock(client, NAME):
            pass
    assert client.handler.rings < 10  # there is a turn again


def test_a_request_that_cannot_be_put_together(client, states):
    """That is its sender's to hear, and nobody else's."""

    class Bad(Create):
        def serialize(self):
            raise ValueError("no such thing")

    with pytest.raises(ValueError, match="no such thing"):
        asked(client, Bad(*create(client)))

    assert asked(client, listing(client)).get(timeout=10) == []
    assert states == []


def test_requests_together(client, zk_proxy):
    """What is asked for together is answered in order."""
    requests = [create(client, str(number)) for number in range(5)] + [listing(client)]
    results = [client.handler.async_result() for _ in requests]
    wire_of(client).call(*zip(requests, results, strict=True))

    assert sorted(results[-1].get(timeout=10)) == list("01234")


def test_many_queued_requests(client):
    """They are sent together, whatever kazoo's own handler or ours, and none is left."""
    results = [client.set_async("/q", str(number).encode()) for number in range(3000)]

    assert [each.get(timeout=20).version for each in results] == list(range(1, 3001))


def test_not_on_what_encrypts():
    """A TLS socket is used by the connection thread alone, and what nobody knows as well."""
    context = ssl.create_default_context()
    with socket.socket() as plain, context.wrap_socket(socket.socket(), server_hostname="a") as tls:
        assert sending._is_plain(plain)
        assert not sending._is_plain(tls)
    assert not sending._is_plain(object())
    assert not sending._is_plain(None)


def test_a_client_that_was_not_started():
    """The error is kazoo's, as ever."""
    client = KazooClient()
    result = asked(client, listing(client))

    assert isinstance(result.exception, Exception)


def has_arrived(client, count):
    """So many packets are in the socket, and nobody has read them."""
    data = b""
    with suppress(BlockingIOError):
        data = client._connection._socket.recv(65536, socket.MSG_PEEK)
    start = found = 0
    while start + 4 <= len(data):
        start += 4 + int.from_bytes(data[start : start + 4], "big")
        found += start <= len(data)
    return found >= count


def test_what_comes_behind_all_that_has_arrived(client):
    """It comes once, when the others have been told, whoever was first."""
    told = []

    class Noting:
        def __init__(self, name, call):
            self.set = lambda _value: call(lambda: told.append(name))

    busy = Busy(client)
    wire = wire_of(client)
    wire.call((listing(client), Noting("late", wire.behind_arrivals)))
    wire.call((listing(client), Noting("at once", lambda tell: tell())))
    wait_until(lambda: has_arrived(client, 2))
    wire.behind_arrivals(lambda: told.append("another thread"))  # for which nobody would look
    assert told == ["another thread"]
    busy.let_go()

    wait_until(lambda: told == ["another thread", "at once", "late"])
