"""What kazoo's client does on our handlers: all that it does on its own, and never stuck."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from kazoo.client import KazooClient
from kazoo.exceptions import NoNodeError

from zktools.locks import ZkLock
from zktools.testing import wait_until

MANY = 2000
LARGE = 900_000  # bytes; a node holds a megabyte


def states_of(client):
    """The list to which the states of a client's connection are added from now on."""
    seen = []
    client.add_listener(seen.append)
    return seen


def descriptors():
    """How many this process has open; 0 where the system does not tell."""
    folder = Path("/proc/self/fd")
    return len(list(folder.iterdir())) if folder.is_dir() else 0


@pytest.mark.slow
def test_requests_are_answered_in_order(zk):
    """Thousands under way, of all kinds, each get their own answer."""
    zk.create("/a", b"x")
    results = [(n, zk.set_async("/a", b"%d" % n), zk.get_async("/a")) for n in range(MANY)]

    assert [got.get(timeout=30)[0] for _, _, got in results] == [b"%d" % n for n in range(MANY)]
    with pytest.raises(NoNodeError):
        zk.get("/missing")


def test_replies_larger_than_what_is_read_at_once(zk):
    """A reply that comes in many pieces, among short ones, is put together."""
    large = os.urandom(LARGE)
    zk.create("/large", large)
    asked = [zk.get_async(path) for path in ("/large", "/zk-none", "/large", "/large")]

    assert [asked[at].get(timeout=10)[0] == large for at in (0, 2, 3)] == [True] * 3
    assert isinstance(asked[1].exception, NoNodeError)


def test_a_full_connection_is_waited_for(zk, zk_server):
    """What the server does not take yet is sent when it does; the connection goes on."""
    for number in range(12):
        zk.create(f"/{number}", b"")
    states = states_of(zk)
    zk_server.pause()
    sent = [zk.set_async(f"/{number}", b"y" * LARGE) for number in range(12)]
    zk_server.resume()

    assert [result.get(timeout=30).version for result in sent] == [1] * 12
    assert not states


@pytest.mark.slow
def test_queueing_never_blocks(zk_client_factory, zk_proxy):
    """Any number of requests can be queued while there is no connection; all are sent later."""
    far = zk_client_factory(zk_proxy.hosts, timeout=20)
    states = states_of(far)
    zk_proxy.refuse()
    zk_proxy.cut()
    wait_until(lambda: states, what="the cut")
    queued = [far.exists_async("/zk-none") for _ in range(5 * MANY)]
    zk_proxy.heal()

    assert [result.get(timeout=30) for result in queued] == [None] * len(queued)


def test_watches_and_callbacks_are_called(zk):
    """Events, and completions in the order of the requests."""
    zk.create("/w", b"")
    called, over = [], zk.handler.event_object()
    zk.get("/w", watch=lambda event: called.append(event.path))
    zk.set_async("/w", b"1").rawlink(lambda _: called.append("set"))
    zk.get_async("/w").rawlink(lambda _: (called.append("got"), over.set()))
    over.wait(10)
    wait_until(lambda: len(called) == 3, what="the event")

    assert sorted(called) == ["/w", "got", "set"]
    assert called.index("set") < called.index("got")


def test_stopped_and_started_again(zk):
    """restart(), and stop, close and start, as often as one likes; no descriptor is left."""
    zk.restart()
    before = descriptors()
    for _ in range(3):
        zk.restart()
        assert zk.exists("/zk-none") is None
        zk.stop()
        zk.close()
        zk.start()
        assert zk.exists("/zk-none") is None

    assert descriptors() == before


def test_a_broken_connection_is_noticed_and_made_again(zk_client_factory, zk_proxy):
    """Reads to the end of a stream, and goes on with another."""
    far = zk_client_factory(zk_proxy.hosts)
    session = far.client_id
    for _ in range(5):
        states = states_of(far)
        zk_proxy.cut()
        wait_until(lambda states=states: len(states) >= 2, what="the connection")
        assert far.retry(far.exists, "/zk-none") is None

    assert far.client_id == session


def test_two_clients_share_a_handler(zk_hosts, zk):
    """One that is stopped takes nothing from the other."""
    other = KazooClient(zk_hosts, handler=zk.handler)
    other.start()
    other.get("/")
    zk.get("/")
    other.stop()
    other.close()
    zk.handler.start()  # a client stops its handler, as it is kazoo's to do

    assert zk.get("/")[0] == b""


def test_commands_and_other_uses_of_a_connection(zk):
    """A blocking socket of the handler's, as for four-letter words, is read as any."""
    assert "Mode:" in zk.command(b"srvr")


@pytest.mark.slow
def test_a_fork_takes_nothing_from_the_parent(zk_hosts):
    """A child that uses the client in vain does not take the parent's requests along."""
    program = """
import os, sys
from kazoo.client import KazooClient
from zktools.handlers import ThreadingHandler
zk = KazooClient(sys.argv[1], handler=ThreadingHandler())
zk.start()
for _ in range(50):
    child = os.fork()
    if not child:
        for _ in range(20):
            zk.get_async("/")
        os._exit(0)
    asked = [zk.get_async("/") for _ in range(20)]
    os.waitpid(child, 0)
    asked += [zk.get_async("/") for _ in range(20)]
    assert all(result.get(timeout=10) for result in asked)
zk.stop()
print("well")
"""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", program, zk_hosts],
        capture_output=True, text=True, timeout=50, check=False,
    )  # fmt: skip

    assert done.stdout.strip() == "well", done.stderr


def test_where_the_system_has_no_poll(zk_client_factory, monkeypatch):
    """Waiting is kazoo's own there."""
    monkeypatch.setattr("zktools.handlers._waiting._CAN_POLL", False)
    client = zk_client_factory()

    assert [r.get(timeout=10) for r in [client.exists_async("/none") for _ in range(50)]]


@pytest.mark.slow
def test_together_with_zktools(zk_client_factory, zk_proxy, wire):
    """Zktools wraps a client's sockets; nothing waits that should not, before or after."""
    far = zk_client_factory(zk_proxy.hosts, timeout=20)
    lock = ZkLock(far, "x")
    for _ in range(2):
        assert lock.acquire(timeout=10)
        assert lock.release()
        states = states_of(far)
        zk_proxy.refuse()
        zk_proxy.cut()
        wait_until(lambda states=states: states, what="the cut")
        queued = [far.exists_async("/zk-none") for _ in range(MANY)]
        zk_proxy.heal()
        assert [result.get(timeout=30) for result in queued] == [None] * len(queued)
