"""``zooky run`` where somebody sits before it."""

import os
import pty
import signal
import subprocess
import sys
import threading

import pytest

from tests.cli.support import PATIENCE, python

ON_TERMINAL = """
import fcntl, os, sys, termios
os.setsid()
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
os.execv(sys.argv[1], sys.argv[1:])
"""
INTERRUPTED = """
import signal, sys
signal.signal(signal.SIGINT, lambda *_: sys.exit(33))
print("ready")
signal.pause()
"""
RESUMED = """
import os, signal
def resume(*_):
    print("resumed")
    os._exit(0)
signal.signal(signal.SIGCONT, resume)
print("ready")
signal.pause()
"""


class Screen:
    """zooky on a terminal of its own."""

    def __init__(self, hosts, *arguments):
        self._leader, follower = pty.openpty()
        self._popen = subprocess.Popen(
            [sys.executable, "-c", ON_TERMINAL, sys.executable, "-m", "zktools.cli", *arguments],
            stdin=follower,
            stdout=follower,
            stderr=follower,
            env={**os.environ, "ZOOKEEPER_HOSTS": hosts},
        )
        os.close(follower)
        self.text = ""
        self._changed = threading.Condition()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self):
        while True:
            try:
                data = os.read(self._leader, 4096)
            except OSError:  # the other end is closed
                return
            if not data:
                return
            with self._changed:
                self.text += data.decode()
                self._changed.notify_all()

    def expect(self, text):
        """Wait until it is on the screen."""
        with self._changed:
            assert self._changed.wait_for(lambda: text in self.text, PATIENCE), self.text

    def type(self, text):
        """As if on the keyboard."""
        os.write(self._leader, text.encode())

    def end(self):
        """Wait until it has ended, and return its exit status."""
        status = self._popen.wait(PATIENCE)
        self._reader.join(PATIENCE)
        return status

    def close(self):
        """Leave nothing."""
        if self._popen.poll() is None:
            self._popen.send_signal(signal.SIGKILL)
        self.end()
        os.close(self._leader)


@pytest.fixture
def screen(hosts):
    """Call it with a command line."""
    made = []

    def make(*arguments):
        made.append(Screen(hosts, *arguments))
        return made[-1]

    yield make
    for each in made:
        each.close()


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


def test_ctrl_c_while_waiting(screen, hold):
    """There is no command yet: zooky leaves the queue."""
    hold("nightly")
    run = screen("run", "nightly", "--verbose", "--", "true")
    run.expect("waiting")
    run.type("\x03")

    assert run.end() == 128 + signal.SIGINT


def test_ctrl_z_does_not_stop_the_command(screen):
    """Nobody could resume it, and holding a lock is no time to rest."""
    run = screen("run", "nightly", "--", *python(RESUMED))
    run.expect("ready")
    run.type("\x1a")
    run.expect("resumed")

    assert run.end() == 0


def test_background_job_of_a_shell(screen, hosts):
    """A zooky that does not have the terminal does not take it."""
    script = f"{sys.executable} -m zktools.cli run nightly -- sh -c 'exit 5' & wait $!; echo got $?"
    run = screen("run", "other", "--", "sh", "-c", script)

    assert run.end() == 0
    assert "got 5" in run.text
