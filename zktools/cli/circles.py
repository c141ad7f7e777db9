"""Deadlocks: threads that wait for each other in a circle. Pure.

A thread holds and waits under its session, so both are seen in the queues. A circle of threads that
each wait for a lock the next one holds goes on until somebody times out or is made to let go.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
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
    done: set[Thread] = set()
    return [circle for start in waits for circle in _circles_from(start, waits, done)]


def _circles_from(
    start: Thread, waits: dict[Thread, list[Wait]], done: set[Thread]
) -> Iterator[list[Wait]]:
    """Walk from thread to thread along what they wait for; a return to the trail is a circle.

    Who is `done` was left behind by this walk or an earlier one, with all circles that go by there.
    """
    if start in done:
        return
    trail: list[Wait] = []  # of each thread but the last, by which it waits for the next
    threads = {start: iter(waits[start])}  # on the trail, with the waits still to be followed
    while threads:
        thread = next(reversed(threads))
        wait = next(threads[thread], None)
        if wait is None:
            done.add(thread)
            del threads[thread]
            del trail[-1:]
            continue
        holding = _thread(wait.holding)
        if holding in threads:
            yield [*trail[list(threads).index(holding) :], wait]
        elif holding not in done:
            trail.append(wait)
            threads[holding] = iter(waits.get(holding, ()))


def _thread(contender: Contender) -> Thread:
    return Thread(contender.session_id, str((contender.who or {}).get("thread", "")))
