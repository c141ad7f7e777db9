"""zooky as tests use it: in this process, and as a process of its own."""

import json
import os
import signal
import subprocess
import sys
import threading
import time

from click.testing import CliRunner

from zktools.cli.app import zooky as tool

PATIENCE = 20.0  # seconds


class Zooky:
    """Runs zooky in this process against one place in ZooKeeper."""

    def __init__(self, hosts):
        self.hosts = hosts

    def __call__(self, *arguments, answer=None, **environment):
        """The result: ``exit_code``, ``stdout``, ``stderr``."""
        variables = {"ZOOKEEPER_HOSTS": self.hosts, **environment}
        result = CliRunner().invoke(tool, list(arguments), input=answer, env=variables)
        assert result.exception is None or isinstance(result.exception, SystemExit), result
        return result

    def json(self, *arguments):
        """What a command that succeeds prints with ``--json``."""
        result = self(*arguments, "--json")
        assert result.exit_code == 0, result.stderr
        return json.loads(result.stdout)


class Process:
    """zooky as a process; its output is collected line by line."""

    def __init__(self, hosts, arguments, env=None, **options):
        self.popen = subprocess.Popen(
            [sys.executable, "-m", "zktools.cli", *arguments],
            env={**os.environ, "ZOOKEEPER_HOSTS": hosts, **(env or {})},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            **{"stdin": subprocess.DEVNULL, **options},
        )
        self.lines, self.errors = [], []
        self._changed = threading.Condition()
        self._readers = [
            threading.Thread(target=self._read, args=(pipe, lines), daemon=True)
            for pipe, lines in ((self.popen.stdout, self.lines), (self.popen.stderr, self.errors))
        ]
        for reader in self._readers:
            reader.start()

    def _read(self, pipe, lines):
        for line in pipe:
            with self._changed:
                lines.append(line.rstrip("\n"))
                self._changed.notify_all()

    def expect(self, text, lines=None):
        """Wait for a line that begins with `text`, and return it."""
        lines = self.lines if lines is None else lines

        def found():
            return next((line for line in lines if line.startswith(text)), None)

        with self._changed:
            assert self._changed.wait_for(found, PATIENCE), (text, self.lines, self.errors)
        return found()

    def send(self, number):
        """Send a signal to zooky alone."""
        self.popen.send_signal(number)

    def end(self):
        """Wait until it has ended, and return its exit status."""
        status = self.popen.wait(PATIENCE)
        for reader in self._readers:
            reader.join(PATIENCE)
        return status

    def close(self):
        """Make sure that nothing is left of it."""
        if self.popen.poll() is None:
            self.popen.send_signal(signal.SIGCONT)
            self.popen.kill()
            self.popen.wait()
        for reader in self._readers:
            reader.join(PATIENCE)
        self.popen.stdout.close()
        self.popen.stderr.close()


def python(program):
    """The words of a command that runs `program`."""
    return [sys.executable, "-u", "-c", program]


def is_alive(pid):
    """Whether a process is there and is no zombie."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return process_state(pid) not in {"", "Z"}


def process_state(pid):
    """One letter, as ps gives it; empty where there is no such process."""
    command = ["ps", "-o", "stat=", "-p", str(pid)]
    state = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    return state.strip()[:1]


def moment():
    """One clock for all processes of this machine."""
    return time.monotonic()
