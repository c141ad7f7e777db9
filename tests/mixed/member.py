"""A member with zktools' locks, or with kazoo's recipes.

    python -m tests.mixed.member RECIPES HOSTS PATH SHARED FILE TIMEOUT NAME

RECIPES is ``kazoo's``, or the layout in which zktools is to queue. Prints a line ``grant NAME HOW``
for each time that it was inside alone, or among readers, and ``overlap NAME HOW`` where it met
somebody there.
"""

from __future__ import annotations

import fcntl
import random
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from kazoo.client import KazooClient
from kazoo.exceptions import KazooException

from zktools import ZkLock, ZkReadLock, ZkWriteLock
from zktools.exceptions import ZkToolsError

IsHeld = Callable[[], bool]


class Member:
    """What both have in common."""

    def __init__(self, hosts: str, path: str, shared: str, file: str, timeout: str, name: str):
        self._hosts, self._path, self.name = hosts, path, name
        self._shared = shared == "true"
        self._timeout = float(timeout)
        self._place = Path(file).open("r+")  # noqa: SIM115 - for as long as the process lives
        self.connect()

    def connect(self) -> None:
        """Begin a session."""
        self.client = KazooClient(
            self._hosts, timeout=self._timeout, connection_retry={"max_tries": -1, "delay": 0.05}
        )
        self.client.start(60)

    def held(self, reads: bool) -> Any:
        """A context in which the lock is held, and that tells whether it still is."""
        raise NotImplementedError

    def turn(self) -> None:
        """Acquire, be inside for a moment, and release."""
        reads = self._shared and random.random() < 0.5
        with self.held(reads) as is_held:
            if is_held():
                self._visit(reads, is_held)

    def _visit(self, reads: bool, is_held: IsHeld) -> None:
        what = "grant"
        try:
            fcntl.lockf(self._place, (fcntl.LOCK_SH if reads else fcntl.LOCK_EX) | fcntl.LOCK_NB)
        except BlockingIOError:
            what = "overlap"
        print(what, self.name, "read" if reads else "write", flush=True)
        until = time.monotonic() + random.random() * 0.003
        while is_held() and time.monotonic() < until:
            time.sleep(0.0002)
        fcntl.lockf(self._place, fcntl.LOCK_UN)


class Ours(Member):
    """With zktools."""

    layout: Any = "zktools"

    @contextmanager
    def held(self, reads: bool) -> Iterator[IsHeld]:
        """See :class:`Member`."""
        kind = ZkLock if not self._shared else ZkReadLock if reads else ZkWriteLock
        lock = kind(self.client, self._path, layout=self.layout, identifier=self.name)
        with lock as lease:
            yield lambda: lease.is_held


class Kazoos(Member):
    """With kazoo's recipes, used as its documentation advises: not after an interruption."""

    @contextmanager
    def held(self, reads: bool) -> Iterator[IsHeld]:
        """See :class:`Member`."""
        client = self.client
        kind = client.Lock if not self._shared else client.ReadLock if reads else client.WriteLock
        lock = kind(self._path, self.name)
        try:
            lock.acquire()
            yield lambda: bool(client.connected)
            lock.release()
        except KazooException:
            # It may have left a node behind, which goes with the session only.
            client.stop()
            client.close()
            self.connect()


def main() -> None:
    """Take turns until killed."""
    recipes, *arguments = sys.argv[1:]
    Ours.layout = recipes
    member = (Kazoos if recipes == "kazoo's" else Ours)(*arguments)
    while True:
        try:
            member.turn()
        except (KazooException, ZkToolsError) as error:
            print(f"{member.name}: {error!r}", file=sys.stderr)


if __name__ == "__main__":
    main()
