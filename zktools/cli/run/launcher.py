"""The first moments of a command's process: a program of its own, run by its path.

It imports nothing of zktools, so that it starts in milliseconds. What it does must happen in the
new process, and doing it after a fork of a process with threads could hang. In turn:

- die with zooky: on Linux the kernel kills this process, and what it becomes, when zooky's main
  thread is gone, even by ``kill -9``;
- take the terminal, if zooky had it: only its foreground group may read from it, or gets Ctrl-C;
- become the command.

Arguments: zooky's pid, ``1`` to take the terminal or ``0``, the command and its arguments.
"""

from __future__ import annotations

import os
import signal
import sys

_PR_SET_PDEATHSIG = 1
_NOT_EXECUTABLE, _NOT_FOUND = 126, 127


def main(zooky: int, take_terminal: bool, command: list[str]) -> None:
    """Become `command`."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    die_with(zooky)
    if take_terminal:
        signal.signal(signal.SIGTTOU, signal.SIG_IGN)
        os.tcsetpgrp(0, os.getpgrp())
    # Python ignores some signals for itself; ignoring is inherited.
    for name in ("SIGTTOU", "SIGPIPE", "SIGXFSZ", "SIGINT"):
        signal.signal(getattr(signal, name), signal.SIG_DFL)
    try:
        os.execvp(command[0], command)  # noqa: S606 - that is what it is for
    except FileNotFoundError:
        complain(command, "there is no such command", _NOT_FOUND)
    except OSError as error:
        complain(command, error.strerror or str(error), _NOT_EXECUTABLE)


def die_with(zooky: int) -> None:
    """Ask the kernel to kill this process when its parent is gone, where it can do that."""
    if sys.platform == "linux":
        try:
            import ctypes  # noqa: PLC0415 - only here, and not every Python has it
        except ImportError:
            return
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != zooky:
        os._exit(1)  # it went before the kernel was asked


def complain(command: list[str], why: str, status: int) -> None:
    """Say why it is not run, and give the status that shells give."""
    sys.stderr.write(f"zooky: {command[0]!a}: {why}\n")
    sys.exit(status)


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2] == "1", sys.argv[3:])
