"""Signals to zooky: while it waits for a lock they end it, afterwards they go to the command."""

from __future__ import annotations

import os
import select
import signal
from types import FrameType
from typing import Any, Self

#: What is passed on. SIGTSTP and SIGCONT are the terminal's and go to the command directly.
_FORWARDED = (
    signal.SIGHUP,
    signal.SIGINT,
    signal.SIGQUIT,
    signal.SIGTERM,
    signal.SIGUSR1,
    signal.SIGUSR2,
)


class Stopped(BaseException):
    """A signal arrived while there was no command to pass it on to."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


class Signals:
    """Catches signals, from entering it on; main thread only.

    A pipe is the doorbell: signals ring it, the end of a child does, and any thread may. A handler
    may not take locks, because it runs between any two steps of the code it interrupts; a pipe
    needs none.
    """

    def __init__(self) -> None:
        self._caught: list[int] = []
        self._collecting = False
        self._before: dict[int, Any] = {}

    def __enter__(self) -> Self:
        """Take over."""
        self._ear, self._bell = os.pipe()
        os.set_blocking(self._ear, False)
        os.set_blocking(self._bell, False)
        self._wakeup = signal.set_wakeup_fd(self._bell, warn_on_full_buffer=False)
        for number in (*_FORWARDED, signal.SIGCHLD):
            # What nohup, for instance, ignores stays ignored; but where the end of a child is, the
            # kernel forgets its status.
            if number == signal.SIGCHLD or signal.getsignal(number) is not signal.SIG_IGN:
                self._before[number] = signal.signal(number, self._on_signal)
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
        signal.set_wakeup_fd(self._wakeup)
        # The pipe stays open until the process ends: other threads may still ring.

    def _on_signal(self, number: int, _frame: FrameType | None) -> None:
        if number == signal.SIGCHLD:
            return
        self._caught.append(number)
        if not self._collecting:
            raise Stopped(number)

    def collect(self) -> None:
        """From now on signals are for the command: keep them instead of raising Stopped.

        :raises Stopped: for one that came before, where what it interrupted went on regardless:
            Python ignores what is raised while an object is being deleted, for instance.
        """
        self._collecting = True
        if self._caught:
            raise Stopped(self._caught[0])

    def stop_collecting(self) -> None:
        """From now on they raise Stopped again.

        :raises Stopped: for one that no command was there for.
        """
        self._collecting = False
        if self._caught:
            raise Stopped(self._caught[0])

    def take(self) -> list[int]:
        """The signals kept since the last call."""
        taken = []
        while self._caught:
            taken.append(self._caught.pop(0))
        return taken

    def ring(self) -> None:
        """End the present or the next `wait`. Any thread."""
        try:
            os.write(self._bell, b"\0")
        except BlockingIOError:
            return  # full of rings

    def wait(self, seconds: float) -> None:
        """Wait for a ring, `seconds` at most."""
        ready, _, _ = select.select([self._ear], [], [], max(seconds, 0))
        if ready:
            os.read(self._ear, 4096)
