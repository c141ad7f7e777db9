"""A process that ends the command, and what it has started, when zooky is gone.

The kernel of Linux kills the command alone when zooky's main thread is gone, and other kernels not
even that. So a process beside zooky reads from a pipe that zooky holds open. Its end without a word
means that zooky was killed, and the process kills the command's whole group.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from collections.abc import Mapping

_IGNORED = [signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGTERM]


class Watchdog:
    """Zooky's side of it. Starts at once.

    Args:
        group: the process group to end.
        environment: of the process.
    """

    def __init__(self, group: int, environment: Mapping[str, str]) -> None:
        ear, self._leash = os.pipe()
        os.posix_spawn(
            sys.executable,
            [sys.executable, "-I", "-S", __file__, str(group)],
            environment,
            file_actions=[(os.POSIX_SPAWN_DUP2, ear, 0), (os.POSIX_SPAWN_DUP2, 2, 1)],
            setpgroup=0,  # neither Ctrl-C nor a signal to the groups of the others reaches it
        )
        os.close(ear)

    def dismiss(self) -> None:
        """The command has ended: what it has left behind may stay."""
        with contextlib.suppress(BrokenPipeError):
            os.write(self._leash, b"\0")
        os.close(self._leash)


def main(group: int) -> None:
    """The process's side of it."""
    for number in _IGNORED:
        signal.signal(number, signal.SIG_IGN)
    if os.read(0, 1):
        return
    try:
        os.killpg(group, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        return
    sys.stderr.write(
        "zooky has ended before its command: the command and its process group were killed\n"
    )


if __name__ == "__main__":
    main(int(sys.argv[1]))
