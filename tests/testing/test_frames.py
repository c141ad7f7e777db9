import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zktools.testing import Op
from zktools.testing._frames import Dialogue, Splitter


@pytest.mark.slow
@given(payloads=st.lists(st.binary(max_size=60)), data=st.data())
def test_frames_are_found_however_the_stream_is_cut(payloads, data):
    """Every frame comes out once, whole and in order, wherever TCP happens to cut."""
    frames = [struct.pack("!i", len(payload)) + payload for payload in payloads]
    stream = b"".join(frames)
    splitter, found, start = Splitter(), [], 0
    while start < len(stream):
        end = data.draw(st.integers(start + 1, len(stream)))
        found += splitter.feed(stream[start:end])
        start = end

    assert found == frames
    assert splitter.framed


@pytest.mark.parametrize("start", [b"ruok", b"mntr", b"\x16\x03\x01\x02\x00\x01"])
def test_what_is_not_framed_passes(start):
    """Four-letter words and TLS are handed on as they come."""
    splitter = Splitter()

    assert splitter.feed(start) == [start]
    assert splitter.feed(b"\0\0") == [b"\0\0"]
    assert not splitter.framed


def test_replies_know_their_requests():
    """Replies are matched by xid, also the xids that several requests share; events are unasked."""
    talk = Dialogue(1)
    opening = talk.request(b"opening")
    assert talk.reply(b"opened").request is opening

    create = talk.request(_request(1, Op.CREATE, "/a"))
    pings = [talk.request(struct.pack("!ii", -2, Op.PING)) for _ in range(2)]
    event = talk.reply(_reply(-1, 0))

    assert (event.op, event.request, event.path) == (Op.EVENT, None, None)
    for ping in pings:
        assert talk.reply(_reply(-2, 0)).request is ping
    created = talk.reply(_reply(1, -110))
    assert (created.op, created.request, created.path) == (Op.CREATE, create, "/a")
    assert (create.error, created.error) == (None, -110)


def test_unknown_requests_are_counted_by_number():
    """A request of a kind that has no name here is no error."""
    talk = Dialogue(1)
    talk.request(b"opening")

    assert talk.request(struct.pack("!ii", 1, 4711)).op == 4711


def _request(xid, op, path):
    return struct.pack("!iii", xid, op, len(path)) + path.encode()


def _reply(xid, error):
    return struct.pack("!iqi", xid, 99, error)


def test_a_reply_that_nobody_asked_for():
    """It goes on its way; a server that ends a session says such things at times."""
    talk = Dialogue(1)
    talk.request(b"opening")
    talk.reply(b"opened")
    frame = talk.reply(struct.pack("!iqi", -2, 0, 0))

    assert frame.request is None
    assert frame.kind == "reply"
    assert frame.op not in set(Op)
