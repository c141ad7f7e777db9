"""Whatever comes in whatever order: what is removed was seen, what is stored is there.

Two clients behind slow links, whose views are late, and one nearby that creates, deletes, makes
again and hides keys, against a model of what the server holds. Calls follow one another, so each
has to answer as if nothing were late.
"""

import itertools

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test
from kazoo.security import OPEN_ACL_UNSAFE, make_digest_acl

from tests.live.support import contents, eventually
from zktools.exceptions import AccessDeniedError
from zktools.node import Node, NodeDict
from zktools.testing import Proxy, wait_until

KEYS = st.sampled_from(["a", "b", "c"])
WHO = st.integers(0, 1)
SECRET = [make_digest_acl("root", "secret", all=True)]
DELAYS = st.sampled_from([0.0, 0.05, 0.1])

_folders = itertools.count()


class Edges(RuleBasedStateMachine):
    """A dictionary and a node, as two late clients and a near one use them."""

    near = far = proxies = None  # given by the test

    def __init__(self):
        super().__init__()
        self.path = f"/edges{next(_folders)}"
        self.near.ensure_path(self.path)
        self.dicts = [NodeDict(client, f"{self.path}/dict") for client in self.far]
        self.nodes = [Node(client, f"{self.path}/node", 0) for client in self.far]
        self.values = itertools.count(1)
        self.model = {}
        self.hidden = set()
        self.count = 0
        self.proxies[0].delay(0.1)

    def teardown(self):
        """In the end everybody sees the same."""
        self._check()
        for proxy in self.proxies:
            proxy.delay(0)
        shown = {key: value for key, value in self.model.items() if key not in self.hidden}
        for rates, node in zip(self.dicts, self.nodes, strict=True):
            eventually(rates.copy, shown)
            eventually(lambda node=node: node.value, self.count)
            rates.close()
            node.close()

    def _check(self):
        """Nothing acknowledged is lost, nothing unseen is removed."""
        found = contents(self.near, f"{self.path}/dict")
        assert found == {key: b"%d" % value for key, value in self.model.items()}
        assert int(self.near.get(f"{self.path}/node")[0]) == self.count

    # -- the links -----------------------------------------------------------------------------

    @rule(who=WHO, seconds=DELAYS)
    def slow(self, who, seconds):
        """The link of one gets slower, or quick again."""
        self.proxies[who].delay(seconds)

    @rule(who=WHO)
    def cut(self, who):
        """The connection of one breaks, and it knows."""
        self.proxies[who].refuse()
        self.proxies[who].cut()
        wait_until(lambda: not self.far[who].connected)
        self.proxies[who].heal()

    # -- the near one --------------------------------------------------------------------------

    def _path(self, key):
        return f"{self.path}/dict/{key}"

    @rule(key=KEYS, hide=st.booleans())
    def make(self, key, hide):
        """Write a key, or create it; a new one may be for nobody else to see."""
        value = next(self.values)
        if key in self.model:
            self.near.set(self._path(key), b"%d" % value)
        else:
            self.near.create(self._path(key), b"%d" % value, acl=SECRET if hide else None)
            self.hidden |= {key} if hide else set()
        self.model[key] = value

    @rule(key=KEYS)
    def remake(self, key):
        """Delete a key and make it again, with the same version."""
        if key in self.model:
            self.near.delete(self._path(key))
            self.hidden.discard(key)
            del self.model[key]
            self.make(key, hide=False)

    @rule(key=KEYS)
    def remove(self, key):
        """Delete a key."""
        if key in self.model:
            self.near.delete(self._path(key))
            self.hidden.discard(key)
            del self.model[key]

    @rule(key=KEYS)
    def reveal(self, key):
        """Let everybody see a key."""
        if key in self.hidden:
            self.near.set_acls(self._path(key), OPEN_ACL_UNSAFE)
            self.hidden.discard(key)

    @rule()
    def write_node(self):
        """Write the node."""
        self.count = next(self.values)
        self.near.set(f"{self.path}/node", b"%d" % self.count)

    # -- the late ones: what the near one did may not have reached them --------------------------

    @rule(who=WHO)
    def update_node(self, who):
        """Count in the node."""
        self.count += 1
        assert self.nodes[who].update(lambda value: value + 1) == self.count

    @rule(who=WHO, key=KEYS)
    def store(self, who, key):
        """Store a key; refused when it is hidden."""
        value = next(self.values)
        if self._is_allowed({key}, lambda: self.dicts[who].__setitem__(key, value)):
            self.model[key] = value
            assert self.dicts[who][key] == value

    @rule(who=WHO, keys=st.sets(KEYS, min_size=1))
    def store_some(self, who, keys):
        """Store several at once, or none of them."""
        value = next(self.values)
        if self._is_allowed(keys, lambda: self.dicts[who].update(dict.fromkeys(keys, value))):
            self.model |= dict.fromkeys(keys, value)

    def _is_allowed(self, keys, call):
        if not keys & self.hidden:
            call()
            return True
        with pytest.raises(AccessDeniedError):
            call()
        return False

    @rule(who=WHO, key=KEYS)
    def delete(self, who, key):
        """Delete a key by its name, hidden or not."""
        if key in self.model:
            del self.dicts[who][key]
            self.hidden.discard(key)
            del self.model[key]
        else:
            with pytest.raises(KeyError):
                del self.dicts[who][key]

    @rule(who=WHO, key=KEYS)
    def pop(self, who, key):
        """Take a key: its value, or why not."""
        if key not in self.model:
            assert self.dicts[who].pop(key, None) is None
            return
        try:
            value = self.dicts[who].pop(key)
        except AccessDeniedError:
            return  # hidden, or not known yet to be no more: it is still there
        assert key not in self.hidden
        assert value == self.model.pop(key)

    @rule(who=WHO, key=KEYS)
    def pop_what_was_made_again(self, who, key):
        """Nothing comes between: the late one has not heard of it."""
        self.store(who, key)
        self.remake(key)
        self.pop(who, key)

    @rule(who=WHO)
    def pop_any(self, who):
        """Take some key that can be seen."""
        try:
            key, value = self.dicts[who].popitem()
        except KeyError:
            assert not self._certainly_shown(who)
            return
        assert key not in self.hidden
        assert value == self.model.pop(key)

    @rule(who=WHO)
    def clear(self, who):
        """Delete what can be seen."""
        self.dicts[who].clear()
        left = self._certainly_shown(who)
        assert not left
        kept = self.hidden | self.dicts[who].errors.keys()
        self.model = {key: value for key, value in self.model.items() if key in kept}

    def _certainly_shown(self, who):
        """The keys that one cannot have missed: they are not hidden, and were not lately."""
        found = contents(self.near, f"{self.path}/dict")
        return found.keys() - self.hidden - self.dicts[who].errors.keys()

    @rule(who=WHO, key=KEYS)
    def default(self, who, key):
        """What is there, or what is stored then."""
        value = next(self.values)
        try:
            found = self.dicts[who].setdefault(key, value)
        except AccessDeniedError:
            assert key in self.model
            return
        assert key not in self.hidden
        assert found == self.model.setdefault(key, value)


@pytest.mark.slow
def test_edges(zk, zk_hosts, zk_client_factory, wire, monkeypatch):
    """Removals, writes and reads of late clients, in any order."""
    monkeypatch.setattr("zktools._live.tree.FORBIDDEN_RETRY", (0.05, 0.2))
    zk.add_auth("digest", "root:secret")
    with Proxy(zk_hosts) as one, Proxy(zk_hosts) as two:
        far = [zk_client_factory(proxy.hosts) for proxy in (one, two)]
        machine = type("Machine", (Edges,), {"near": zk, "far": far, "proxies": (one, two)})
        run_state_machine_as_test(
            machine,
            settings=settings(
                max_examples=8,
                stateful_step_count=15,
                deadline=None,
                suppress_health_check=list(HealthCheck),
            ),
        )
