"""The worker processes as the driver has them, and the history of what they did."""

from __future__ import annotations

import json
import math
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from typing import IO

from examples.demo.timeline import Event, Timeline

LIMIT = 30.0  # seconds to wait for anything at all
STRAGGLING = 0.1  # seconds after which no earlier event is expected from another process


class History:
    """Every event so far. Those of the last moments are shown later, to get them in order."""

    def __init__(self, timeline: Timeline) -> None:
        self._events: list[Event] = []
        self._unseen: list[Event] = []
        self._changed = threading.Condition()
        self._timeline = timeline

    def add(self, event: Event) -> None:
        """Record an event."""
        with self._changed:
            self._events.append(event)
            self._unseen.append(event)
            self._changed.notify_all()

    def mark(self) -> int:
        """Where the history ends now; `since` and `wait` take it."""
        with self._changed:
            return len(self._events)

    def since(self, mark: int, *what: str) -> list[Event]:
        """The events after `mark`, by time: those named, or all."""
        with self._changed:
            recent = self._events[mark:]
        return sorted((e for e in recent if not what or e.what in what), key=lambda e: e.at)

    def wait(self, mark: int, who: str, what: str, times: int = 1) -> Event:
        """Wait until `who` has done `what` that often after `mark`; return the last of them.

        Raises:
            TimeoutError: it does not happen.
        """
        deadline = time.monotonic() + LIMIT
        while time.monotonic() < deadline:
            done = [event for event in self.since(mark, what) if event.who == who]
            if len(done) >= times:
                return done[times - 1]
            with self._changed:
                self._changed.wait(STRAGGLING)
            self.show(before=time.monotonic() - STRAGGLING)
        raise TimeoutError(f"waited {LIMIT:.0f} s in vain: {who} {what}")

    def show(self, before: float = math.inf) -> None:
        """Show the events that happened before that moment and were not shown yet."""
        with self._changed:
            due = sorted((e for e in self._unseen if e.at < before), key=lambda e: e.at)
            self._unseen = [e for e in self._unseen if e.at >= before]
        for event in due:
            self._timeline.show(event)


class Worker:
    """A process that runs ``examples/demo/worker.py``."""

    def __init__(self, name: str, hosts: str, session_timeout: float, history: History) -> None:
        self.name = name
        self._history = history
        self._process = subprocess.Popen(
            [sys.executable, "-m", "examples.demo.worker", hosts, str(session_timeout)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        threading.Thread(target=self._listen, args=(self._process.stdout,), daemon=True).start()

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    def begin(self, task: Callable[..., None], **arguments: object) -> int:
        """Tell it to do one of ``worker.py``'s tasks; return where the history was before."""
        mark = self._history.mark()
        self._tell(task=task.__name__, **arguments)
        return mark

    def go_on(self) -> None:
        """Let a task go on that waits to be told."""
        self._tell()

    def stand_still(self) -> None:
        """Stop the process as it is (SIGSTOP), as a machine that swaps or a VM that moves would."""
        self._signal(signal.SIGSTOP, "is stopped")

    def wake_up(self) -> None:
        """Let it run again."""
        self._signal(signal.SIGCONT, "wakes up")

    def kill(self) -> None:
        """End the process without any warning (SIGKILL)."""
        self._signal(signal.SIGKILL, "is killed")

    def end(self) -> None:
        """End the process, whatever it is doing, and wait until it is gone."""
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()

    def _tell(self, **order: object) -> None:
        if self._process.stdin is None:
            raise RuntimeError(f"{self.name} has no input")
        print(json.dumps(order), file=self._process.stdin, flush=True)

    def _signal(self, number: signal.Signals, what: str) -> None:
        self._history.add(Event(self.name, what, time.monotonic()))
        self._process.send_signal(number)

    def _listen(self, output: IO[str]) -> None:
        for line in output:
            self._history.add(Event(self.name, **json.loads(line)))
