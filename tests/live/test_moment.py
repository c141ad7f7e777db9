"""Whatever is shown is one moment of the server: checked against the history of a modelled tree.

The model follows ZooKeeper's rules for zxids, versions and listings; passes follow the protocol
that `zktools._live.moment` describes. Everything else, when transactions come and how far events
have got, is up to Hypothesis.
"""

from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from kazoo.protocol.states import ZnodeStat

from zktools._engine.listing import listing_of
from zktools._engine.record import record_of
from zktools._live.entry import Wants
from zktools._live.found import Found, entry_of
from zktools._live.moment import Moments, child
from zktools.values import Raw

ROOT = "/r"
NAMES = ["/r/a", "/r/b", "/r/a/x", "/r/a/y", "/r/b/z"]


def make_entry(node):
    """What a reader keeps of a modelled node."""
    zero = ZnodeStat(*[0] * 11)
    numbers = {name: value for name, value in vars(node).items() if name in zero._fields}
    found = Found(record_of(b"", zero._replace(**numbers)), listing_of(sorted(node.children)))
    return entry_of("", found, Wants(data=True, children=True), Raw(), None)


class Tree:
    """A modelled server: what was there after each zxid."""

    def __init__(self):
        self.zxid = 1
        self.nodes = {}
        self.history = []
        self.changed = []
        self._create(ROOT)
        self._commit()

    def _create(self, path):
        self.nodes[path] = SimpleNamespace(
            czxid=self.zxid,
            mzxid=self.zxid,
            pzxid=self.zxid,
            version=0,
            cversion=0,
            children=set(),
        )
        self._list(path, "add")

    def _list(self, path, what):
        above, _, name = path.rpartition("/")
        self.changed.append(path)
        if above in self.nodes:
            parent = self.nodes[above]
            getattr(parent.children, what)(name)
            parent.pzxid = self.zxid
            parent.cversion += 1
            self.changed.append(above)

    def _delete(self, path):
        for name in list(self.nodes[path].children):
            self._delete(child(path, name))
        self._list(path, "discard")
        del self.nodes[path]

    def _commit(self):
        shown = {path: (node.czxid, node.mzxid) for path, node in self.nodes.items()}
        self.history.append(shown)

    def snapshot(self, path):
        """The node at `path` as it is now."""
        node = self.nodes.get(path)
        return node and SimpleNamespace(**vars(node) | {"children": set(node.children)})

    def transact(self, steps):
        """One transaction; answers the paths whose watches fire."""
        self.zxid += 1
        self.changed = []
        for path, delete in steps:
            if path in self.nodes and delete:
                self._delete(path)
            elif path in self.nodes:
                self.nodes[path].version += 1
                self.nodes[path].mzxid = self.zxid
                self.changed.append(path)
            elif path.rpartition("/")[0] in self.nodes:
                self._create(path)
        self._commit()
        return self.changed


class Follower:
    """Reads the tree in passes, and checks every moment that it is given to show."""

    def __init__(self, tree):
        self.tree = tree
        self.moments = Moments(ROOT)
        self.dirty = {ROOT}
        self.armed = set()
        self.view = {}
        self.at = -1
        self.number = 0

    def transact(self, steps, reading=()):
        """One transaction; what it fires is dirty, but for what is being read."""
        for path in self.tree.transact(steps):
            if path in self.armed:
                self.armed.discard(path)
                if path not in reading:
                    self.dirty.add(path)

    def listed(self, path):
        """Whether the known listings lead to `path`."""
        parent = self.moments.known.get(path.rpartition("/")[0])
        return path == ROOT or (parent is not None and path.rpartition("/")[2] in parent.children)

    def take(self, path, node, new):
        """Stage what was found at `path`; what its listing brings goes to `new`."""
        if not self.listed(path):
            return
        known = self.moments.known.get(path)
        if node is None:
            self.drop(path)
            if path != ROOT:
                self.dirty.add(path)  # it is listed: by an older listing, or by a newer one
            return
        entry = make_entry(node)
        if known is not None and (known.since, known.czxid) == (entry.since, entry.czxid):
            entry = known
        old = known.children if known else frozenset()
        for name in old - entry.children:
            self.drop(child(path, name))
        paths = {child(path, name) for name in entry.children}
        new |= {each for each in paths if each not in self.moments.known}
        self.moments.stage(path, entry)

    def drop(self, path):
        """`path` is gone, with all below it."""
        entry = self.moments.known.get(path)
        for name in entry.children if entry else ():
            self.drop(child(path, name))
        self.moments.stage(path, None)
        if path != ROOT:
            self.dirty.discard(path)

    def run_exact_pass(self, before, after):
        """Everything at one moment, `before` having come since it was asked for, `after` since."""
        reading, self.dirty = self.dirty, set()
        for steps in before:
            self.transact(steps, reading)
        zxid = self.tree.zxid
        found = {path: self.tree.snapshot(path) for path in reading}
        unseen = len(self.tree.history)
        for steps in after:  # events overtake the reply
            self.transact(steps, reading)
        new = set()
        for path in sorted(reading, key=len):
            self.take(path, found[path], new)
        self.dirty |= new - reading
        self.arm(reading, unseen)
        self.advance(zxid, reading)

    def arm(self, paths, since):
        """Arm watches relative to a moment: what has changed since then fires at once."""
        for path in paths:
            if path in self.moments.known or path == ROOT:
                self.armed.add(path)
        self.late = [
            path
            for path in paths
            if any(
                self.tree.history[i].get(path) != self.tree.history[since - 1].get(path)
                or self.children_at(i, path) != self.children_at(since - 1, path)
                for i in range(since, len(self.tree.history))
            )
        ]

    def children_at(self, index, path):
        """The children of `path` at some point of the history."""
        return {each for each in self.tree.history[index] if each.rpartition("/")[0] == path}

    def run_public_pass(self, between, *, upwards=False):
        """One node after the other, in any order; each read arms its own watch."""
        reading, self.dirty = self.dirty, set()
        found, new = {}, set()
        gaps = iter(between)
        for path in sorted(reading, key=len, reverse=upwards):
            for steps in next(gaps, ()):
                self.transact(steps)
            node = found[path] = self.tree.snapshot(path)
            if node is not None or path == ROOT:
                self.armed.add(path)
        for path in sorted(reading, key=len):
            self.take(path, found[path], new)
        self.dirty |= {path for path in new - reading if self.listed(path)}
        self.late = []
        self.advance(None, reading)

    def advance(self, zxid, reading):
        """End a pass, and check the moment that is shown after it, if there is one."""
        self.number += 1
        shown = self.moments.advance(self.number, zxid, self.dirty, reading)
        for path in self.late:  # these fire once armed, after the reply was processed
            if path in self.armed:
                self.armed.discard(path)
                self.dirty.add(path)
        if shown is None:
            return
        for path, new in shown.changes.items():
            if new is None:
                del self.view[path]  # it was shown: nothing goes twice
            else:
                self.view[path] = (new.czxid, new.mzxid)
        moments = [i for i, then in enumerate(self.tree.history) if then == self.view]
        later = [i for i in moments if i >= self.at]
        assert later, "what is shown never was, or was before what was shown already"
        self.at = later[0]

    def settle(self, public):
        """Let passes run while nothing changes."""
        for _ in range(20):
            if not self.dirty:
                break
            self.run_public_pass([]) if public else self.run_exact_pass([], [])


STEPS = st.lists(st.tuples(st.sampled_from([*NAMES, ROOT]), st.booleans()), min_size=1, max_size=3)
BURST = st.lists(STEPS, max_size=2)


@pytest.mark.slow
@settings(max_examples=300, deadline=None)
@given(rounds=st.lists(st.tuples(BURST, BURST, BURST), max_size=12))
def test_reading_at_one_moment(rounds):
    """Passes that read at one moment each show only what was, forwards, and the end at last."""
    follower = Follower(Tree())
    for idle, before, after in rounds:
        for steps in idle:
            follower.transact(steps)
        if follower.dirty:
            follower.run_exact_pass(before, after)
    follower.settle(public=False)

    assert follower.view == follower.tree.history[-1]


@pytest.mark.slow
@settings(max_examples=300, deadline=None)
@given(rounds=st.lists(st.tuples(BURST, st.lists(BURST, max_size=6), st.booleans()), max_size=12))
def test_reading_one_by_one(rounds):
    """Passes that read node after node show only what was, forwards, and the end at last."""
    follower = Follower(Tree())
    for idle, between, upwards in rounds:
        for steps in idle:
            follower.transact(steps)
        if follower.dirty:
            follower.run_public_pass(between, upwards=upwards)
    follower.settle(public=True)

    assert follower.view == follower.tree.history[-1]


@pytest.mark.parametrize("public", [False, True])
def test_a_busy_writer_does_not_hold_readers_up(public):
    """With a transaction in every pass, no pass is quiet; moments are shown all the same."""
    follower = Follower(Tree())
    follower.transact([("/r/a", False), ("/r/b", False), ("/r/a/x", False), ("/r/a/y", False)])
    follower.settle(public)
    start = follower.at
    for turn in range(40):
        busy = [[(NAMES[turn % len(NAMES)], False)]]
        if not follower.dirty:
            follower.transact([(ROOT, False)])
        if public:
            follower.run_public_pass([busy])
        else:
            follower.run_exact_pass(busy, [])

    assert follower.at > start + 10


def test_a_node_made_again_is_seen_to_be_gone_in_between():
    """Of what is read as new, it is remembered that an older one is shown."""

    def entry(zxid, version=0, names=()):
        numbers = dict.fromkeys(("czxid", "mzxid", "pzxid"), zxid) | {"czxid": 1}
        return make_entry(
            SimpleNamespace(**numbers, version=version, cversion=0, children=set(names))
        )

    moments = Moments(ROOT)
    moments.add({ROOT: entry(1, names=("a", "b")), "/r/a": entry(1), "/r/b": entry(1)})
    assert set(moments.advance(1, 1, set(), []).changes) == {ROOT, "/r/a", "/r/b"}

    # The next pass finds it gone, while the other node changes.
    moments.stage(ROOT, entry(5, names=("b",)))
    moments.stage("/r/a", None)
    assert moments.advance(2, 5, {"/r/b"}, [ROOT]) is None

    # By the time that this is read, both have changed once more.
    moments.add({"/r/a": entry(7)})
    moments.stage("/r/b", entry(6, version=1))
    shown = moments.advance(3, 7, {"/r/b"}, ["/r/a", "/r/b"])
    assert (shown.number, shown.changes["/r/a"]) == (2, None)
    assert "/r/b" not in shown.changes
