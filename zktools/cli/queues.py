"""The locks under the lock root, and their queues."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from kazoo.exceptions import NoNodeError

from zktools._engine.steps import run
from zktools._queue.contenders import contenders
from zktools._queue.layouts import ZKTOOLS
from zktools.cli.connection import Connection
from zktools.cli.problems import Problem
from zktools.cli.statuses import Status
from zktools.contenders import Contender

_AT_A_TIME = 8  # locks that are read at once


@dataclass(frozen=True)
class Queue:
    """One lock and its contenders, first in the queue first."""

    name: str
    folder: str
    contenders: list[Contender]

    @property
    def holders(self) -> list[Contender]:
        """Those who hold it."""
        return [contender for contender in self.contenders if contender.holds]

    @property
    def waiting(self) -> list[Contender]:
        """Those who wait."""
        return [contender for contender in self.contenders if not contender.holds]

    @property
    def state(self) -> str:
        """``Locked``, ``Shared`` among readers, or ``Free``."""
        if not self.contenders:
            return "Free"
        return "Shared" if self.contenders[0].kind == "read" else "Locked"


def lock_names(connection: Connection) -> list[str]:
    """The names of all locks; none where there is no lock root."""
    session, root = connection.session, connection.settings.lock_root
    listed = connection.client.get_children_async(root)
    listed.wait(session.wire.session_timeout)
    if isinstance(listed.exception, NoNodeError):
        return []
    return sorted(session.wait(listed, f"listing {root}"))


def read_queue(connection: Connection, name: str) -> Queue:
    """The queue of one lock; empty where there is no such lock."""
    folder = connection.lock_folder(name)
    return Queue(name, folder, run(contenders(connection.session, folder, ZKTOOLS)))


def read_queues(connection: Connection) -> list[Queue]:
    """The queues of all locks. Each is of a moment of its own."""
    names = lock_names(connection)
    with ThreadPoolExecutor(_AT_A_TIME) as pool:
        return list(pool.map(lambda name: read_queue(connection, name), names))


def existing_queue(connection: Connection, name: str) -> Queue:
    """The queue of a lock that must be there.

    :raises Problem: with :attr:`Status.MISSING`.
    """
    folder = connection.lock_folder(name)
    found = connection.client.exists_async(folder)
    if connection.session.wait(found, f"looking for {folder}") is None:
        raise missing(connection, name)
    return read_queue(connection, name)


def missing(connection: Connection, name: str) -> Problem:
    """The problem that there is no such lock."""
    return Problem(
        Status.MISSING,
        f"there is no lock {name} under {connection.settings.lock_root}; "
        "`zooky list` shows those there are",
    )
