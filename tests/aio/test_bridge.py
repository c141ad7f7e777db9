"""How outcomes reach the loop: batched, from any thread, and without anything that waits."""

import asyncio
import gc
import threading
import weakref

import pytest

from zktools._engine.latch import Latch
from zktools._engine.outcome import Outcome
from zktools.aio._bridge import Bridge, bridge, happening, perform
from zktools.testing import handler_factory

HANDLER = handler_factory("threading")()


def on_a_thread(function):
    """Call it on a thread, to its end."""
    thread = threading.Thread(target=function)
    thread.start()
    thread.join()


def test_many_are_brought_by_one_call(run):
    """What happens while the loop is busy wakes it once, and in the order in which it happened."""
    seen = []

    async def main():
        calls = count_calls(asyncio.get_running_loop())
        waiting = [asyncio.create_task(wait_for(number)) for number in range(300)]
        await asyncio.sleep(0.01)
        del calls[:]
        on_a_thread(lambda: [outcome.set() for outcome in outcomes])
        await asyncio.gather(*waiting)
        return len(calls)

    async def wait_for(number):
        outcomes.append(Outcome(HANDLER))
        await happening(outcomes[-1], None)
        seen.append(number)

    outcomes = []
    assert run(main) == 1
    assert seen == sorted(seen)
    assert len(seen) == 300


def count_calls(loop):
    """What the loop's bridge calls, as a list that grows."""
    calls = []

    class Counting:
        def call_soon_threadsafe(self, function):
            calls.append(function)
            loop.call_soon_threadsafe(function)

    counting = Counting()
    bridge()._loop = lambda: counting
    return calls


def test_nothing_gets_lost_between_threads(run):
    """Two threads and the loop, as fast as they can: everybody is woken."""

    async def main():
        there, back = Latch(HANDLER), Latch(HANDLER)
        rounds = 2000

        def echo():
            for _ in range(rounds):
                there.wait()
                back.open()

        thread = threading.Thread(target=echo)
        thread.start()
        for _ in range(rounds):
            there.open()
            await happening(back, 10)
        thread.join()
        return "well"

    assert run(main) == "well"


def test_no_longer_than_its_time(run):
    """It returns without having happened; what happens later is nobody's business."""

    async def main():
        latch = Latch(HANDLER)
        await happening(latch, 0.001)
        await happening(latch, -1)
        on_a_thread(latch.open)
        await asyncio.sleep(0)
        return latch.wait(0)

    assert run(main) is True


def test_a_loop_that_was_closed(run):
    """Who sets an outcome whose waiter's loop is gone does not notice, and keeps nothing alive."""
    outcome = Outcome(HANDLER)

    async def main():
        task = asyncio.create_task(happening(outcome, None))
        await asyncio.sleep(0)
        task.cancel()
        loops.append(weakref.ref(asyncio.get_running_loop()))

    loops = []
    run(main)
    outcome.set()
    gc.collect()
    assert loops[0]() is None


def test_interrupted_on_its_way(monkeypatch):
    """KeyboardInterrupt while the loop is woken comes out, and the next call wakes it."""
    loop = asyncio.new_event_loop()
    way, seen = Bridge(loop), []

    def interrupt(_function):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(loop, "call_soon_threadsafe", interrupt)
        with pytest.raises(KeyboardInterrupt):
            way.call(lambda: seen.append(1))
    way.call(lambda: seen.append(2))
    loop.run_until_complete(asyncio.sleep(0.001))
    loop.close()
    assert seen == [1, 2]


def test_interrupted_in_a_batch():
    """What was behind the one that was interrupted is called all the same."""
    loop = asyncio.new_event_loop()
    way, seen = Bridge(loop), []

    def interrupt():
        raise KeyboardInterrupt

    way.call(interrupt)
    way.call(lambda: seen.append(1))
    with pytest.raises(KeyboardInterrupt):
        loop.run_until_complete(asyncio.sleep(0.001))
    loop.run_until_complete(asyncio.sleep(0.001))
    loop.close()
    assert seen == [1]


def test_steps_that_are_cancelled_clean_up_first(run):
    """Their `finally` has run when the cancellation comes out."""
    ends = []

    def steps():
        try:
            yield Latch(HANDLER), None
        finally:
            ends.append("undone")

    async def main():
        task = asyncio.create_task(perform(steps()))
        await asyncio.sleep(0.001)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        ends.append("cancelled")

    run(main)
    assert ends == ["undone", "cancelled"]


def test_steps_return_and_raise(run):
    """As a plain call would."""

    def steps(error):
        yield Latch(HANDLER), 0.001
        if error is not None:
            raise error
        return "well"

    assert run(perform, steps(None)) == "well"
    with pytest.raises(KeyError):
        run(perform, steps(KeyError("mine")))
