"""The locks under the lock root, and their queues."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import click
from kazoo.exceptions import NoNodeError

from zktools._engine.steps import run
from zktools._queue.contenders import contenders, listing
from zktools._queue.layouts import LAYOUTS, SEMAPHORE, ZKTOOLS, Layout, layouts_in
from zktools.cli.connection import Connection
from zktools.cli.durations import in_words, seconds_since
from zktools.cli.held import Began
from zktools.cli.problems import Problem
from zktools.cli.statuses import Status
from zktools.cli.tool import Option
from zktools.contenders import Contender
from zktools.exceptions import AccessDeniedError

_AT_A_TIME = 8  # locks that are read at once


@dataclass(frozen=True)
class Queue:
    """One lock and its contenders, first in the queue first."""

    name: str
    folder: str
    layout: Layout
    contenders: list[Contender]
    denied: bool = False
    """Whether an ACL keeps it from being read."""
    permits: int | None = None
    """How many permits a semaphore has; None for locks."""
    began: Mapping[str, Began] = field(default_factory=dict)
    """Since when each holds, by name, where looks before this one tell more than this one."""

    def began_of(self, contender: Contender) -> Began:
        """When one that holds began to."""
        known = Began(contender.since, contender.held_since)
        return self.began.get(contender.name, known)

    @property
    def holders(self) -> list[Contender]:
        """Those who hold it."""
        return [contender for contender in self.contenders if contender.holds]

    @property
    def waiting(self) -> list[Contender]:
        """Those who wait."""
        return [contender for contender in self.contenders if not contender.holds]

    def age(self, contender: Contender) -> str:
        """For how long it has held it, or waited."""
        if contender.holds:
            return self.began_of(contender).in_words()
        return in_words(seconds_since(contender.since))

    @property
    def state(self) -> str:
        """``Locked``, ``Shared`` among readers, ``Free``, ``No access``; ``2 of 8`` permits."""
        if self.denied:
            return "No access"
        if self.permits is not None:
            return f"{sum(holder.weight for holder in self.holders)} of {self.permits}"
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


def layout_option(command: Callable[..., Any]) -> Any:
    """``--layout``, as the argument `layout`: None to go by the names in each folder."""
    return click.option(
        "--layout",
        cls=Option,
        type=click.Choice([*LAYOUTS]),
        help="Whose queue; unless given, it is known by the names of those in it.",
    )(command)


def chosen_layouts(layout: str | None, names: Iterable[str]) -> list[Layout]:
    """That which is asked for, or those of the names; one's own where nobody is there."""
    if layout is not None:
        return [LAYOUTS[layout]]
    names = list(names)
    if SEMAPHORE.size(names) is not None:
        return [SEMAPHORE, *layouts_in(names)]
    return layouts_in(names) or [ZKTOOLS]


def read_lock(connection: Connection, name: str, layout: str | None) -> list[Queue]:
    """The queue of one lock, empty where there is no such lock; one for each layout in use."""
    session, folder = connection.session, connection.lock_folder(name)
    names = run(listing(session, folder))
    size = SEMAPHORE.size(names)
    found = []
    for one in chosen_layouts(layout, names):
        permits = size.permits if size is not None and one is SEMAPHORE else None
        queue = run(contenders(session, folder, one))
        found.append(Queue(name, folder, one, queue, permits=permits))
    return found


def read_queues(connection: Connection, layout: str | None) -> list[Queue]:
    """The queues of all locks. Each is of a moment of its own."""
    names = lock_names(connection)
    with ThreadPoolExecutor(_AT_A_TIME) as pool:
        read = pool.map(lambda name: _read_if_allowed(connection, name, layout), names)
        return [queue for queues in read for queue in queues]


def busiest_first(queues: Iterable[Queue], *, everything: bool) -> list[Queue]:
    """The longest queues first; those of free locks only with `everything`."""
    used = [queue for queue in queues if everything or queue.contenders or queue.denied]
    return sorted(used, key=lambda queue: (-len(queue.waiting), queue.name))


def _read_if_allowed(connection: Connection, name: str, layout: str | None) -> list[Queue]:
    try:
        return read_lock(connection, name, layout)
    except AccessDeniedError:
        return [Queue(name, connection.lock_folder(name), ZKTOOLS, [], denied=True)]


def existing_queue(connection: Connection, name: str, layout: str | None) -> Queue:
    """The queue of a lock that must be there.

    :raises Problem: with :attr:`Status.MISSING`; with :attr:`Status.REFUSED` where the folder has
        queues of several layouts.
    """
    folder = connection.lock_folder(name)
    found = connection.client.exists_async(folder)
    if connection.session.wait(found, f"looking for {folder}") is None:
        raise missing(connection, name)
    queue, *others = read_lock(connection, name, layout)
    if others:
        layouts = " and ".join(each.layout.name for each in (queue, *others))
        raise Problem(
            Status.REFUSED, f"{name} has queues of {layouts}: say which one with --layout"
        )
    return queue


def missing(connection: Connection, name: str) -> Problem:
    """The problem that there is no such lock."""
    return Problem(
        Status.MISSING,
        f"there is no lock {name} under {connection.settings.lock_root}; "
        f"`{connection.line('list')}` shows those there are",
    )
