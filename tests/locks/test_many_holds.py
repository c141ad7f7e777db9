"""One client that holds very many locks, and whose connection breaks."""

import pytest
from kazoo.security import make_acl

from tests.locks.support import grab
from zktools._engine import looks
from zktools._engine.multi import Result
from zktools._queue.terms import Reason
from zktools.locks import ZkLock
from zktools.testing import Op, wait_until

MANY = 60


@pytest.fixture
def leases(zk_client_factory, zk_proxy):
    """So many, of a client whose session outlives the test."""
    far = zk_client_factory(zk_proxy.hosts, timeout=10.0)
    found = [grab(ZkLock(far, f"l{number}")) for number in range(MANY)]
    wait_until(lambda: _watched(zk_proxy.requests) >= MANY)
    return found


def _watched(made):
    """How often an own node came to be watched."""
    return made[Op.SET_WATCHES] + made[Op.GET_DATA]


def _cut_off(proxy, leases):
    """Until healed; everybody knows."""
    proxy.refuse()
    proxy.cut()
    wait_until(lambda: not leases[0].is_held)


def _all_held(leases):
    return all(lease.is_held for lease in leases)


def test_after_a_break_all_are_looked_at_together(wire, leases, zk_proxy):
    """Two requests for all holds, beside the proof of life; one for each by public calls."""
    before = zk_proxy.requests
    _cut_off(zk_proxy, leases)
    zk_proxy.heal()
    wait_until(lambda: _all_held(leases))

    made = zk_proxy.requests - before
    looked = {op: made[op] for op in (Op.SET_WATCHES, Op.MULTI_READ, Op.GET_DATA) if made[op]}
    together = {Op.SET_WATCHES: 1, Op.MULTI_READ: 1}
    assert looked == (together if wire == "private" else {Op.GET_DATA: MANY})
    assert made[Op.EXISTS] == made[Op.GET_CHILDREN] == 0
    assert made[Op.MULTI] < 6


def test_what_happened_meanwhile_is_seen_by_each(wire, leases, zk, zk_proxy, caplog):
    """Gone, asked, made again, hidden: each hold learns of its own node, and the others go on."""
    _cut_off(zk_proxy, leases)
    gone, asked, again, hidden, *others = leases
    zk.delete(gone.path)
    zk.set(asked.path, b"unlock")
    zk.delete(again.path)
    zk.create(again.path, ephemeral=True)
    zk.set_acls(hidden.path, [make_acl("digest", "nobody:x", all=True)])
    zk_proxy.heal()

    wait_until(lambda: _all_held(others))
    assert gone.lost.wait(5.0)
    assert again.lost.wait(5.0)
    assert gone.reason is again.reason is Reason.DESTROYED
    wait_until(lambda: asked.revoked)
    assert (asked.is_held, asked.reason) == (True, Reason.ASKED)
    wait_until(lambda: f"{hidden.path}: cannot be read" in caplog.text)
    assert not hidden.is_held


def test_all_are_watched_again(wire, leases, zk, zk_proxy):
    """What happens after the break is told at once, of every node."""
    _cut_off(zk_proxy, leases)
    zk_proxy.heal()
    wait_until(lambda: _all_held(leases))
    for lease in leases[::2]:
        zk.set(lease.path, b"unlock")
    for lease in leases[1::2]:
        zk.delete(lease.path)

    wait_until(lambda: all(lease.revoked for lease in leases))
    assert {lease.reason for lease in leases[::2]} == {Reason.ASKED}
    assert {lease.reason for lease in leases[1::2]} == {Reason.DESTROYED}
    assert _all_held(leases[::2])


def test_nothing_is_held_before_the_answer(leases, zk_proxy):
    """The proof of life alone is not enough: the node may be gone."""
    hold = zk_proxy.hold_reply(Op.MULTI_READ)
    zk_proxy.cut()
    hold.wait(5.0)
    assert not any(lease.is_held for lease in leases)

    hold.release()
    wait_until(lambda: _all_held(leases))


def test_a_break_before_the_answer(leases, zk_proxy):
    """All is asked again on the next connection, and once there."""
    hold = zk_proxy.hold_reply(Op.MULTI_READ)
    zk_proxy.cut()
    hold.wait(5.0)
    zk_proxy.cut()
    hold.release()
    before = zk_proxy.requests
    wait_until(lambda: _all_held(leases))

    made = zk_proxy.requests - before
    assert (made[Op.MULTI_READ], made[Op.GET_DATA]) == (1, 0)


def test_a_packet_has_so_many_and_no_more(monkeypatch, leases, zk_proxy):
    """Of very many nodes, and of large ones, each packet has a part."""
    monkeypatch.setattr(looks, "NODES", 25)
    before = zk_proxy.requests
    _cut_off(zk_proxy, leases)
    zk_proxy.heal()
    wait_until(lambda: _all_held(leases))

    assert (zk_proxy.requests - before)[Op.MULTI_READ] == 3


@pytest.mark.parametrize(
    ("path", "size", "packets"), [("/a", 100, 1), ("/a", 200_000, 3), ("/" + "a" * 60_000, 0, 2)]
)
def test_packets_are_bounded_by_bytes(path, size, packets):
    """By those of the paths, and by those that are expected to come back."""
    look = looks.Look(path, size, print, print)

    assert len(list(looks._parts([look] * 12))) == packets


def test_a_server_without_multi_read(leases, zk_proxy, monkeypatch):
    """Then each node is read by itself, on the same connection."""
    were_read = looks.Looks._were_read

    def refused(self, result, *rest):
        were_read(self, Result(None, RuntimeError("no such request")), *rest)

    monkeypatch.setattr(looks.Looks, "_were_read", refused)
    before = zk_proxy.requests
    _cut_off(zk_proxy, leases)
    zk_proxy.heal()
    wait_until(lambda: _all_held(leases))

    assert (zk_proxy.requests - before)[Op.GET_DATA] == MANY
