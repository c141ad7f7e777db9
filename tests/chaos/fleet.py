"""The workers as processes, each behind a proxy of its own."""

from __future__ import annotations

import json
import os
import signal
import struct
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from tests.chaos.history import Event, Journal, parse
from zktools.testing import Frame, Op, Proxy, wait_until

_OPENED = struct.Struct("!iiqi16s")  # version, timeout, session, 16, password
_ROOT = Path(__file__).parents[2]


#: The program of a worker that takes locks.
WORKER = "tests.chaos.worker"


@dataclass
class Setup:
    """What all workers share."""

    folder: Path
    hosts: str
    chroot: str
    register: int
    seed: int
    subject: str
    session_timeout: float
    module: str


class Crew:
    """One worker: its proxy, which stays, and its process, which may be killed and made anew."""

    def __init__(self, who: str, setup: Setup, journal: Journal) -> None:
        self.who = who
        self.session: tuple[int, bytes] | None = None
        self.proxy = Proxy(setup.hosts)
        self.proxy.on_reply(self._note_session, Op.CREATE_SESSION)
        self._setup = setup
        self._journal = journal
        self._life = 0
        self.was_killed = False
        self._guard = threading.Lock()
        self._stops = 0
        self._process: subprocess.Popen[bytes] | None = None
        self._history = setup.folder / f"{who}.jsonl"
        self._stderr = (setup.folder / f"{who}.stderr").open("ab")

    def start(self) -> None:
        """Start the process."""
        self._hang_up()
        self._life += 1
        self.was_killed = False
        settings = {
            "who": self.who,
            "life": self._life,
            "seed": self._setup.seed,
            "subject": self._setup.subject,
            "session_timeout": self._setup.session_timeout,
            "hosts": self.proxy.hosts + self._setup.chroot,
            "register": self._setup.register,
            "history": str(self._history),
            "occupancy": str(self._setup.folder / "occupancy"),
        }
        self._process = subprocess.Popen(
            [sys.executable, "-m", self._setup.module, json.dumps(settings)],
            stdin=subprocess.PIPE,
            stderr=self._stderr,
            cwd=_ROOT,
            start_new_session=True,  # Ctrl-C is for the campaign
        )

    @property
    def name(self) -> str:
        """Of the process that is there now: another one has another."""
        return f"{self.who}.{self._life}"

    @property
    def is_alive(self) -> bool:
        """Whether the process is there."""
        return self._process is not None and self._process.poll() is None

    @property
    def exit_code(self) -> int | None:
        """Of the process; None while it runs."""
        return self._process.poll() if self._process is not None else None

    @property
    def is_drained(self) -> bool:
        """Whether it has written down what it leaves behind, the last thing it does."""
        return any(event["event"] == "residue" for event in self.newest(400))

    def means_to_hold(self, seconds: float) -> bool:
        """Whether it holds the lock now, and does not want to let go for that long."""
        kinds = ("acquire", "acquired", "release", "refused", "cancelled")
        events = [event for event in self.newest(4000) if event["event"] in kinds]
        plan = [event["hold"] for event in events if event["event"] == "acquire"]
        holds = bool(events) and events[-1]["event"] == "acquired"
        return holds and bool(plan) and plan[-1] >= seconds - 0.001

    def newest(self, size: int) -> list[Event]:
        """The events in the last `size` bytes of its history."""
        if not self._history.exists():
            return []
        with self._history.open("rb") as file:
            file.seek(max(file.seek(0, os.SEEK_END) - size, 0))
            return parse(file.read().decode().splitlines())

    def stop(self) -> None:
        """SIGSTOP. Nests."""
        with self._guard:
            self._stops += 1
            if self._stops == 1:
                self._journal.write("stopped", target=self.who)
                self._signal(signal.SIGSTOP)

    def cont(self) -> None:
        """SIGCONT, once for each `stop`."""
        with self._guard:
            self._stops -= 1
            if self._stops == 0:
                self._signal(signal.SIGCONT)
                self._journal.write("continued", target=self.who)

    def kill(self) -> None:
        """SIGKILL, which works on a stopped process as well."""
        assert self._process is not None
        self.was_killed = True
        self._process.kill()
        self._process.wait()
        self._journal.write("killed", target=self.who)

    def heal(self) -> None:
        """Mend its network, whoever else is doing so at the same time."""
        with self._guard:
            self.proxy.heal()

    def order(self, **plan: object) -> None:
        """Say how its next attempt is to be."""
        self.say(json.dumps(plan))

    def say(self, line: str) -> None:
        """Write a line to its standard input."""
        assert self._process is not None
        assert self._process.stdin is not None
        with suppress(OSError):  # it was killed
            self._process.stdin.write(line.encode() + b"\n")
            self._process.stdin.flush()

    def wait(self, timeout: float) -> bool:
        """Whether it ended within `timeout` seconds."""
        assert self._process is not None
        try:
            self._process.wait(timeout)
        except subprocess.TimeoutExpired:
            return False
        return True

    def dump_and_kill(self) -> None:
        """Have it write its stacks to its standard error, then end it."""
        assert self._process is not None
        with suppress(OSError):
            before = os.fstat(self._stderr.fileno()).st_size
            self._process.send_signal(signal.SIGUSR1)
            with suppress(TimeoutError):
                wait_until(lambda: os.fstat(self._stderr.fileno()).st_size > before, 2.0)
        self._process.kill()
        self._process.wait()

    def close(self) -> None:
        """End the process, if it is there, and the proxy."""
        if self.is_alive:
            self.dump_and_kill()
        self._hang_up()
        self.proxy.close()
        self._stderr.close()

    def _hang_up(self) -> None:
        if self._process is not None and self._process.stdin is not None:
            with suppress(OSError):
                self._process.stdin.close()

    def _signal(self, number: int) -> None:
        if self._process is not None:
            with suppress(ProcessLookupError):
                self._process.send_signal(number)

    def _note_session(self, frame: Frame) -> None:
        _, granted, session, _, password = _OPENED.unpack_from(frame.payload)
        if granted > 0:
            self.session = (session, password)


class Fleet:
    """All workers."""

    def __init__(self, size: int, setup: Setup, journal: Journal) -> None:
        self._journal = journal
        self.crews: dict[str, Crew] = {}
        for number in range(size):
            crew = Crew(f"w{number}", setup, journal)
            self.crews[crew.who] = crew
            crew.start()

    def revive(self) -> None:
        """Start those that are dead; one that was not killed by us has crashed."""
        for crew in self:
            if not crew.is_alive:
                if not crew.was_killed:
                    self._journal.write("gone", target=crew.who, code=crew.exit_code)
                crew.start()

    def drain(self, timeout: float) -> bool:
        """Let all come to an end; those that do not within `timeout` seconds are ended by force."""
        for crew in self:
            crew.say("drain")
        with suppress(TimeoutError):
            wait_until(lambda: all(crew.is_drained for crew in self), timeout)
        stuck = [crew for crew in self if not crew.is_drained]
        for crew in stuck:
            crew.dump_and_kill()
        return not stuck

    def stop(self) -> None:
        """End the processes that have come to an end."""
        for crew in self:
            crew.say("stop")
        for crew in self:
            if not crew.wait(10.0):
                self._journal.write("gone", target=crew.who, code="it did not stop")

    def close(self) -> None:
        """Leave no process and no proxy."""
        for crew in self:
            crew.close()

    def __iter__(self) -> Iterator[Crew]:
        return iter(self.crews.values())

    def __getitem__(self, who: str) -> Crew:
        return self.crews[who]
