"""Since when a lock is held, as far as that can be told."""

import datetime as dt
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from zktools import ZkSemaphore, ZkWriteLock
from zktools._queue.layouts import ZKTOOLS
from zktools.cli.held import Began
from zktools.cli.queues import Queue
from zktools.cli.sightings import Sightings
from zktools.testing import wait_until

NOW = dt.datetime.now(dt.UTC)


def ago(seconds):
    """That many seconds before these tests began."""
    return NOW - dt.timedelta(seconds=seconds)


@pytest.fixture
def wait_and_hold(zk_client_factory):
    """Call it with a lock's name: queues, and holds the lock until the test ends."""
    with ThreadPoolExecutor(1) as pool:

        def queue_one(name):
            lock = ZkWriteLock(zk_client_factory(), name)
            pool.submit(lock.acquire, 20)
            wait_until(lambda: len(lock.contenders()) > 1)
            return lock

        yield queue_one


def held_since(lock):
    """What the queue tells of its holder, and when that joined."""
    holder = lock.contenders()[0]
    return holder.held_since, holder.since


def test_got_at_once(zk, hold):
    """Who came to a free lock has held it since it came, also where others were there before."""
    hold("busy").release()
    hold("busy")
    began, joined = held_since(ZkWriteLock(zk, "busy"))

    assert began == joined


def test_nobody_has_ever_left(hold, queue_up):
    """Then it has held the lock since it came, whoever came later."""
    hold("busy")
    holder, waiting = queue_up("busy").contenders()

    assert holder.held_since == holder.since < waiting.since


def test_somebody_came_later(hold, queue_up):
    """It has held the lock since the next one came, at the latest; who waits does not hold."""
    hold("busy").release()
    hold("busy")
    lock = queue_up("busy")
    holder, waiting = lock.contenders()

    assert holder.held_since == waiting.since
    assert waiting.held_since is None


def test_handed_over(hold, wait_and_hold, queue_up):
    """A departure has no time: nothing is said, until the next one comes."""
    first = hold("busy")
    lock = wait_and_hold("busy")
    first.release()
    wait_until(lambda: lock.contenders()[0].holds)
    unknown, _ = held_since(lock)
    queue_up("busy")
    holder, newcomer = lock.contenders()

    assert unknown is None
    assert holder.held_since == newcomer.since


def test_permits(zk, hold):
    """A permit of a semaphore is held as a lock is."""
    hold("partner", ZkSemaphore, permits=2).release()
    hold("partner", ZkSemaphore, permits=2)
    hold("partner", ZkSemaphore, permits=2)
    first, second = ZkSemaphore(zk, "partner", permits=2).contenders()

    assert first.held_since == second.held_since == second.since


@pytest.mark.parametrize(
    ("latest", "words"),
    [(None, "<3m20s"), (200, "3m20s"), (190, "3m20s"), (12, "12s-3m20s"), (0.3, "<3m20s")],
)
def test_in_words(monkeypatch, latest, words):
    """One number where it is known to a tenth; else the bounds."""
    monkeypatch.setattr(
        "zktools.cli.held.seconds_since", lambda moment: (NOW - moment).total_seconds()
    )

    assert Began(ago(200), None if latest is None else ago(latest)).in_words() == words


def test_looks_in_succession(hold, wait_and_hold):
    """Who looked before and after the handover knows when it was, and goes on knowing."""
    first = hold("busy")
    lock = wait_and_hold("busy")
    queue = Queue("busy", "/ZktoolsLocks/busy", ZKTOOLS, lock.contenders())
    sightings = Sightings()
    sightings.compared([queue], ago(-3600), ago(-3601))
    first.release()
    wait_until(lambda: lock.contenders()[0].holds)
    queue = replace(queue, contenders=lock.contenders())
    (holder,) = queue.contenders
    looks = [sightings.compared([queue], ago(-at), ago(-at - 1)) for at in (7200, 9000)]

    assert [seen.began_of(holder) for (seen,) in looks] == [Began(ago(-3600), ago(-7201))] * 2
    assert queue.began_of(holder) == Began(holder.since, None)


def test_json(zooky, hold, queue_up):
    """Seconds at least and at most for who holds; nothing for who waits."""
    hold("busy")
    queue_up("busy")
    shown = zooky.json("show", "busy")
    held = shown["holders"][0]["held"]

    assert 0 <= held["at_least"] <= held["at_most"] <= shown["holders"][0]["seconds"] + 5
    assert shown["waiting"][0]["held"] is None
