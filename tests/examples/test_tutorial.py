"""docs/tutorial.rst, played as a reader would."""

import os
import re
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import pytest

from zktools.testing import wait_until

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "tutorial.rst").read_text(encoding="utf-8")
PROGRAM = ROOT / "examples" / "tutorial" / "report.py"
PATIENCE = 20  # seconds


@pytest.fixture
def environment(zk, zk_hosts):
    """The reader's terminal, in the test's own chroot."""
    here = str(Path(sys.executable).parent)
    path = os.pathsep.join([here, os.environ["PATH"]])
    return os.environ | {"ZOOKEEPER_HOSTS": zk_hosts + zk.chroot, "PATH": path, "COLUMNS": "160"}


@contextmanager
def writing(who, environment, folder):
    """``python report.py WHO`` in a terminal of its own; gives the process and its output file."""
    output = folder / f"{who}.txt"
    with output.open("wb") as file:
        process = subprocess.Popen(
            [sys.executable, PROGRAM, who], env=environment, stdout=file, stderr=subprocess.STDOUT
        )
        try:
            yield process, output
        finally:
            process.kill()
            process.wait()


def zooky(command, environment, answer=""):
    """What a command that stands in the tutorial prints."""
    assert f"$ {command}\n" in PAGE
    done = subprocess.run(
        command.split(), env=environment, input=answer, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr


@pytest.mark.slow
def test_the_tutorial_can_be_followed(zk, environment, tmp_path):
    """Bob waits while Alice holds; asked, she lets go and he holds; killed, he holds no more."""
    with (
        writing("alice", environment, tmp_path) as (_, alices),
        writing_after(alices, "bob", environment, tmp_path) as (bob, bobs),
    ):
        wait_until(lambda: "waiting" in bobs.read_text(), PATIENCE)
        wait_until(lambda: len(zk.get_children("/ZktoolsLocks/report")) == 2, PATIENCE)
        assert re.search(r"report +Locked .*\(alice\) .* 1", zooky("zooky list", environment))
        shown = zooky("zooky show report", environment)
        assert re.search(r"0 +holds .*alice[^$]*1 +waits .*bob", shown)

        zooky("zooky revoke report", environment, answer="y\n")
        wait_until(lambda: "the lock is mine" in bobs.read_text(), PATIENCE)
        wait_until(lambda: "the lock is free again" in alices.read_text(), PATIENCE)
        assert "somebody needs the lock" in alices.read_text()
        assert token(bobs) > token(alices)

        bob.kill()
        zooky("zooky wait report --timeout 30s", environment)


@contextmanager
def writing_after(output, who, environment, folder):
    """Another terminal, once the first process holds the lock."""
    wait_until(lambda: "the lock is mine" in output.read_text(), PATIENCE)
    with writing(who, environment, folder) as started:
        yield started


def token(output):
    """The fencing token that a process printed."""
    return int(re.search(r"token (\d+)", output.read_text())[1])
