"""Hypothesis stores with records and others write without: no version is told as it was not."""

import itertools
from contextlib import suppress

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from kazoo.exceptions import NoNodeError, NotEmptyError

from zktools._configuration.tree import flatten, parents
from zktools.configuration import Configuration

pytestmark = pytest.mark.slow
KEYS = ["a", "b", "s/x", "s/y", "s", "t/u/deep"]
KEY = st.sampled_from(KEYS)
SOME = st.sets(KEY, min_size=1, max_size=3)
STORE = st.tuples(st.just("store"), SOME)
REMOVE = st.tuples(st.just("remove"), SOME)
WRITE = st.tuples(st.just("write"), KEY)
DELETE = st.tuples(st.just("delete"), KEY)
COUNT = itertools.count()


class World:
    """A configuration with a history, somebody who knows nothing of it, and what there was."""

    def __init__(self, zk, other):
        self.root = f"/truth{next(COUNT)}"
        self.other = other
        self.config = Configuration(zk, self.root, history=100)
        self.versions = {}
        self.number = 0

    def store(self, keys):
        """With a record."""
        self.number += 1
        self.note(lambda: self.config.store(dict.fromkeys(keys, self.number)))

    def remove(self, keys):
        """With a record."""
        self.note(lambda: self.config.store({}, remove=keys))

    def note(self, store):
        """Keep what there is after a store, under the version that it made."""
        before = len(self.config.history())
        store()
        history = self.config.history()
        if len(history) > before:
            self.versions[history[0].version] = flatten(self.config.load())

    def write(self, key):
        """Without one."""
        self.number += 1
        self.other.ensure_path(f"{self.root}/{key}")
        self.other.set(f"{self.root}/{key}", b"%d" % self.number)

    def delete(self, key):
        """Without one, with all below."""
        with suppress(NoNodeError, NotEmptyError):
            self.other.delete(f"{self.root}/{key}", recursive=True)

    def check(self):
        """What is told of a version is as it was, and there is a reason for what is not."""
        for version, was in self.versions.items():
            past = self.config.at(version)
            told = flatten(past)
            assert {key: was.get(key) for key in told} == told, version
            missing = was.keys() - told.keys() - past.unknown.keys()
            assert all(past.lost.intersection(parents(key)) for key in missing), version


@settings(
    max_examples=100,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(st.lists(st.one_of(STORE, STORE, REMOVE, WRITE, DELETE), min_size=3, max_size=15))
def test_what_is_told_of_a_version_is_as_it_was(zk, other, steps):
    """Whoever wrote without a record, and whenever."""
    world = World(zk, other)
    for what, argument in steps:
        getattr(world, what)(argument)
    world.check()


@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(st.one_of(STORE, STORE, REMOVE), min_size=3, max_size=12), st.data())
def test_where_all_is_recorded_every_version_can_be_gone_back_to(zk, other, steps, data):
    """Nothing is unknown then, and with `remove` the tree is as it was."""
    world = World(zk, other)
    for what, argument in steps:
        getattr(world, what)(argument)
    if not world.versions:
        return
    version = data.draw(st.sampled_from(sorted(world.versions)))
    assert all(not world.config.at(each).unknown for each in world.versions)
    world.config.rollback(version, remove=True)
    assert flatten(world.config.load()) == world.versions[version]
