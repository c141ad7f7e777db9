"""The command as a child process, in a process group of its own."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from zktools.cli.run.watchdog import Watchdog
from zktools.cli.settings import SECRET_VARIABLES
from zktools.cli.statuses import SIGNALLED

_LAUNCHER = str(Path(__file__).with_name("launcher.py"))
_WANT_TERMINAL = {signal.SIGTTIN, signal.SIGTTOU}
# What asks for an end. One that is stopped hears none of them, so it is continued.
_ENDING = {signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGTERM}
# A handler is reset by exec, but what zooky ignores would stay ignored.
_TO_DEFAULT = [signal.SIGTTOU, signal.SIGPIPE]


class Child:
    """Starts at once.

    Args:
        command: the command and its arguments.
        environment: added to zooky's own, which is passed on without what logs in.
    """

    def __init__(self, command: Sequence[str], environment: Mapping[str, str]) -> None:
        self._owns_terminal = _is_in_foreground()
        if self._owns_terminal:
            signal.signal(signal.SIGTTOU, signal.SIG_IGN)  # zooky goes on writing to it
        arguments = [sys.executable, "-I", "-S", _LAUNCHER]
        arguments += [str(os.getpid()), "01"[self._owns_terminal], *command]
        environment = {**_without_secrets(os.environ), **environment}
        self.pid = os.posix_spawn(
            sys.executable,
            arguments,
            environment,
            setpgroup=0,
            setsigdef=_TO_DEFAULT,
        )
        try:
            self._watchdog = Watchdog(self.pid, environment)
        except BaseException:
            self.kill()
            raise
        self.wants_terminal = False
        """Whether it is stopped for want of the terminal, which is not ours to give so far."""
        self.status: int | None = None
        """Its exit status once it has ended, as a shell gives it: 128 + n for signal n."""

    def poll(self) -> int | None:
        """See whether it has ended, and return its `status`."""
        if self.wants_terminal:
            self._hand_terminal_over()
        while self.status is None:
            pid, result = os.waitpid(self.pid, os.WNOHANG | os.WUNTRACED)
            if not pid:
                break
            if os.WIFSTOPPED(result):
                self._stopped(os.WSTOPSIG(result))
            else:
                code = os.waitstatus_to_exitcode(result)
                self.status = code if code >= 0 else SIGNALLED - code
                self._watchdog.dismiss()
                self._take_terminal_back()
        return self.status

    def signal(self, number: int) -> None:
        """Send a signal to the command and what it has started, if they are still there."""
        self._send(number)
        if number in _ENDING:
            self._send(signal.SIGCONT)

    def terminate(self) -> None:
        """Ask it to end."""
        self.signal(signal.SIGTERM)

    def kill(self) -> None:
        """End it, and what it has started."""
        self._send(signal.SIGKILL)

    def _send(self, number: int) -> None:
        try:
            os.killpg(self.pid, number)
        except (ProcessLookupError, PermissionError):  # macOS refuses for a zombie's group
            return

    def _stopped(self, number: int) -> None:
        if number in _WANT_TERMINAL:
            self.wants_terminal = True
            self._hand_terminal_over()
        elif self._owns_terminal and number == signal.SIGTSTP:
            # Ctrl-Z. There is no shell between us that could continue it, and holding a lock is no
            # time to rest.
            self._send(signal.SIGCONT)

    def _hand_terminal_over(self) -> None:
        # It was started in the background, and `fg` brought zooky to the foreground: shells know
        # of no group but zooky's.
        if _is_in_foreground():
            signal.signal(signal.SIGTTOU, signal.SIG_IGN)
            os.tcsetpgrp(0, self.pid)
            self._owns_terminal = True
            self.wants_terminal = False
            self._send(signal.SIGCONT)

    def _take_terminal_back(self) -> None:
        if self._owns_terminal:
            os.tcsetpgrp(0, os.getpgrp())


def _without_secrets(environment: Mapping[str, str]) -> dict[str, str]:
    return {name: text for name, text in environment.items() if name not in SECRET_VARIABLES}


def _is_in_foreground() -> bool:
    """Whether standard input is a terminal, and it is our turn to read from it."""
    try:
        return os.isatty(0) and os.tcgetpgrp(0) == os.getpgrp()
    except OSError:
        return False
