"""Many events together are waited for to the last, and then read once; one is read at once."""

import pytest

from tests.live.support import eventually
from zktools.node import NodeDict
from zktools.testing import Op, wait_until

KEYS = [f"k{number:03}" for number in range(100)]


@pytest.fixture
def folder(zk):
    """Keys with a value each, all 0."""
    zk.create("/d")
    write(zk, 0, "create")
    return "/d"


def write(client, value, kind="set_data"):
    """All keys, in one transaction."""
    transaction = client.transaction()
    for key in KEYS:
        getattr(transaction, kind)(f"/d/{key}", b"%d" % value)
    assert not any(isinstance(each, Exception) for each in transaction.commit())


def test_a_transaction_is_read_once(zk, far, zk_proxy, folder, monkeypatch):
    """Whatever time passes between its events, if it is less than a lull."""
    monkeypatch.setattr("zktools._live.lull.MANY", 1)
    monkeypatch.setattr("zktools._live.lull.PAUSE", 0.5)
    monkeypatch.setattr("zktools._live.lull.LONGEST", 60)
    rates = NodeDict(far, folder)
    calls = []
    rates.subscribe(lambda changes: calls.append(len(changes.changed)))
    before = zk_proxy.requests[Op.MULTI_READ]
    write(zk, 1)
    eventually(lambda: calls, [0, len(KEYS)])
    assert zk_proxy.requests[Op.MULTI_READ] - before == 1


def test_one_change_waits_for_nothing(zk, far, folder, monkeypatch):
    """There is nothing to come."""
    monkeypatch.setattr("zktools._live.lull.PAUSE", 600)
    rates = NodeDict(far, folder)
    zk.set(f"{folder}/{KEYS[0]}", b"1")
    eventually(lambda: rates[KEYS[0]], 1)


def test_a_writer_who_never_rests_is_not_waited_for(zk, far, folder, monkeypatch):
    """With news of yet another key in every lull, what has come is read all the same."""
    monkeypatch.setattr("zktools._live.lull.MANY", 1)
    monkeypatch.setattr("zktools._live.lull.PAUSE", 0.5)
    monkeypatch.setattr("zktools._live.lull.LONGEST", 0.1)
    rates = NodeDict(far, folder)
    left = list(KEYS)

    def is_shown():
        zk.set(f"{folder}/{left.pop()}", b"1")
        return 1 in rates.values()

    wait_until(is_shown)
    assert left
