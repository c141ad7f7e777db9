"""A live object in a forked child: nothing keeps it up to date there, and it says so."""

import os
import traceback

import pytest

from tests.live.support import Calls
from zktools.configuration import Configuration
from zktools.exceptions import ClientUnusableError
from zktools.node import Node, NodeDict


def in_child(function):
    """Run it in a forked child; the text of what it raised, empty if nothing."""
    read, write = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            function()
        except BaseException:  # noqa: BLE001 - it is told to the parent
            os.write(write, traceback.format_exc().encode())
        finally:
            os._exit(0)
    os.close(write)
    os.waitpid(pid, 0)
    with os.fdopen(read) as told:
        return told.read()


def test_a_child_is_not_shown_old_values(zk):
    """Reading and subscribing raise; `repr`, `connected` and `close` tell, and do not wait."""
    node, rates = Node(zk, "/node", 1), NodeDict(zk, "/rates")
    config = Configuration(zk, "/config", {"a": 1})
    uses = [
        lambda: node.value,
        lambda: node.exists,
        lambda: list(node.children),
        lambda: rates["a"],
        lambda: len(rates),
        lambda: config["a"],
        config.load,
        lambda: node.subscribe(Calls()),
        lambda: node.unsubscribe(print),
        lambda: rates.update(a=1),
    ]

    def child():
        for use in uses:
            with pytest.raises(ClientUnusableError, match=r"fork\(\)"):
                use()
        for live in (node, rates, config):
            assert "of the parent process" in repr(live)
            assert not live.connected
            live.close()

    node.children  # noqa: B018 - followed from the first use on
    # What the engine holds as the process forks is taken in the child for ever.
    with node._subscribers._guard:
        assert in_child(child) == ""
    assert (node.value, config["a"], len(rates)) == (1, 1, 0)
