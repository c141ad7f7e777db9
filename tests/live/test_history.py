"""Hypothesis writes, deletes, cuts and ends sessions; what is shown is compared with the history.

One step after the other is done by a client of its own, which notes what there was after each
transaction. Every view that a subscriber is given on the way must be one of those, in their order;
and the last view must be the last of them.
"""

import itertools
from contextlib import suppress

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from zktools.configuration import Configuration
from zktools.testing import expire_session, wait_until

pytestmark = [
    pytest.mark.usefixtures("wire"),
    # kazoo's threads draw their jitter from `random` while Hypothesis draws steps.
    pytest.mark.filterwarnings("ignore:Do not use the `random` module"),
]

KEYS = ["a", "b", "c/x", "c/y", "c/z/deep"]
WRITE = st.tuples(st.just("write"), st.sets(st.sampled_from(KEYS), min_size=1, max_size=3))
DELETE = st.tuples(st.just("delete"), st.sets(st.sampled_from(KEYS), min_size=1, max_size=3))
FAULT = st.tuples(st.sampled_from(["cut", "expire", "settle"]), st.none())
COUNT = itertools.count()


class World:
    """A tree, the history of it, and a configuration behind a proxy that follows it."""

    def __init__(self, zk, far, proxy):
        self.root = f"/world{next(COUNT)}"
        self.zk, self.far, self.proxy = zk, far, proxy
        self.values = {}
        self.history = [{}]
        self.shown = []
        self.number = 0
        zk.create(self.root)
        self.config = Configuration(far, self.root)
        self.config.subscribe(lambda _: self.shown.append(self.config.copy()))

    def write(self, keys):
        """Write `keys`, all alike, in one transaction, with the sections above them."""
        self.number += 1
        transaction = self.zk.transaction()
        there = set(self.values) | self.sections(self.values)
        for key in sorted(keys | self.sections(keys), key=len):
            if key in there and key in keys:
                transaction.set_data(f"{self.root}/{key}", b"%d" % self.number)
            elif key not in there:
                transaction.create(
                    f"{self.root}/{key}", b"%d" % self.number if key in keys else b""
                )
        self.commit(transaction, self.values | dict.fromkeys(keys, self.number))

    def delete(self, keys):
        """Delete those of `keys` that are there, with sections left empty, in one transaction."""
        left = {key: value for key, value in self.values.items() if key not in keys}
        gone = (set(self.values) | self.sections(self.values)) - set(left) - self.sections(left)
        transaction = self.zk.transaction()
        for key in sorted(gone, key=len, reverse=True):
            transaction.delete(f"{self.root}/{key}")
        if gone:
            self.commit(transaction, left)

    @staticmethod
    def sections(keys):
        """The keys above `keys`."""
        return {key[:i] for key in keys for i in range(len(key)) if key[i] == "/"}

    def commit(self, transaction, values):
        """Send it, and note what there is afterwards."""
        for result in transaction.commit():
            assert not isinstance(result, Exception), result
        self.values = values
        self.history.append(values)

    def cut(self, _):
        """Break the connection."""
        self.proxy.cut()

    def expire(self, _):
        """End the session, unless it is just being taken to another connection."""
        wait_until(lambda: self.far.client_id is not None)
        with suppress(ConnectionError):
            expire_session(self.far, hosts="{}:{}".format(*self.zk.hosts[0]))

    def settle(self, _):
        """Let the follower catch up."""
        wait_until(lambda: self.config.copy() == self.values, what=f"{self.values}")

    def check(self):
        """Every view was a moment of the history, and they were in its order."""
        moments = iter(self.history)
        for view in self.shown:
            assert any(view == moment for moment in moments), (view, self.history)


@pytest.mark.slow
@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(st.lists(st.one_of(WRITE, WRITE, DELETE, FAULT), min_size=5, max_size=25))
def test_every_view_is_a_moment_of_the_history(zk, far, zk_proxy, steps):
    """Whatever happens, views are consistent, go forwards, and end at what the server has."""
    world = World(zk, far, zk_proxy)
    for what, keys in steps:
        getattr(world, what)(keys)
    world.settle(None)
    world.config.close()
    world.check()
