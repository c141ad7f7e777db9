"""Deadlocks: threads that wait for each other in a circle. Pure.

A thread holds and waits under its session, so both are seen in the queues. A circle of threads that
each wait for a lock the next one holds goes on until somebody times out or is made to let go.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from zktools._queue.layouts import ZKTOOLS
from zktools.cli.queues import Queue
from zktools.contenders import Contender


class Thread(NamedTuple):
    """Who holds and waits: a thread, within a session."""

    session_id: int
    name: str


class Wait(NamedTuple):
    """One thread that waits for a lock which another one holds."""

    waiting: Contender
    lock: str
    holding: Contender


def find_circles(queues: Sequence[Queue]) -> list[list[Wait]]:
    """Each circle once, as the waits that close it.

    In other layouts than one's own nobody says which thread it is.
    """
    waits: dict[Thread, list[Wait]] = {}
    for queue in [queue for queue in queues if queue.layout is ZKTOOLS]:
        for waiting in queue.waiting:
            for holding in queue.holders:
                wait = Wait(waiting, queue.name, holding)
                waits.setdefault(_thread(waiting), []).append(wait)
    circles: list[list[Wait]] = []
    done: set[Thread] = set()
    for start in waits:
        _follow(start, waits, [], done, circles)
    return circles


def _follow(
    thread: Thread,
    waits: dict[Thread, list[Wait]],
    trail: list[Wait],
    done: set[Thread],
    circles: list[list[Wait]],
) -> None:
    """Walk from thread to thread along what they wait for; a return to the trail is a circle."""
    on_trail = [_thread(wait.waiting) for wait in trail]
    if thread in on_trail:
        circles.append(trail[on_trail.index(thread) :])
    elif thread not in done:
        for wait in waits.get(thread, []):
            _follow(_thread(wait.holding), waits, [*trail, wait], done, circles)
        done.add(thread)


def _thread(contender: Contender) -> Thread:
    return Thread(contender.session_id, str((contender.who or {}).get("thread", "")))
