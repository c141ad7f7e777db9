"""Events that come together are taken together: none is lost, and nothing else is touched."""

import socket
import struct
from collections import Counter

import pytest

from tests.live.support import eventually
from zktools._engine.wire import bursts, packets
from zktools.node import NodeDict

COUNT = 500


def packet(xid, body):
    """As the server sends it."""
    return struct.pack("!iiqi", 16 + len(body), xid, -1, 0) + body


def event(path):
    """What an event says."""
    return struct.pack("!iii", 3, 3, len(path.encode())) + path.encode()


@pytest.fixture
def pair():
    """Two ends of a connection; the one that reads does not block."""
    reader, writer = socket.socketpair()
    reader.setblocking(False)
    with reader, writer:
        yield reader, writer


def test_whole_events_up_to_the_next_reply(pair):
    """A reply stays where it is, and so do events behind it, whose turn is later."""
    reader, writer = pair
    reply = packet(7, b"answer") + packet(-1, event("/later"))
    writer.sendall(packet(-1, event("/a")) + packet(-1, event("/ü")) + reply)

    found = [packets.event(each, 0) for each in bursts.arrived(reader)]

    assert found == [(3, "/a"), (3, "/ü")]
    assert reader.recv(1000) == reply


@pytest.mark.parametrize("left", [1, 3, 10, 21])
def test_an_event_that_is_not_there_whole(pair, left):
    """It is not begun: kazoo reads it, and waits for the rest."""
    reader, writer = pair
    second = packet(-1, event("/second"))[:-left]
    writer.sendall(packet(-1, event("/first")) + second)

    assert [packets.event(each, 0) for each in bursts.arrived(reader)] == [(3, "/first")]
    assert bursts.arrived(reader) == []
    assert reader.recv(1000) == second


def test_where_nothing_is(pair):
    """It does not wait; nor does it tell of the end, which is found by who reads."""
    reader, writer = pair
    assert bursts.arrived(reader) == []
    writer.close()
    assert bursts.arrived(reader) == []


def test_what_it_may_not_look_into():
    """A socket of another kind may have read ahead, or decrypt: it is left alone."""

    class Other(socket.socket):
        pass

    with Other() as other:
        assert bursts.arrived(other) == []


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
