"""What is asked for at a time is bounded by bytes; what takes long is waited for while it comes."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zktools._live.bounds import FIRST, LARGEST, REPLY, Sizes
from zktools._live.found import entry_of
from zktools.configuration import Configuration
from zktools.node import NodeDict
from zktools.testing import Op
from zktools.values import Raw


def steps_of(sizes):
    """Reading nodes of these sizes in steps: the bytes that come with each."""
    known, at = Sizes(), 0
    while at < len(sizes):
        count = max(1, REPLY // max(1, known.estimate(None)))
        step = sizes[at : at + count]
        for size in step:
            known.learn(size)
        at += count
        yield sum(step)


@given(st.integers(0, LARGEST), st.integers(1, 3000))
def test_nodes_that_are_alike(size, count):
    """Nothing is ever asked for that is much more than the limit, but for the first few."""
    first, *more = steps_of([size] * count)
    assert first <= FIRST * LARGEST
    assert all(step <= REPLY for step in more)


def test_small_nodes_take_few_steps():
    """Ten thousand of them come in about six."""
    assert len(list(steps_of([20] * 10_000))) <= 7


@pytest.mark.slow
@settings(max_examples=20)
@given(st.randoms(use_true_random=False), st.integers(1, 20))
def test_some_large_ones_among_small_ones(random, percent):
    """In an order that has nothing to do with sizes, no step is anywhere near all of it."""
    sizes = [LARGEST if random.randrange(100) < percent else 10 for _ in range(2000)]
    assert max(steps_of(sizes)) < 25_000_000


def test_a_folder_of_large_nodes(zk, zk_client_factory, zk_proxy, wire):
    """It is read in several replies, each such that a server can bear it; then it is all there."""
    zk.ensure_path("/big")
    for number in range(30):
        zk.create(f"/big/k{number}", b"x" * 200_000)
    far = zk_client_factory(zk_proxy.hosts, timeout=10.0)
    before = zk_proxy.requests
    big = NodeDict(far, "/big", codec=Raw())
    sent = zk_proxy.requests - before

    assert len(big) == 30
    assert sum(map(len, big.values())) == 30 * 200_000
    assert sent[Op.MULTI_READ] >= 3 or wire == "public"  # the folder, the first few, the rest


@pytest.mark.slow
def test_loading_takes_as_long_as_something_comes(zk, zk_client_factory, zk_proxy, monkeypatch):
    """A session timeout is for silence, not for the whole of it."""
    monkeypatch.setattr("zktools._live.multi_reader.NODES", 2)
    zk.ensure_path("/many")
    for number in range(16):
        zk.create(f"/many/k{number}", b"1")
    far = zk_client_factory(zk_proxy.hosts, timeout=2.0)
    monkeypatch.setattr("zktools._live.multi_reader.WINDOW", 1)
    zk_proxy.delay(0.15)
    many = NodeDict(far, "/many")  # nine round trips of 0.3 s
    zk_proxy.delay(0)
    assert len(many) == 16


def test_a_deep_tree_is_read_once(zk, monkeypatch):
    """Each level is found by the one above; what was read is not read again for it."""
    depth = 60
    zk.ensure_path("/deep" + "/n" * depth)
    read = []

    def note(path, *args):
        read.append(path)
        return entry_of(path, *args)

    monkeypatch.setattr("zktools._live.intake.entry_of", note)
    config = Configuration(zk, "/deep")

    assert len(config._live._moments.known) == depth + 1
    assert len(read) <= 2 * depth
