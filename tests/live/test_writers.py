"""Hypothesis drives writers whose views are late, among ACLs that come and go, against the server.

One step after the other is done by one of two clients behind slow links, or by somebody near who
may do everything. What the server has before and after each step, with its zxids, says what the
step may have done, and whom it had to refuse: nothing acknowledged is lost, nothing that was not
done is reported as done, nothing is removed that could not be seen.
"""

import itertools
from contextlib import suppress
from typing import NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from kazoo.exceptions import NoNodeError
from kazoo.security import OPEN_ACL_UNSAFE

from zktools._configuration.tree import flatten, is_within, parents
from zktools._engine.steps import run
from zktools.configuration import Configuration
from zktools.exceptions import AccessDeniedError, ConflictError, InvalidValueError
from zktools.testing import Proxy, wait_until
from zktools.values import Json

pytestmark = [
    pytest.mark.usefixtures("wire"),
    pytest.mark.slow,
    # kazoo's threads draw their jitter from `random` while Hypothesis draws steps.
    pytest.mark.filterwarnings("ignore:Do not use the `random` module"),
]

LATE = 0.08  # seconds from the server to a client: many writes of who is near
KEYS = ["a", "b", "b/x", "b/y", "c/z"]
BROKEN = b"{"
COUNT = itertools.count()

some = st.sets(st.sampled_from(KEYS), max_size=3)
who = st.integers(0, 1)
NEAR = st.tuples(
    st.sampled_from(["write", "write", "delete", "again", "hide", "open", "break"]),
    st.sampled_from(KEYS),
)
STORE = st.tuples(
    st.just("store"), who, some, st.sampled_from(["", "replace", "remove"]), some, st.booleans()
)
LOAD = st.tuples(st.just("load"), who)


class Node(NamedTuple):
    """What the server has."""

    data: bytes
    czxid: int
    mzxid: int
    version: int
    is_value: bool


class World:
    """A tree, two clients that follow it from afar, and somebody near who may do everything."""

    def __init__(self, root, clients, secret):
        self.path = f"/world{next(COUNT)}"
        self.root, self.secret = root, secret
        root.create(self.path)
        self.configs = [Configuration(client, self.path, codec=Json()) for client in clients]
        self.held = [(config.version, {}) for config in self.configs]
        self.hidden, self.once_hidden = set(), set()
        self.number = 0

    def truth(self):
        """Every key that is there, straight from the server."""
        found, names = {}, [""]
        for key in names:
            path = f"{self.path}/{key}" if key else self.path
            with suppress(NoNodeError):
                data, stat = self.root.get(path)
                children = self.root.get_children(path)
                is_value = bool(data) or not (children or not key)
                found[key] = Node(data, stat.czxid, stat.mzxid, stat.version, is_value)
                names += [f"{key}/{name}" if key else name for name in children]
        return found

    # -- somebody near -------------------------------------------------------------------------

    def _put(self, key, data, acl=OPEN_ACL_UNSAFE):
        path = f"{self.path}/{key}"
        self.root.ensure_path(path.rpartition("/")[0])
        if not self.root.exists(path):
            self.root.create(path, data, acl=acl)
        else:
            self.root.set(path, data)

    def _remove(self, key):
        if self.root.exists(f"{self.path}/{key}"):
            self.root.delete(f"{self.path}/{key}", recursive=True)
        self.hidden -= {each for each in KEYS if is_within(each, key)}

    def write(self, key):
        """A new value."""
        self.number += 1
        self._put(key, b"%d" % self.number)

    def delete(self, key):
        """With all below it."""
        self._remove(key)

    def again(self, key):
        """The same key, another node, and if it had been written once, the same version."""
        self._remove(key)
        self.write(key)

    def hide(self, key):
        """Another node, which nobody else may read or write."""
        self._remove(key)
        self.number += 1
        self._put(key, b"%d" % self.number, self.secret)
        self.hidden.add(key)
        self.once_hidden.add(key)

    def open(self, key):
        """Let everybody read it again."""
        if key in self.hidden:
            self.root.set_acls(f"{self.path}/{key}", OPEN_ACL_UNSAFE)
            self.hidden.discard(key)

    def break_(self, key):
        """Write what is no JSON."""
        self._put(key, BROKEN)

    # -- those who are far ---------------------------------------------------------------------

    def load(self, client):
        """Keep what is shown, and its version, for a store to come."""
        tree = self.configs[client].load()
        self.held[client] = (tree.version, flatten(tree))

    def store(self, client, keys, mode, others, is_versioned):
        """Store, and compare."""
        self.number += 1
        config = self.configs[client]
        wanted = dict.fromkeys(keys, self.number)
        if len(keys) == 1 and not is_versioned:  # perhaps what is there already
            wanted = {key: config.copy().get(key, self.number) for key in keys}
        removed = frozenset(others) if mode == "remove" else frozenset()
        version, seen = self.held[client]
        before = self.truth()
        try:
            made = config.store(
                wanted,
                replace=mode == "replace",
                remove=removed,
                version=version if is_versioned else None,
            )
        except (ConflictError, AccessDeniedError, InvalidValueError) as error:
            refusal = error
        else:
            refusal = None
        if refusal is not None:
            assert self.truth() == before, refusal
            self._check_refusal(refusal, wanted, removed, before, is_versioned)
            return
        after = self.truth()
        if is_versioned:
            concerned = (
                before.keys() if mode == "replace" else {*wanted, *self._within(before, removed)}
            )
            self._check_nobody_overruled(before, concerned, version, seen, wanted, mode)
        self._check_values(wanted, mode, removed, before, after)
        changed = {each.mzxid for key, each in after.items() if before.get(key) != each}
        assert changed <= {made}, (changed, made)
        self.held[client] = (made, {key: None for key, each in after.items() if each.is_value})

    def _within(self, before, removed):
        return {key for key in before if removed & {key, *parents(key)}}

    def _check_refusal(self, error, wanted, removed, before, is_versioned):
        if isinstance(error, AccessDeniedError):
            # What was hidden may be thought to be so for a while.
            touched = {each for key in wanted for each in (key, *parents(key))}
            touched |= self._within(dict.fromkeys(KEYS), removed)
            assert touched & self.once_hidden, error
        elif isinstance(error, InvalidValueError):
            assert any(before[key].data == BROKEN for key in self._within(before, removed)), error
        else:
            assert is_versioned or self.once_hidden, error

    def _check_nobody_overruled(self, before, concerned, version, seen, wanted, mode):
        for key in concerned - self.hidden:
            if key in before and key and before[key].data != BROKEN:
                assert before[key].mzxid <= version, (key, before[key], version)
        gone = seen.keys() - before.keys()
        if mode != "replace":
            gone &= {*wanted}
        assert not gone, (gone, version)

    def _check_values(self, wanted, mode, removed, before, after):
        values = {key: each.data for key, each in after.items() if each.is_value}
        stay = {key: each.data for key, each in before.items() if each.is_value}
        unseen = {key for key, data in stay.items() if key in self.hidden or data == BROKEN}
        perhaps = self.once_hidden
        if mode == "replace":
            stay = {key: data for key, data in stay.items() if key in unseen | perhaps}
        going = self._within(stay, removed)
        stay = {key: data for key, data in stay.items() if key not in going}
        expected = stay | {key: b"%d" % value for key, value in wanted.items()}
        for key, data in expected.items():
            is_section = any(is_within(each, key) and each != key for each in after)
            if key in perhaps - self.hidden and mode == "replace" and key not in wanted:
                continue
            assert values.get(key, b"" if is_section else None) == data, (key, values, expected)
        assert values.keys() <= expected.keys(), (values, expected)

    def settle(self):
        """All see what is there; of what they may not read only that."""
        # No watch tells of an ACL that was changed.
        paths = [f"{self.path}/{key}" for key in self.once_hidden]
        for config in self.configs:
            run(config._catching_up(paths, "looking again"))
            wait_until(lambda config=config: self._is_right(config), 30, what=f"{self.truth()}")

    def _is_right(self, config):
        truth = self.truth()
        readable = {
            key: int(each.data) if each.data else None
            for key, each in truth.items()
            if each.is_value and key not in self.hidden and each.data != BROKEN
        }
        errors = {key for key, each in truth.items() if key in self.hidden or each.data == BROKEN}
        # What is below a section that may not be listed is seen by who knew of it, if by anybody.
        below = {key for key in truth if any(each in self.hidden for each in parents(key))}
        shown = config.copy()
        return (
            shown.items() <= readable.items()
            and readable.keys() - shown.keys() <= below
            and set(config.errors) | below == errors | below
        )

    def close(self):
        """End."""
        for config in self.configs:
            config.close()


@pytest.mark.slow
@settings(
    max_examples=8,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(st.lists(st.one_of(NEAR, NEAR, STORE, STORE, LOAD), min_size=6, max_size=14))
@pytest.mark.timeout(240)
def test_late_writers_do_what_they_say_or_nothing(
    root, zk_hosts, zk_client_factory, secret, far_clients, steps
):
    """Whatever happens meanwhile; and in the end everybody sees what is there."""
    world = World(root, far_clients, secret)
    for what, *arguments in steps:
        getattr(world, "break_" if what == "break" else what)(*arguments)
    world.settle()
    world.close()


@pytest.fixture
def far_clients(zk_hosts, zk_client_factory):
    """Two clients that hear late of what the server does."""
    with Proxy(zk_hosts) as one, Proxy(zk_hosts) as other:
        clients = [zk_client_factory(proxy.hosts, timeout=10.0) for proxy in (one, other)]
        for proxy in (one, other):
            proxy.delay(to_client=LATE)
        yield clients
        for proxy in (one, other):
            proxy.delay(0)
        for client in clients:
            client.stop()
