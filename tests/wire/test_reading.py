"""What has arrived together is read together: nothing is lost, nor kept back."""

import socket
import struct
from collections import Counter

import pytest
from kazoo.exceptions import ConnectionDropped

from tests.live.support import eventually
from zktools._engine.wire.reading import _Reading
from zktools.handlers import ThreadingHandler
from zktools.node import NodeDict

COUNT = 500


def packet(body):
    """As the server sends it."""
    return struct.pack("!i", len(body)) + body


class Reader(_Reading):
    """A connection's reading half, on a socket that does not block."""

    def __init__(self, sock):
        self._socket = sock

    def _read(self, size, timeout):
        """As kazoo's: all of it, within so many seconds."""
        self._socket.settimeout(timeout)
        part = self._socket.recv(size, socket.MSG_WAITALL)
        self._socket.setblocking(False)
        return part

    def read(self):
        """What has arrived."""
        return list(self._zktools_packets(10))


@pytest.fixture
def pair():
    """A reader, and the other end of its connection."""
    mine, theirs = socket.socketpair()
    mine.setblocking(False)
    with mine, theirs:
        yield Reader(mine), theirs


PACKETS = [b"first one of several", b"2", bytes(100_000), b"", b"last"]


def test_all_that_has_arrived(pair):
    """Packets are told apart, whatever they are long."""
    reader, writer = pair
    small = [each for each in PACKETS if len(each) < 100]
    writer.sendall(b"".join(map(packet, small)))

    assert reader.read() == small


@pytest.mark.parametrize("there", [1, 3, 4, 5, 30])
def test_the_rest_of_the_last_is_waited_for(pair, there):
    """A packet of which a part has arrived is read to its end, and no further."""
    reader, writer = pair
    sent = packet(PACKETS[0]) + packet(bytes(100_000))
    writer.sendall(packet(b"whole") + sent[:there])
    mine = reader._socket

    class Later:
        """The socket, which gets the rest when it is asked again."""

        def recv(self, size, *args):
            data = mine.recv(size, *args)
            handler.spawn(lambda: writer.sendall(sent[there:]))
            reader._socket = mine
            return data

    handler = ThreadingHandler()
    reader._socket = Later()
    found = reader.read()
    while len(found) < 3:
        mine.setblocking(True)
        found += reader.read()

    assert found == [b"whole", PACKETS[0], bytes(100_000)]


def test_nothing_is_there(pair):
    """What was said to be there, and is not, is not waited for."""
    assert pair[0].read() == []


def test_the_end(pair):
    """It is told as kazoo tells it."""
    reader, writer = pair
    writer.close()
    with pytest.raises(ConnectionDropped, match="broken"):
        reader.read()


def test_watchers_of_the_program_itself_in_a_burst(zk, other):
    """Each is told once, by kazoo as ever, whatever zktools follows; and that shows all of it."""
    names = [f"k{number:03}" for number in range(COUNT)]
    zk.create("/burst", b"")
    zk.create("/burst/before", b"")
    for name in names:
        zk.create(f"/burst/{name}", b"0")
    told = Counter()
    for name in names:
        zk.get(f"/burst/{name}", watch=lambda event: told.update([event.path]))
    folder = NodeDict(zk, "/burst")
    request = other.transaction()
    for name in names:
        request.set_data(f"/burst/{name}", b"1")
    request.commit()

    eventually(lambda: sum(folder[name] for name in names), COUNT)
    eventually(lambda: told, Counter(f"/burst/{name}" for name in names))


def test_a_burst_takes_few_looks(zk_client_factory, other, zk_handler):
    """The events of a transaction are not asked for one by one."""
    looks = []

    class Counting(zk_handler):
        def create_connection(self, *args, **options):
            made = super().create_connection(*args, **options)
            return Noting(made.family, made.type, made.proto, fileno=made.detach())

    class Noting(socket.socket):
        def recv(self, *args):
            looks.append(args)
            return super().recv(*args)

    zk = zk_client_factory(handler=Counting)
    names = [f"k{number:03}" for number in range(COUNT)]
    other.create("/burst", b"")
    for name in names:
        other.create(f"/burst/{name}", b"0")
    folder = NodeDict(zk, "/burst")
    looks.clear()
    request = other.transaction()
    for name in names:
        request.set_data(f"/burst/{name}", b"1")
    request.commit()

    eventually(lambda: sum(folder[name] for name in names), COUNT)
    assert len(looks) < COUNT / 2  # kazoo takes two a packet
