"""Every way in which a command under ``zooky run`` can end when network or machine fail."""

import signal
from pathlib import Path

import pytest

from tests.cli.support import is_alive, moment, python
from zktools import ZkWriteLock
from zktools.testing import wait_until

SESSION = 3.0  # seconds
BEATS = """
import os, signal, sys, time
signal.signal(signal.SIGTERM, lambda *_: print("got SIGTERM"))
signal.alarm(40)  # nothing is left even where this test fails
print("ready", os.getpid())
while True:
    with open(sys.argv[1], "w") as file:
        file.write(str(time.monotonic()))
    os.replace(sys.argv[1], sys.argv[2])
    time.sleep(0.005)
"""


class Beating:
    """A command that ignores TERM and notes the time for as long as it lives."""

    def __init__(self, folder):
        self._files = [str(folder / "beat.new"), str(folder / "beat")]

    @property
    def command(self):
        """Its words."""
        return [*python(BEATS), *self._files]

    @property
    def last(self):
        """When it lived last, on the clock of `moment`."""
        return float(Path(self._files[1]).read_text())


@pytest.fixture
def beating(tmp_path):
    """A command to run."""
    return Beating(tmp_path)


@pytest.fixture
def proxied(start, zk_proxy, zk_client_factory, beating):
    """A beating command whose zooky reaches ZooKeeper through the proxy."""
    run = start(
        "run", "nightly", "--session-timeout", str(SESSION), "--stop-grace", "1h", "--json",
        "--", *beating.command, to=zk_proxy.hosts + zk_client_factory.chroot,
    )  # fmt: skip
    run.pid = int(run.expect("ready").split()[1])
    return run


@pytest.mark.slow
@pytest.mark.parametrize("direction", ["both", "to_server", "to_client"])
def test_partition(proxied, beating, zk_proxy, zk, direction):
    """Cut off, however: TERM, then KILL, and only then can a rival hold the lock."""
    zk_proxy.swallow(direction)
    assert ZkWriteLock(zk, "nightly").acquire(timeout=4 * SESSION)
    acquired = moment()

    assert beating.last < acquired
    assert not is_alive(proxied.pid)
    assert proxied.end() == 121
    assert proxied.lines[1:] == ["got SIGTERM"]


@pytest.mark.slow
def test_partition_that_heals_when_the_command_was_told_to_stop(
    start, zk_proxy, zk_client_factory, beating, zk
):
    """The lease is proven again: the command is not killed, not even after its grace."""
    run = start(
        "run", "nightly", "--session-timeout", str(SESSION), "--stop-grace", "1s", "--json",
        "--", *beating.command, to=zk_proxy.hosts + zk_client_factory.chroot,
    )  # fmt: skip
    run.expect("ready")
    zk_proxy.swallow()
    run.expect("got SIGTERM")
    zk_proxy.heal()
    run.expect('{"event": "safe"', run.errors)
    rival = ZkWriteLock(zk, "nightly")

    assert not rival.acquire(timeout=SESSION)
    assert run.popen.poll() is None
    rival.clear()
    assert run.end() == 121


@pytest.mark.slow
def test_connection_that_breaks_for_a_moment(proxied, zk_proxy):
    """Reset and at once connected again: the command notices nothing."""
    before = zk_proxy.connections
    for _ in range(3):
        assert zk_proxy.cut() == before
        wait_until(lambda: zk_proxy.connections == before)
    proxied.send(signal.SIGKILL)
    proxied.end()

    assert proxied.lines[1:] == []


@pytest.mark.slow
def test_stopped_zooky(proxied, beating, zk):
    """SIGSTOP of zooky for longer than its session: woken, it kills the command at once.

    While it is stopped it cannot: that is what the fencing token is for.
    """
    rival = ZkWriteLock(zk, "nightly")
    proxied.send(signal.SIGSTOP)
    assert rival.acquire(timeout=4 * SESSION)
    assert is_alive(proxied.pid)
    woken = moment()
    proxied.send(signal.SIGCONT)

    assert proxied.end() == 121
    assert beating.last - woken < 0.5
    assert proxied.lines[1:] == []  # no time for TERM


@pytest.mark.slow
def test_server_killed_for_good(start, beating, zk_server):
    """No server is left to give the lock away: zooky cannot know, and stops the command."""
    run = start(
        "run", "nightly", "--session-timeout", str(SESSION), "--stop-grace", "200ms",
        "--", *beating.command,
    )  # fmt: skip
    run.expect("ready")
    zk_server.kill()

    assert run.end() == 121
    assert run.lines[1:] == ["got SIGTERM"]


@pytest.mark.slow
def test_server_paused_while_waiting(start, hold, zk_server, zk):
    """--timeout holds while ZooKeeper is silent: 123, not for ever."""
    hold("nightly")
    run = start("run", "nightly", "--timeout", "1500ms", "--", "true")
    wait_until(lambda: len(ZkWriteLock(zk, "nightly").contenders()) == 2)
    zk_server.pause()

    assert run.end() == 123
