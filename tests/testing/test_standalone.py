"""``python -m zktools.testing``."""

import os
import signal
import socket
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from kazoo.client import KazooClient

pytestmark = pytest.mark.usefixtures("installed_zookeeper")

COMMAND = [sys.executable, "-m", "zktools.testing"]


def started(*options):
    """The running command, and its first line of output."""
    running = subprocess.Popen([*COMMAND, *options], stdout=subprocess.PIPE, text=True)
    return running, running.stdout.readline()


@pytest.mark.slow
def test_serves_until_control_c_and_leaves_nothing():
    """It says where the server is; Ctrl-C ends it with status 0, and its folder is gone."""
    running, line = started("--port", "0")
    hosts = line.removeprefix("ZooKeeper is at ").partition(";")[0]
    client = KazooClient(hosts)
    client.start()
    client.create("/note", b"1")
    folder = Path(client.command(b"conf").partition("dataDir=")[2].partition("\n")[0]).parents[1]
    client.stop()
    client.close()

    assert folder.exists()
    os.kill(running.pid, signal.SIGINT)
    assert running.wait(20) == 0
    running.stdout.close()
    assert not folder.exists()


def test_a_port_in_use_is_refused_in_one_line():
    """Somebody else's port is left alone, and the remedy is named."""
    with closing(socket.create_server(("127.0.0.1", 0))) as other:
        port = str(other.getsockname()[1])
        done = subprocess.run(
            [*COMMAND, "--port", port], capture_output=True, text=True, check=False, timeout=30
        )

    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "--port" in done.stderr
