"""``zooky run`` where somebody sits before it."""

import signal
import sys

import pytest

from tests.cli.support import process_state, python
from zktools import ZkSemaphore, ZkWriteLock
from zktools.testing import wait_until

INTERRUPTED = """
import signal, sys
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
print("ready")
signal.sigwait([signal.SIGINT])
sys.exit(33)
"""
RESUMED = """
import signal
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGCONT])  # what waits for it misses none
print("ready")
signal.sigwait([signal.SIGCONT])
print("resumed")
"""


def test_command_reads_from_the_terminal(screen):
    """An editor or a shell can run under a lock."""
    run = screen("run", "nightly", "--", *python("print('you said', input('ready'))"))
    run.expect("ready")
    run.type("hello\n")

    assert run.end() == 0
    assert "you said hello" in run.text


def test_ctrl_c_is_for_the_command(screen):
    """The command decides how it ends, and zooky gives that back."""
    run = screen("run", "nightly", "--", *python(INTERRUPTED))
    run.expect("ready")
    run.type("\x03")

    assert run.end() == 33


def test_waiting_is_said_when_it_lasts(screen, hold):
    """Who sits before it is told why nothing happens, and where to look; a script is not."""
    lease = hold("nightly")
    run = screen("run", "nightly", "--", "true")
    run.expect("waiting for nightly; `zooky show nightly` tells who has it")
    lease.release()

    assert run.end() == 0


@pytest.mark.slow
def test_where_to_look_for_a_permit(screen, start, hold):
    """It is told with the root where semaphores are."""
    lease = hold("partner", ZkSemaphore, permits=1)
    run = screen("run", "--permits", "1", "partner", "--", "true")
    run.expect("`zooky show partner --root semaphores` tells who has it")
    piped = start("run", "--permits", "1", "--timeout", "0", "partner", "--", "true")
    piped.expect("zooky: partner was not acquired", piped.errors)
    lease.release()

    assert run.end() == 0
    assert "`zooky show partner --root semaphores`" in piped.errors[0]


@pytest.mark.slow
def test_waiting_is_said_to_nobody_else(screen, start, hold):
    """Neither into a log or a mail, nor with --quiet."""
    hold("nightly")
    quiet = screen("run", "--quiet", "--timeout", "2s", "nightly", "--", "true")
    piped = start("run", "--timeout", "2s", "nightly", "--", "true")

    assert (quiet.end(), quiet.text) == (123, "")
    assert piped.end() == 123
    assert len(piped.errors) == 1


def test_ctrl_c_while_waiting(screen, hold):
    """There is no command yet: zooky leaves the queue."""
    hold("nightly")
    run = screen("run", "nightly", "--verbose", "--", "true")
    run.expect("waiting")
    run.type("\x03")

    assert run.end() == 128 + signal.SIGINT


@pytest.mark.slow
def test_ctrl_z_does_not_stop_the_command(screen):
    """Nobody could resume it, and holding a lock is no time to rest."""
    run = screen("run", "nightly", "--", *python(RESUMED))
    run.expect("ready")
    run.type("\x1a")
    run.expect("resumed")

    assert run.end() == 0


@pytest.mark.slow
def test_background_job_of_a_shell(screen, hosts):
    """A zooky that does not have the terminal does not take it."""
    script = f"{sys.executable} -m zktools.cli run nightly -- sh -c 'exit 5' & wait $!; echo got $?"
    run = screen("run", "other", "--", "sh", "-c", script)

    assert run.end() == 0
    assert "got 5" in run.text


@pytest.fixture
def stopped(on_screen):
    """A shell with a zooky in the background, whose command is stopped for want of the terminal."""
    shell = on_screen("bash", "--norc", "--noediting", "-i")
    program = "sh -c 'echo started $$.; exec cat'"
    shell.type(f"{sys.executable} -m zktools.cli run nightly -- {program} &\n")
    shell.command = int(shell.expect_match(r"started (\d+)\.")[1])
    wait_until(lambda: process_state(shell.command) == "T")
    return shell


def test_command_that_wants_the_terminal_gets_it_with_fg(stopped):
    """Started in the background, the command stops for want of the terminal; `fg` gives it over."""
    stopped.type("fg\n")
    wait_until(lambda: process_state(stopped.command) == "S")
    stopped.type("hello\n")
    stopped.expect("hello\r\nhello")
    stopped.type("\x04exit 7\n")

    assert stopped.end() == 7


def test_ctrl_c_ends_a_command_that_fg_brought_back(stopped, zk):
    """And the lock is free."""
    stopped.type("fg\n")
    wait_until(lambda: process_state(stopped.command) == "S")
    stopped.type("\x03")
    wait_until(lambda: ZkWriteLock(zk, "nightly").contenders() == [])
    stopped.type("exit 7\n")

    assert stopped.end() == 7
