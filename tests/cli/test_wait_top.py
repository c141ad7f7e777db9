import json
import signal
import threading
from datetime import UTC, datetime

import pytest

from zktools import ZkReadLock, ZkWriteLock
from zktools._queue.layouts import ZKTOOLS
from zktools.cli.circles import find_circles
from zktools.cli.queues import Queue
from zktools.contenders import Contender
from zktools.testing import Op, wait_until


@pytest.fixture
def waiting_zooky(start, zk_proxy, zk_client_factory):
    """Call it with a lock's name: `zooky wait` that has looked at the lock."""

    def wait(name):
        waiting = start("wait", name, to=zk_proxy.hosts + zk_client_factory.chroot)
        wait_until(lambda: zk_proxy.requests[Op.GET_CHILDREN])
        return waiting

    return wait


@pytest.mark.slow
def test_wait_until_free(hold, waiting_zooky):
    """It returns when the last one has left."""
    leases = [hold("busy", ZkReadLock), hold("busy", ZkReadLock)]
    waiting = waiting_zooky("busy")
    leases[0].release()
    leases[1].release()

    assert waiting.end() == 0
    assert waiting.lines[0].startswith("busy: free after ")


def test_wait_in_vain(zooky, hold):
    """Status 1 when the time runs out."""
    hold("busy")
    result = zooky("wait", "busy", "--timeout", "100ms")

    assert result.exit_code == 1
    assert result.stderr == ("zooky: busy: it is not free after 0.1s; see `zooky show busy`\n")


def test_wait_for_what_is_free(zooky):
    """A lock that was never used is free."""
    assert zooky("wait", "nix", "--timeout", "0").exit_code == 0


def test_wait_for_the_holders_only(zooky, hold, queue_up):
    """The next one in the queue does not matter."""
    lease = hold("busy")
    queue_up("busy")
    assert zooky("wait", "busy", "--holders", "--timeout", "0").exit_code == 1
    releasing = threading.Timer(0.1, lease.release)
    releasing.start()

    assert zooky.json("wait", "busy", "--holders", "--timeout", "20s")["lock"] == "busy"
    releasing.join()


def test_interrupted(hold, waiting_zooky):
    """Ctrl-C: status 130 and no traceback."""
    hold("busy")
    waiting = waiting_zooky("busy")
    waiting.send(signal.SIGINT)

    assert waiting.end() == 130
    assert [line for line in waiting.errors if line] == []


def test_top_once(zooky, hold, queue_up, zk):
    """Locks in use, the longest queue first; the servers below."""
    hold("calm")
    hold("busy", identifier="the holder")
    queue_up("busy", identifier="the next")
    zk.ensure_path("/ZktoolsLocks/idle")
    lines = zooky("top", "--once").stdout.splitlines()

    assert lines[0].endswith(": 2 held, 1 waiting")
    assert [line.split()[0] for line in lines[3:5]] == ["busy", "calm"]
    assert "the holder" in lines[3]
    assert "the next" in lines[3]
    assert "idle" in zooky("top", "--once", "--all").stdout


def test_top_goes_on(start, hold):
    """Look after look; with --json each is one line, and it follows what happens."""
    lease = hold("busy")
    top = start("top", "--json", "--interval", "0.1")
    first = json.loads(top.expect("{"))
    lease.release()
    wait_until(lambda: json.loads(top.lines[-1])["locks"] == [])
    top.send(signal.SIGINT)

    assert first["locks"][0]["holders"][0]["token"] == lease.token
    assert top.end() == 130


def test_threads_that_wait_for_each_other(zooky, zk, zk_client_factory):
    """Each of two programs holds what the other one waits for: shown by top."""
    clients = [zk, zk_client_factory()]
    names = ["left", "right"]
    barrier = threading.Barrier(2)

    def work(mine):
        with ZkWriteLock(clients[mine], names[mine], identifier=f"program {mine}"):
            barrier.wait(20)
            ZkWriteLock(clients[mine], names[1 - mine]).acquire(timeout=3)

    threads = [threading.Thread(target=work, args=(i,), name=f"worker {i}") for i in range(2)]
    for thread in threads:
        thread.start()
    wait_until(
        lambda: (
            zk.exists("/ZktoolsLocks/right")
            and sum(len(lock["waiting"]) for lock in zooky.json("list")) == 2
        )
    )
    frame = zooky.json("top", "--once")
    text = zooky("top", "--once").stdout
    for name in names:
        zooky("clear", name, "--yes")
    for thread in threads:
        thread.join()

    assert [wait["waits_for"] for wait in frame["circles"][0]] in (names, names[::-1])
    assert "They wait for each other:" in text
    assert "worker 0 waits for right" in text


def test_no_circle_among_threads_that_only_wait():
    """Waiting in one queue is not yet a deadlock, and an empty ensemble has none."""
    assert find_circles([]) == []
    assert find_circles([Queue("idle", "/idle", ZKTOOLS, [])]) == []


def _of(thread, *, holds):
    """A candidate of this thread."""
    who, since = {"thread": thread}, datetime.now(tz=UTC)
    return Contender(0, "lock-1", "lock", 1, holds, False, 1, 7, since, who, b"", 0)


def test_circles_of_any_length():
    """Each that is closed is found once, also by way of thousands of threads."""
    many = 5_000
    queues = [
        Queue(
            f"lock{number}",
            f"/lock{number}",
            ZKTOOLS,
            [
                _of(str((number + 1) % many), holds=True),
                _of(str(number), holds=False),
                _of("who only waits", holds=False),
            ],
        )
        for number in range(many)
    ]
    (circle,) = find_circles(queues)

    assert len(circle) == many
    assert find_circles(queues[1:]) == []
