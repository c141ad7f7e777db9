"""A fleet of members, what they said, and what is done to them."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import threading
from collections import Counter
from pathlib import Path
from typing import Self

from zktools.testing import Proxy

PYTHON = [sys.executable, "-m", "tests.mixed.member"]
_PATIENCE = 120.0  # seconds for one more grant, with all members alive or about to be


class Fleet:
    """Some members of ours and some of theirs, on one lock.

    Each half is behind a network of its own. `theirs` is the command of a member of theirs.
    """

    def __init__(
        self,
        hosts: str,
        chroot: str,
        layout: str,
        theirs: list[str],
        *,
        shared: bool,
        size: int = 2,
    ) -> None:
        self.turns: list[str] = []
        """Whose each grant was, ``ours`` or ``theirs``, as they came."""
        self.overlaps: list[str] = []
        self.proxies = {side: Proxy(hosts) for side in ("ours", "theirs")}
        self._commands = {"ours": [*PYTHON, layout], "theirs": theirs}
        self._folder = tempfile.TemporaryDirectory()
        place = Path(self._folder.name, "place")
        place.touch()
        self._rest = [f"{chroot}/mixed", str(shared).lower(), str(place), "4"]
        self._said = threading.Condition()
        self.members: dict[str, subprocess.Popen[str]] = {}
        self._readers: list[threading.Thread] = []
        for number in range(size):
            for side in self._commands:
                self.start(f"{side}-{number}")

    def start(self, name: str) -> None:
        """Have a member begin."""
        side = name.partition("-")[0]
        command = [*self._commands[side], self.proxies[side].hosts, *self._rest, name]
        member = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        self.members[name] = member
        reader = threading.Thread(target=self._listen, args=(member,))
        reader.start()
        self._readers.append(reader)

    def _listen(self, member: subprocess.Popen[str]) -> None:
        assert member.stdout is not None
        with member.stdout as lines:
            for line in lines:
                self._hear(line)

    def _hear(self, line: str) -> None:
        what, name, _how = line.split()
        with self._said:
            self.turns.append(name.partition("-")[0])
            if what != "grant":
                self.overlaps.append(line)
            self._said.notify_all()

    def wait_for(self, grants: int, but: str = "") -> None:
        """Wait until each side had so many more, but for one that cannot."""
        with self._said:
            goal = {s: self.turns.count(s) + grants for s in self._commands if s != but}
            while any(self.turns.count(side) < goal[side] for side in goal):
                # Whoever says anything wakes this up.
                assert self._said.wait(_PATIENCE), f"no grant for {_PATIENCE} s"

    def kill(self, name: str) -> None:
        """End a member in the midst of whatever it does, and start another in its place."""
        member = self.members.pop(name)
        member.kill()
        member.wait()
        self.start(name)

    def handovers(self) -> Counter[tuple[str, str]]:
        """How often who followed whom."""
        return Counter(zip(self.turns, self.turns[1:], strict=False))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for member in self.members.values():
            member.kill()
            member.wait()
        for reader in self._readers:
            reader.join()
        for proxy in self.proxies.values():
            proxy.close()
        self._folder.cleanup()
