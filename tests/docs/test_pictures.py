"""The pictures are drawn, and show what happens."""

import subprocess
import sys
import threading
from xml.etree import ElementTree as ET

import pytest

from tests.docs.examples import ROOT
from zktools import ZkLock
from zktools._engine.life import SAFE
from zktools.testing import Op, wait_until

SVG = "{http://www.w3.org/2000/svg}"


def drawn(name):
    """A picture as XML, as ``python -m docs.pictures`` prints it."""
    command = [sys.executable, "-m", "docs.pictures", name]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, check=True)
    return ET.fromstring(done.stdout)  # noqa: S314 - our own


@pytest.mark.parametrize("name", ["architecture", "handover", "lease", "partition"])
def test_nothing_is_drawn_outside_the_sheet(name):
    """Boxes and words begin inside of what the page shows."""
    picture = drawn(name)
    _, _, width, height = map(float, picture.get("viewBox").split())
    parts = [*picture.iter(f"{SVG}rect"), *picture.iter(f"{SVG}text")]

    assert parts
    for part in parts:
        right = float(part.get("x")) + float(part.get("width", 0))
        bottom = float(part.get("y")) + float(part.get("height", 0))
        assert 0 <= float(part.get("x")) <= right <= width
        assert 0 <= float(part.get("y")) <= bottom <= height


def test_the_partition_shows_the_engines_own_limit():
    """The words name the part of the timeout at which the engine gives a lease up."""
    words = "".join(text.text for text in drawn("partition").iter(f"{SVG}text"))

    assert SAFE == 2 / 3
    assert "⅔ of the timeout" in words


def listings_until_granted(acquire, release, queued, proxy):
    """How often a waiter behind the proxy lists the queue between its turn and its grant."""
    waiting = threading.Thread(target=acquire)
    waiting.start()
    wait_until(queued)
    before = proxy.requests
    release()
    waiting.join(10)
    assert not waiting.is_alive()
    return (proxy.requests - before)[Op.GET_CHILDREN]


def test_a_handover_needs_no_listing(zk, zk_client_factory, zk_proxy, zk_server):
    """Left picture: from the holder's release to the grant, the next one lists nothing."""
    far = zk_client_factory(zk_proxy.hosts)
    holder, following = ZkLock(zk, "x"), ZkLock(far, "x")
    holder.acquire()

    def armed():
        return len(holder.contenders()) == 2 and zk_proxy.requests[Op.SET_WATCHES]

    assert listings_until_granted(following.acquire, holder.release, armed, zk_proxy) == 0


def test_a_handover_of_kazoo_needs_one(zk, zk_client_factory, zk_proxy, zk_server):
    """Right picture: kazoo's Lock lists the queue once it hears that its predecessor has left."""
    far = zk_client_factory(zk_proxy.hosts)
    holder, following = zk.Lock("/x"), far.Lock("/x")
    holder.acquire()

    def armed():
        return any(path.endswith("0000000000") for path in zk_server.watches())

    assert listings_until_granted(following.acquire, holder.release, armed, zk_proxy) == 1
