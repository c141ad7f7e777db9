"""Programs on a terminal, as somebody who sits before it sees them."""

import os
import pty
import re
import signal
import subprocess
import sys
import termios
import threading

from tests.cli.support import PATIENCE

ON_TERMINAL = """
import fcntl, os, sys, termios
os.setsid()
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
os.execvp(sys.argv[1], sys.argv[1:])
"""

# Without what overrules the size of the terminal.
_ENVIRONMENT = {
    **{name: text for name, text in os.environ.items() if name not in {"COLUMNS", "LINES"}},
    "TERM": "xterm",
}


class Screen:
    """A program on a terminal of its own.

    Args:
        words: the program and its arguments.
        size: lines and columns.
    """

    def __init__(self, hosts, *words, size=(24, 80)):
        self._leader, follower = pty.openpty()
        termios.tcsetwinsize(follower, size)
        self._popen = subprocess.Popen(
            [sys.executable, "-c", ON_TERMINAL, *words],
            stdin=follower,
            stdout=follower,
            stderr=follower,
            env={**_ENVIRONMENT, "ZOOKEEPER_HOSTS": hosts},
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

    def expect_match(self, pattern):
        """Wait until it matches what is on the screen; answers the match."""
        with self._changed:
            found = self._changed.wait_for(lambda: re.search(pattern, self.text), PATIENCE)
        assert found, self.text
        return found

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
