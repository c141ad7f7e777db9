"""Records and values are written together or not at all, whatever happens on the way."""

import contextlib
import random

import pytest

from tests.live.support import eventually
from zktools._configuration.history.folder import folder_of, names_of
from zktools._configuration.history.record import from_bytes
from zktools.configuration import Configuration
from zktools.exceptions import NotConnectedError, ZkToolsError
from zktools.testing import Op, wait_until

PATH = "/c"
REQUESTS = [Op.GET_DATA, Op.GET_CHILDREN, Op.GET_ACL, Op.MULTI, Op.CREATE]


def records(zk):
    """Each with the zxid of the transaction that wrote it, oldest first; from the server."""
    folder = folder_of(PATH)
    children = zk.get_children(folder) if zk.exists(folder) else []
    for name in names_of(children).records:
        data, stat = zk.get(f"{folder}/{name.text}")
        yield from_bytes(name.number, stat.ctime, data, ()), stat.czxid


def check_together(zk):
    """Every value is that of the newest record that has it, and was written with it."""
    expected = {}
    numbers = []
    for record, zxid in records(zk):
        numbers.append(record.version)
        for key, (before, after) in record.changes.items():
            assert before == (expected[key][0] if key in expected else None), record
            expected[key] = (after, zxid)
    assert numbers == list(range(1, len(numbers) + 1))
    there = zk.get_children(PATH) if zk.exists(PATH) else []
    for key, (value, zxid) in expected.items():
        if value is None:
            assert key not in there
            continue
        data, stat = zk.get(f"{PATH}/{key}")
        assert (data, stat.mzxid) == (value, zxid)
    assert {key for key, (value, _) in expected.items() if value is not None} == set(there)
    return len(numbers)


@pytest.mark.parametrize("first", [True, False])
@pytest.mark.parametrize("op", REQUESTS, ids=lambda op: op.name)
def test_a_cut_at_any_request(zk, far, zk_proxy, op, first):
    """The reply to it is lost with the connection: both were stored, or neither."""
    config = Configuration(far, PATH, history=50)
    if not first:
        config.store({"a": 0, "b": 0})
    zk_proxy.drop_reply(op)
    error = None
    try:
        config.store({"a": 1, "b": None})
    except NotConnectedError as raised:
        error = raised
    eventually(lambda: far.connected, True)
    stored = check_together(zk)

    assert stored == (not first) + (error is None or op == Op.MULTI)
    config.store({"a": 2})
    assert check_together(zk) == stored + 1
    assert config.at(stored + 1)["a"] == 2


@pytest.mark.slow
def test_writers_cut_again_and_again(zk, zk_proxy, zk_client_factory):
    """They store, remove and go back; in the end every value has its record."""
    clients = [zk_client_factory(zk_proxy.hosts, timeout=4.0) for _ in range(2)]
    configs = [Configuration(client, PATH, history=500) for client in clients]
    done = []

    def write(config, seed):
        chance = random.Random(seed)
        for number in range(25):
            keys = chance.sample("abcd", 2)
            with contextlib.suppress(ZkToolsError):
                if chance.random() < 0.2:
                    config.store({}, remove=keys)
                elif chance.random() < 0.2 and len(config.history()):
                    config.rollback(chance.choice(config.history()).version)
                else:
                    config.store(dict.fromkeys(keys, f"{seed}-{number}"))
        done.append(seed)

    tasks = [
        client.handler.spawn(write, config, seed)
        for seed, (client, config) in enumerate(zip(clients, configs, strict=True))
    ]
    traps = []
    while len(done) < len(tasks):
        drop = zk_proxy.drop_request if len(traps) % 2 else zk_proxy.drop_reply
        traps.append(drop(Op.MULTI, nth=4))
        wait_until(lambda: traps[-1].caught or len(done) == len(tasks), 60)
    for task in tasks:
        task.join()

    assert len(traps) > 3
    assert check_together(zk) > 10
