"""A child process that can be killed, paused and resumed, and never outlives this one."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

from zktools.testing import _supervisor

_SUPERVISOR = Path(_supervisor.__file__)


class Process:
    """A running command, in the care of a supervisor (see `_supervisor`).

    Args:
        command: program and arguments.
        folder: where it works; removed if this process dies without stopping it.
        log: file that its output is added to.
    """

    def __init__(self, command: Sequence[str], folder: Path, log: Path) -> None:
        # -I -S: nothing of the user's environment can change or slow the supervisor.
        python = [sys.executable, "-I", "-S", str(_SUPERVISOR)]
        with log.open("ab") as output:
            self._supervisor = subprocess.Popen(  # noqa: S603
                [*python, str(os.getpid()), str(folder), *command],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=output,
                cwd=folder,
                start_new_session=True,
                bufsize=0,
            )
        assert self._supervisor.stdin
        assert self._supervisor.stdout
        self._orders, self._answers = self._supervisor.stdin, self._supervisor.stdout
        self._lock = threading.Lock()
        started = self._answers.readline()
        self.pid = int(started[1:] or 0)

    def is_running(self) -> bool:
        """True until the command has ended; also while it is paused."""
        return self._supervisor.poll() is None

    def kill(self) -> None:
        """End it now, with SIGKILL, and wait until it is gone. Nothing to do if it already is."""
        with self._lock:
            self._send(_supervisor.KILL)
            self._supervisor.wait()
            self._orders.close()
            self._answers.close()

    def pause(self) -> None:
        """Stop it with SIGSTOP; none of its threads runs any more when this returns."""
        self._do(_supervisor.PAUSE)

    def resume(self) -> None:
        """Let it go on after `pause`."""
        self._do(_supervisor.RESUME)

    def _do(self, order: bytes) -> None:
        with self._lock:
            if not (self._send(order) and self._answers.read(1) == order):
                raise ProcessLookupError(f"process {self.pid} has ended")

    def _send(self, order: bytes) -> bool:
        try:
            return bool(self._orders.write(order))
        except (BrokenPipeError, ValueError):  # it has ended; closed by kill()
            return False
