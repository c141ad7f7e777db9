"""``zooky run`` in the crontabs of many machines."""

import json
import signal
from subprocess import PIPE

import pytest

from tests.cli.support import python
from zktools import ZkWriteLock
from zktools.cli.problems import Problem
from zktools.cli.run.once import parsed
from zktools.testing import wait_until


def test_loser_is_silent_on_request(start, hold):
    """Cron sends a mail for each word, and for some also for a status."""
    hold("nightly")
    run = start("run", "--timeout", "0", "--quiet", "-E", "0", "nightly", "echo", "started")

    assert run.end() == 0
    assert (run.lines, run.errors) == ([], [])


def test_status_of_the_loser(start, hold):
    """-E as with flock; it still says why."""
    hold("nightly")
    run = start("run", "--timeout", "0", "-E", "75", "nightly", "true")

    assert run.end() == 75
    assert "was not acquired" in run.errors[0]


@pytest.mark.slow
def test_lock_is_held_longer_than_a_quick_command(start, zk):
    """A machine whose clock is late does not find the lock free; the command's status is kept."""
    lock = ZkWriteLock(zk, "nightly")
    run = start("run", "--hold-at-least", "1h", "nightly", "sh", "-c", "echo ran; exit 3")
    run.expect("ran")

    assert not lock.acquire(timeout=0.5)
    lock.revoke_all()
    assert lock.acquire(timeout=20)
    assert run.end() == 3


@pytest.mark.slow
def test_signal_ends_what_is_held_for_time_only(start, zk):
    """There is no command any more that it could be for."""
    run = start("run", "--hold-at-least", "1h", "--verbose", "nightly", "sh", "-c", "echo ran")
    run.expect("ran")
    assert not ZkWriteLock(zk, "nightly").acquire(timeout=0.5)
    run.send(signal.SIGTERM)

    assert run.end() == 0
    assert ZkWriteLock(zk, "nightly").contenders() == []


@pytest.mark.slow
def test_run_that_was_done_is_not_done_again(start):
    """It says by whom and when; another key is another run."""
    once = ["run", "--once", "2026-03-02", "nightly", "echo", "ran"]
    first = start(*once)
    assert first.end() == 0
    second = start(*once)
    assert second.end() == 0
    other = start("run", "--once", "2026-03-03", "nightly", "echo", "ran")
    assert other.end() == 0

    assert (first.lines, second.lines, other.lines) == (["ran"], [], ["ran"])
    assert "run 2026-03-02 was done by" in second.errors[0]
    assert f"pid {first.popen.pid} at 20" in second.errors[0]


@pytest.mark.slow
def test_run_that_failed_is_done_again(start):
    """Only status 0 counts."""
    assert start("run", "--once", "1", "nightly", "sh", "-c", "exit 3").end() == 3
    again = start("run", "--once", "1", "nightly", "echo", "ran")

    assert again.end() == 0
    assert again.lines == ["ran"]


@pytest.mark.slow
def test_who_waited_finds_it_done(start, zk):
    """Two machines, one KEY: the second one waits for the first, and has nothing to do."""
    first = start("run", "--once", "1", "nightly", *python("print('ready'); input()"), stdin=PIPE)
    first.expect("ready")
    second = start("run", "--once", "1", "--json", "nightly", "echo", "ran")
    wait_until(lambda: len(ZkWriteLock(zk, "nightly").contenders()) == 2)
    first.popen.stdin.write("\n")
    first.popen.stdin.close()

    assert (first.end(), second.end(), second.lines) == (0, 0, [])
    assert json.loads(second.errors[-1])["event"] == "done"


@pytest.mark.slow
def test_folder_with_other_data(start, zk):
    """It is not overwritten, and nothing is run."""
    zk.create("/ZktoolsLocks/nightly", b"mine", makepath=True)
    run = start("run", "--once", "1", "nightly", "echo", "ran")

    assert run.end() == 125
    assert (run.lines, zk.get("/ZktoolsLocks/nightly")[0]) == ([], b"mine")


@pytest.mark.parametrize("data", [b"[]", b"1", b"{}", b'{"done": [1]}', b'{"done": [{}]}', b"\xff"])
def test_data_of_others(data):
    """Whatever it is, it is told apart."""
    with pytest.raises(Problem, match="something else"):
        parsed(data, "/folder")
