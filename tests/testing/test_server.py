import os
import signal
import socket
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from kazoo.client import KazooClient

from zktools.testing import Server, ServerError, wait_until

pytestmark = pytest.mark.usefixtures("installed_zookeeper")


@pytest.mark.slow
def test_it_serves_and_leaves_nothing():
    """A server serves when start returns; after stop its process, port and folder are gone."""
    with Server() as server:
        assert server.command("ruok") == "imok"
        pid, folder, port = server.pid, server.folder, server.port
        client = KazooClient(server.hosts)
        client.start()
        client.create("/a", b"1")
        client.stop()
        client.close()

    assert not _runs(pid)
    assert not folder.exists()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port))


@pytest.mark.slow
def test_a_crash_keeps_data(zk, zk_server):
    """What a client was told is written is there after kill and restart, on the same port."""
    port = zk_server.port
    zk.create("/a", b"1")
    zk_server.kill()
    assert not zk_server.is_running

    zk_server.restart()

    assert zk_server.command("ruok") == "imok"
    assert zk_server.port == port
    assert zk.retry(zk.get, "/a")[0] == b"1"


def test_a_paused_server_answers_nothing(zk, zk_server):
    """Between pause and resume a server keeps its connections and is silent."""
    zk.create("/a", b"1")
    zk_server.pause()
    answer = zk.get_async("/a")

    with pytest.raises(TimeoutError):
        zk_server.command("ruok", timeout=0.2)
    zk_server.pause()
    assert zk_server.is_paused
    assert not answer.ready()

    zk_server.resume()
    assert answer.get(timeout=10)[0] == b"1"


@pytest.mark.slow
def test_heal_undoes_what_a_test_did(zk_server):
    """`heal` makes a paused server, and a dead one, serve again."""
    zk_server.pause()
    zk_server.heal()
    assert zk_server.command("ruok") == "imok"

    zk_server.kill()
    zk_server.heal()
    assert zk_server.command("ruok") == "imok"


@pytest.mark.slow
def test_options_reach_the_server():
    """Options for zoo.cfg and Java properties win over the defaults; times are in seconds."""
    with Server(
        tick=0.5,
        min_session_timeout=1.5,
        max_session_timeout=7.0,
        options={"maxClientCnxns": 7},
        jvm_options={"zookeeper.4lw.commands.whitelist": "conf,ruok"},
    ) as server:
        told = server.command("conf")
        refused = server.command("mntr")

    for line in (
        "tickTime=500",
        "minSessionTimeout=1500",
        "maxSessionTimeout=7000",
        "maxClientCnxns=7",
    ):
        assert line in told
    assert "not in the whitelist" in refused


@pytest.mark.parametrize("value", [0, -1, float("nan")])
@pytest.mark.parametrize(
    "name", ["tick", "min_session_timeout", "max_session_timeout", "start_timeout"]
)
def test_durations_must_be_positive(name, value):
    """A duration of nothing is refused before anything is started."""
    with pytest.raises(ValueError, match=name):
        Server(**{name: value})


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has the rest of 127.0.0.0/8")
def test_it_listens_on_one_loopback_address_only(zk_server):
    """Nobody but this machine can reach it: not even another loopback address can."""
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.2", zk_server.port))


def test_a_start_that_fails_shows_the_log(caplog, tmp_path):
    """An error at start repeats the end of the log, names its path, and leaves it there."""
    server = Server(options={"tickTime": "nonsense"}, parent=tmp_path)

    with pytest.raises(ServerError, match="nonsense") as raised:
        server.start()

    (log,) = tmp_path.glob("*/server.log")
    assert str(log) in str(raised.value)
    assert str(log) in caplog.text
    assert not server.is_running


@pytest.mark.slow
def test_a_block_left_by_an_error_keeps_the_log(caplog, tmp_path):
    """The log survives a with block that fails, and its path is logged."""

    def fail():
        with Server(parent=tmp_path):
            raise LookupError

    with pytest.raises(LookupError):
        fail()

    (log,) = tmp_path.glob("*/server.log")
    assert str(log) in caplog.text


def test_what_needs_a_started_server_says_so():
    """A server that was never started is told apart from one that died."""
    with pytest.raises(ServerError, match="not started"):
        _ = Server().hosts
    with pytest.raises(ServerError, match="never started"):
        Server().pause()


def test_starting_twice_is_refused(zk_server):
    """`start` on a running server is an error, and the server goes on."""
    with pytest.raises(ServerError, match="started already"):
        zk_server.start()

    assert zk_server.command("ruok") == "imok"


def test_watches_are_told_by_path(zk, zk_server):
    """`watches` names the sessions that watch each path, mntr counts them."""
    zk.exists("/a", watch=list)

    assert zk_server.watches() == {f"{zk.chroot}/a": {zk.client_id[0]}}
    assert zk_server.mntr()["zk_watch_count"] == 1


ORPHAN = """
    import os, signal, sys
    from zktools.testing import Server

    server = Server().start()
    if sys.argv[1] == "paused":
        server.pause()
    if sys.argv[1] == "forked" and os.fork() == 0:
        signal.pause()  # holds copies of all our pipes
    print(server.pid, server.folder, flush=True)
    signal.pause()
"""


@pytest.mark.slow
@pytest.mark.parametrize("state", ["running", "paused", "forked", "group"])
def test_no_server_outlives_a_killed_test_run(state):
    """SIGKILL for the test run, or for its whole process group, ends the server and its folder.

    Also when the server is paused, and when a forked child of the test run lives on.
    """
    run = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(ORPHAN), state],
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    with run:
        pid, folder = run.stdout.readline().split()
        if state == "group":
            os.killpg(run.pid, signal.SIGKILL)
        else:
            run.kill()

        wait_until(lambda: not _runs(int(pid)))
        wait_until(lambda: not Path(folder).exists())
        if state == "forked":
            os.killpg(run.pid, signal.SIGKILL)


def _runs(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
