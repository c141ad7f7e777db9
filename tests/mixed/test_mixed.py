"""zktools in the queues of kazoo's and Curator's recipes, with real ones of both."""

import pytest

from tests.mixed import curator
from tests.mixed.campaign import LAYOUTS, check, fleet


@pytest.mark.slow
@pytest.mark.parametrize("shared", [False, True], ids=["exclusive", "shared"])
@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.timeout(180)
def test_they_take_turns(zk, zk_hosts, layout, shared):
    """Nobody meets anybody inside; each gets its turn after the other; cuts and a kill do no harm.

    From Curator 5.9 on, writers that become readers are among them. The long version: python -m
    tests.mixed.
    """
    if layout == "curator" and not curator.jars():
        pytest.skip(curator.MISSING)
    with fleet(zk_hosts, zk.chroot, layout, shared=shared) as members:
        members.wait_for(50)
        for proxy in members.proxies.values():
            proxy.cut()
        members.wait_for(20)
        members.kill("ours-0")
        members.kill("theirs-0")
        members.wait_for(20)
    check(members, least=10)
