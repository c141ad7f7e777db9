"""What users' threads wait on: it works under both handlers, and no signal leaves it stuck."""

import signal
import threading

import pytest

from zktools._engine.flag import Flag
from zktools._engine.latch import Latch
from zktools._engine.outcome import Outcome
from zktools._engine.steps import run
from zktools.testing import handler_factory


@pytest.fixture(params=["threading", "gevent"])
def handler(request):
    """Each of kazoo's handlers."""
    return handler_factory(request.param)()


def test_a_latch_lets_one_waiter_through_for_each_opening(handler):
    """Opened before or during the wait; opened twice is opened once; then it is shut again."""
    latch = Latch(handler)
    assert not latch.wait(0)
    latch.open()
    latch.open()
    assert latch.wait(10)
    assert not latch.wait(0.01)
    handler.spawn(latch.open)
    assert latch.wait()


def test_a_flag_lets_all_through_for_good(handler):
    """All who wait, and all who come later."""
    flag, through = Flag(handler), []
    assert not flag.wait(0.01)
    tasks = [handler.spawn(lambda: through.append(flag.wait(10))) for _ in range(5)]
    handler.spawn(flag.set)
    assert flag.wait()
    for task in tasks:
        task.join()

    assert through == [True] * 5
    assert flag.is_set()
    assert flag.wait(0)
    assert not flag._waiting


def test_an_outcome_is_a_value_or_an_exception(handler):
    """Unknown at first; it may be waited for again."""
    value, error = Outcome(handler), Outcome(handler)
    assert not value.wait(0)
    assert not value.ready()
    handler.spawn(value.set, 5)
    error.set_exception(KeyError())
    assert value.wait(10)
    assert value.wait(0)
    assert (value.successful(), value.get(), value.exception) == (True, 5, None)
    assert (error.ready(), error.successful(), type(error.exception)) == (True, False, KeyError)


@pytest.mark.parametrize("kind", [Latch, Outcome])
@pytest.mark.parametrize("before", [True, False])
def test_who_cannot_wait_is_told(handler, kind, before):
    """Once it happens, or at once; who waited on it in vain before is told all the same."""
    awaited, told = kind(handler), handler.event_object()
    happens = awaited.open if kind is Latch else awaited.set
    assert not awaited.wait(0)
    if before:
        happens()
        awaited.tell(told.set)
    else:
        awaited.tell(told.set)
        assert not told.is_set()
        handler.spawn(happens)
    told.wait(10)

    assert told.is_set()
    assert awaited.wait(0)


def test_steps_go_on_when_what_they_wait_for_is_there(handler):
    """Each gets its time; what they return, and what they raise, comes out."""
    latch = Latch(handler)

    def steps(error=None):
        handler.spawn(latch.open)
        yield latch, None
        yield latch, 0.01
        if error is not None:
            raise error
        return "done"

    assert run(steps()) == "done"
    with pytest.raises(KeyError):
        run(steps(KeyError("mine")))


def test_steps_that_are_interrupted_clean_up_at_once(handler):
    """They hear of it where they wait, before the caller does."""
    undone = []

    class Interrupting(Latch):
        def wait(self, _timeout=None):
            raise Interrupted

    def steps():
        try:
            yield Interrupting(handler), None
        except BaseException as error:
            undone.append(type(error))
            raise

    with pytest.raises(Interrupted) as kept:  # with its traceback
        run(steps())
    assert undone == [GeneratorExit], kept


class Interrupted(BaseException):
    """What the signal handler raises."""


@pytest.mark.parametrize("kind", [Latch, Flag, Outcome])
def test_no_signal_leaves_it_stuck(kind):
    """Interrupted a thousand times in the middle of waiting, it can still be set and waited for.

    With an Event of the standard library in its place, about every fourth interrupt leaves its
    lock taken, and the next thread that sets it hangs.
    """
    handler = handler_factory("threading")()
    waiting = kind(handler)
    set_it = waiting.open if kind is Latch else waiting.set

    def interrupt(*_):
        raise Interrupted

    before = signal.signal(signal.SIGALRM, interrupt)
    try:
        for number in range(1000):
            try:
                signal.setitimer(signal.ITIMER_REAL, 1e-4 + 1e-6 * (number % 50))
                while True:
                    waiting.wait(0)
            except Interrupted:
                pass
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    setting = threading.Thread(target=set_it, daemon=True)
    setting.start()
    assert waiting.wait(10)
    setting.join(10)
    assert not setting.is_alive()
