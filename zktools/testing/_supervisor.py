"""Run one command and never outlive the process that asked for it.

Started as a script, by `zktools.testing._process`. It has a session of its own, so neither
Ctrl-C nor ``kill -9`` of the test run's whole process group reaches it; but when the test run is
gone, however it went, so is the command, and its folder. Needs only POSIX: the same on Linux
and macOS.

Talks in single bytes: commands on standard input, the same byte on standard output when done.
Ends when the command has ended.
"""

import contextlib
import os
import select
import shutil
import signal
import subprocess
import sys

KILL, PAUSE, RESUME, STARTED = b"k", b"p", b"r", b"s"

# A process forked by the test run keeps our standard input open beyond its end, so the end of
# the input is not enough to go by: look at who our parent is, this often (seconds).
_LOOK_FOR_PARENT = 0.2


def main(parent: int, folder: str, command: list[str]) -> None:
    """Run `command` until it ends, is killed, or process `parent` is gone."""
    child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=sys.stderr)  # noqa: S603
    _answer(STARTED + b"%d\n" % child.pid)
    paused = False
    while child.poll() is None:
        readable, _, _ = select.select([0], [], [], _LOOK_FOR_PARENT)
        order = os.read(0, 1) if readable else None
        orphaned = order == b"" or os.getppid() != parent
        if orphaned or order == KILL:
            child.kill()
            child.wait()
        if orphaned:
            shutil.rmtree(folder, ignore_errors=True)
        elif order == PAUSE:
            if not paused:  # a process that stands still does not report it a second time
                _pause(child)
            paused = True
            _answer(PAUSE)
        elif order == RESUME:
            child.send_signal(signal.SIGCONT)
            paused = False
            _answer(RESUME)


def _pause(child: "subprocess.Popen[bytes]") -> None:
    """Stop the child and return only when all its threads stand still."""
    child.send_signal(signal.SIGSTOP)
    _, status = os.waitpid(child.pid, os.WUNTRACED)
    if not os.WIFSTOPPED(status):
        child.returncode = os.waitstatus_to_exitcode(status)  # it had ended on its own


def _answer(text: bytes) -> None:
    with contextlib.suppress(BrokenPipeError):
        os.write(1, text)


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2], sys.argv[3:])
