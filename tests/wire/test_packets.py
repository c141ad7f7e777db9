"""Requests for many nodes, and replies, against what kazoo makes of one at a time."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kazoo.exceptions import NoNodeError
from kazoo.protocol.serialization import write_string
from kazoo.protocol.states import ZnodeStat

from zktools._engine.listing import names_in
from zktools._engine.record import (
    czxid_of,
    data_of,
    mzxid_of,
    owner_of,
    record_of,
    stat_of,
    version_of,
)
from zktools._engine.session import session_of
from zktools._engine.wire import packets

PATHS = st.lists(
    st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])).map("/{}".format)
)


@given(PATHS, PATHS)
def test_a_multi_read(data, children):
    """Each operation is as the protocol has it, in the order that was asked for."""
    wanted = b"".join(
        struct.pack("!iBi", opcode, 0, -1) + write_string(path) + b"\0"
        for opcode, paths in ((4, data), (8, children))
        for path in paths
    )
    assert packets.multi_read(data, children) == wanted + struct.pack("!iBi", -1, 1, -1)


@given(st.integers(0, 2**62), PATHS, PATHS)
def test_set_watches(zxid, data, child):
    """Each list has all of its paths, in whatever order."""
    packet = packets.set_watches(zxid, data, [], child)
    assert struct.unpack_from("!q", packet) == (zxid,)
    at = 8
    for paths in (data, [], child):
        found = []
        (count,) = struct.unpack_from("!i", packet, at)
        at += 4
        for _ in range(count):
            (length,) = struct.unpack_from("!i", packet, at)
            found.append(packet[at + 4 : at + 4 + length].decode())
            at += 4 + length
        assert sorted(found) == sorted(paths)
    assert at == len(packet)


def test_what_a_server_answers(zk):
    """Data, no data, a node that is missing, and listings, the last of them too."""
    zk.create("/a", b"data")
    zk.create("/b", b"")
    zk.create("/a/x", b"")
    zk.create("/a/ü", b"", ephemeral=True)

    wire = session_of(zk).wire
    if not wire.able:
        pytest.skip("there is no such request")
    results, zxid = wire.multi_read(
        ["/a", "/none", "/b", "/a/ü"], ["/a", "/none", "/b", "/a"]
    ).get()

    data, stat = zk.get("/a")
    record = results[0]
    assert (data_of(record), stat_of(record)) == (data, stat)
    numbers = (czxid_of(record), mzxid_of(record), version_of(record), owner_of(record))
    assert numbers == (stat.czxid, stat.mzxid, stat.version, 0)
    assert zxid >= stat.pzxid
    assert isinstance(results[1], NoNodeError)
    assert data_of(results[2]) == b""
    assert owner_of(results[3]) == zk.client_id[0]
    assert sorted(names_in(results[4])) == sorted(names_in(results[7])) == ["x", "ü"]
    assert isinstance(results[5], NoNodeError)
    assert names_in(results[6]) == []


def test_a_record():
    """It gives back what it was made of, to the largest numbers."""
    stat = ZnodeStat(2**63 - 1, -1, 3, 4, -5, 2**31 - 1, 7, -(2**63), 9, 10, 11)
    record = record_of(b"xyz", stat)
    assert (data_of(record), stat_of(record)) == (b"xyz", stat)
    numbers = (czxid_of(record), mzxid_of(record), version_of(record), owner_of(record))
    assert numbers == (stat.czxid, stat.mzxid, stat.version, stat.ephemeralOwner)
