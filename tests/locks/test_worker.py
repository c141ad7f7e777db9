"""The thread that exists only while there is something to do."""

import logging
import threading

import gevent
import pytest
from gevent import GreenletExit

from zktools._engine.worker import LINGER, Worker
from zktools.testing import handler_factory, wait_until


@pytest.fixture(params=["threading", "gevent"])
def handler(request):
    """Each of kazoo's handlers."""
    return handler_factory(request.param)()


class Recorder:
    """A function that notes what it is called with."""

    def __init__(self):
        self.calls = []

    def __call__(self, what):
        """Note it."""
        self.calls.append(what)


def _wait_for(event):
    event.wait(5)
    assert event.is_set()


def test_in_the_order_given(handler):
    """Functions run one at a time, in the order in which they were posted."""
    worker, record, over = Worker(handler), Recorder(), handler.event_object()
    for number in range(500):
        worker.post(record, number)
    worker.post(over.set)
    _wait_for(over)

    assert record.calls == list(range(500))


def test_one_that_fails_does_not_stop_the_others(handler, caplog):
    """What a function raises is logged, and the next one runs."""
    worker, over = Worker(handler), handler.event_object()

    def failing():
        raise ZeroDivisionError

    with caplog.at_level(logging.CRITICAL, logger="zktools.worker"):
        worker.post(failing)
        worker.post(over.set)
        _wait_for(over)


def test_timers(handler):
    """Timers run when due, the earlier first, between what is posted; a cancelled one never."""
    worker, record, over = Worker(handler), Recorder(), handler.event_object()

    def arrange():
        worker.later(0.06, record, "late")
        worker.later(0.02, record, "early")
        worker.later(0.04, record, "never").cancel()
        worker.later(0.08, over.set)
        worker.post(record, "now")

    worker.post(arrange)
    _wait_for(over)

    assert record.calls == ["now", "early", "late"]


def test_a_timer_that_was_cancelled_does_not_keep_the_thread(handler):
    """A worker with nothing but a cancelled timer ahead ends."""
    worker, over = Worker(handler), handler.event_object()
    worker.post(lambda: worker.later(3600, over.set).cancel())

    wait_until(lambda: not worker._running, timeout=LINGER + 2)


def test_the_thread_ends_and_comes_back():
    """An idle worker has no thread; the next function starts one."""
    handler = handler_factory("threading")()
    worker = Worker(handler)
    for _ in range(2):
        running = []
        worker.post(lambda seen=running: seen.append(threading.current_thread()))
        wait_until(lambda seen=running: seen)
        assert running[0].is_alive()
        wait_until(lambda seen=running: not seen[0].is_alive(), timeout=LINGER + 2)


def test_the_thread_stays_while_it_is_wanted(monkeypatch):
    """At the end of the program no new one can be started; when it is not wanted, it ends."""
    monkeypatch.setattr("zktools._engine.worker.LINGER", 0.01)
    monkeypatch.setattr("zktools._engine.worker.STAY", 0.01)
    handler, wanted, looks, threads = handler_factory("threading")(), [True], [], []

    def is_wanted():
        looks.append(wanted[0])
        return wanted[0]

    worker = Worker(handler, is_wanted)
    worker.stand_by()
    wait_until(lambda: len(looks) > 5)
    worker.post(lambda: threads.append(threading.current_thread()))
    wait_until(lambda: threads)
    assert threads[0].is_alive()
    wanted[0] = False
    wait_until(lambda: not threads[0].is_alive())


@pytest.mark.parametrize("error", [SystemExit, KeyboardInterrupt, gevent.Timeout, GreenletExit])
def test_what_is_no_exception_does_not_stop_the_others(handler, error):
    """Whatever a function raises, the next one runs, on the same thread or greenlet."""
    worker, over = Worker(handler), handler.event_object()

    def failing():
        raise error

    worker.post(failing)
    worker.post(over.set)
    _wait_for(over)


def test_a_killed_greenlet_is_replaced():
    """``gevent.killall`` in the program takes the worker's greenlet: the next function runs."""
    handler = handler_factory("gevent")()
    greenlets, spawn = [], handler.spawn
    handler.spawn = lambda *args: greenlets.append(spawn(*args))
    worker, over = Worker(handler, lambda: True), handler.event_object()
    worker.stand_by()
    gevent.sleep(0)
    gevent.killall(greenlets)
    worker.post(over.set)
    _wait_for(over)

    assert len(greenlets) == 2


def test_nothing_is_left_behind_at_the_end_of_the_thread(monkeypatch):
    """Functions posted while the thread is about to end are run, by it or by the next one."""
    monkeypatch.setattr("zktools._engine.worker.LINGER", 0.001)
    handler = handler_factory("threading")()
    worker = Worker(handler)
    for _ in range(300):
        over = handler.event_object()
        worker.post(over.set)
        _wait_for(over)


def test_many_threads_post(handler):
    """One thread's functions keep their order, whoever else posts; only one worker runs."""
    worker, record = Worker(handler), Recorder()

    def poster(who):
        for number in range(200):
            worker.post(record, (who, number))

    for who in range(4):
        handler.spawn(poster, who)
    wait_until(lambda: len(record.calls) == 800)
    for who in range(4):
        assert [n for w, n in record.calls if w == who] == list(range(200))


def test_what_is_brought_to_an_idle_worker_runs_at_once(handler):
    """With nothing else to do, the function runs on the thread that brings it."""
    worker, record = Worker(handler), Recorder()
    worker.bring(record, "now")

    assert record.calls == ["now"]


def test_what_is_brought_waits_for_what_was_given_before(handler):
    """While something runs, or waits to run, what is brought comes after it."""
    worker, record = Worker(handler), Recorder()
    begun, go_on, over = (handler.event_object() for _ in range(3))

    def busy():
        begun.set()
        _wait_for(go_on)

    worker.post(busy)
    _wait_for(begun)
    worker.post(record, "posted")
    worker.bring(record, "brought")
    worker.post(over.set)
    assert record.calls == []
    go_on.set()
    _wait_for(over)

    assert record.calls == ["posted", "brought"]


def test_what_a_brought_function_brings_comes_after_it(handler):
    """A function that brings another is over before that one begins."""
    worker, record, over = Worker(handler), Recorder(), handler.event_object()

    def outer():
        worker.bring(record, "inner")
        record("outer")
        worker.bring(over.set)

    worker.bring(outer)
    _wait_for(over)

    assert record.calls == ["outer", "inner"]


def test_a_timer_of_a_brought_function(handler):
    """A timer is kept though no thread was running when it was made, or one slept for longer."""
    worker, over = Worker(handler), handler.event_object()
    slow = []
    worker.bring(lambda: slow.append(worker.later(60.0, print)))
    worker.bring(worker.later, 0.01, over.set)
    _wait_for(over)
    worker.post(slow[0].cancel)


def test_what_is_brought_does_not_wake_the_thread_for_a_timer(handler, monkeypatch):
    """A thread that sleeps until its first timer is due goes on sleeping."""
    worker, record = Worker(handler), Recorder()
    woken = []
    far = []
    worker.post(lambda: far.append(worker.later(60.0, print)))
    wait_until(lambda: far and worker._looks_at != float("inf"))
    monkeypatch.setattr(worker, "_call_thread", lambda: woken.append(True))
    for number in range(3):
        worker.bring(record, number)
    monkeypatch.undo()
    worker.post(far[0].cancel)

    assert record.calls == [0, 1, 2]
    assert not woken


def test_what_is_put_first_runs_with_the_next(handler):
    """Not before; then ahead of it, whether it is posted or brought."""
    worker, record, over = Worker(handler), Recorder(), handler.event_object()
    worker.put_first(record, "ahead of what is brought")
    assert record.calls == []
    worker.bring(record, "brought")
    worker.put_first(record, "ahead of what is posted")
    worker.post(record, "posted")
    worker.post(over.set)
    _wait_for(over)

    assert record.calls == [
        "ahead of what is brought",
        "brought",
        "ahead of what is posted",
        "posted",
    ]


def test_one_that_fails_when_brought_is_logged(handler, caplog):
    """Who brings it does not hear of it, and the next function runs."""
    worker, record = Worker(handler), Recorder()

    def failing():
        raise ZeroDivisionError

    with caplog.at_level(logging.CRITICAL, logger="zktools.worker"):
        worker.bring(failing)
    worker.bring(record, "next")

    assert record.calls == ["next"]
