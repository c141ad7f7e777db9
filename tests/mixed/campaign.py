"""What is done to a mixed fleet while it takes turns, and what has to come of it."""

from __future__ import annotations

import random
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.mixed import curator
from tests.mixed.fleet import PYTHON, Fleet

LAYOUTS = ("kazoo", "curator")


@contextmanager
def fleet(hosts: str, chroot: str, layout: str, *, shared: bool, size: int = 2) -> Iterator[Fleet]:
    """A fleet in the queue of one of the others."""
    with tempfile.TemporaryDirectory() as folder:
        theirs = [*PYTHON, "kazoo's"] if layout == "kazoo" else curator.compiled(Path(folder))
        with Fleet(hosts, chroot, layout, theirs, shared=shared, size=size) as members:
            yield members


def disturb(members: Fleet, chance: random.Random) -> str:
    """Kill one, or have one half's connections broken; what was done."""
    side = chance.choice(["ours", "theirs"])
    if chance.random() < 0.5:
        name = chance.choice([name for name in members.members if name.startswith(side)])
        members.kill(name)
        return f"killed {name}"
    proxy = members.proxies[side]
    if chance.random() < 0.5:
        proxy.cut()
        return f"cut {side} off"
    # For longer than a session lives: the others go on, and what was held is lost.
    proxy.refuse()
    proxy.cut()
    members.wait_for(20, but=side)
    proxy.heal()
    return f"kept {side} away"


def check(members: Fleet, least: int) -> None:
    """Nobody met anybody inside, and each followed the other, at least so often."""
    assert members.overlaps == []
    followed = members.handovers()
    assert followed["ours", "theirs"] >= least, followed
    assert followed["theirs", "ours"] >= least, followed
