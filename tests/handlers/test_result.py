"""The async results of the threading handler."""

from functools import partial

import pytest
from kazoo.handlers.threading import AsyncResult as KazoosResult
from kazoo.handlers.threading import KazooTimeoutError

from tests.interrupting import interrupted
from zktools.handlers import ThreadingHandler
from zktools.testing import wait_until


@pytest.fixture
def handler():
    """A handler that is started."""
    handler = ThreadingHandler()
    handler.start()
    yield handler
    handler.stop()


@pytest.fixture
def result(handler):
    """One of its results, still open."""
    return handler.async_result()


def test_a_value(result):
    """Before and after."""
    assert (result.ready(), result.successful(), result.exception) == (False, False, None)
    with pytest.raises(KazooTimeoutError):
        result.get(timeout=0.01)
    with pytest.raises(KazooTimeoutError):
        result.get_nowait()
    assert result.wait(0) is False
    result.set(7)

    assert (result.ready(), result.successful(), result.exception) == (True, True, None)
    assert (result.get(), result.get_nowait(), result.wait(), result.value) == (7, 7, True, 7)
    assert isinstance(result, KazoosResult)


def test_a_failure(result):
    """What it failed with is raised."""
    error = ValueError("no")
    result.set_exception(error)

    assert (result.ready(), result.successful(), result.exception) == (True, False, error)
    with pytest.raises(ValueError, match="no"):
        result.get()


def test_all_who_wait_are_woken(handler, result):
    """Any number of threads."""
    got = []
    for _ in range(20):
        handler.spawn(lambda: got.append(result.get(timeout=10)))
    wait_until(lambda: len(result._waiting) == 20, what="all to wait")
    result.set("x")

    wait_until(lambda: got == ["x"] * 20, what="all to be woken")
    assert not result._waiting


def test_each_callback_once(handler, result):
    """Before it is set, after, and the same twice."""
    called = []

    def callback(done):
        called.append(done)

    def never(_done):
        called.append("never")

    result.rawlink(callback)
    result.rawlink(callback)
    result.rawlink(never)
    result.unlink(never)
    result.unlink(never)
    result.set(1)
    wait_until(lambda: called == [result], what="the callback")
    result.rawlink(lambda _: called.append("other"))

    wait_until(lambda: called == [result, "other"], what="the other callback")


def test_callbacks_at_once_where_the_handler_is_stopped(handler, result):
    """As kazoo's: a client that is stopped still tells."""
    called = []
    handler.stop()
    result.rawlink(called.append)
    result.set(1)

    assert called == [result]


def test_an_interrupt_at_any_point_of_a_wait(zk_client_factory):
    """Ctrl-C while waiting comes out, and the connection thread can bring the answer."""
    client = zk_client_factory(handler=ThreadingHandler)
    points = 0
    while True:
        result = client.handler.async_result()
        if not interrupted(points + 1, partial(result.wait, 0.01), may_be_swallowed=True):
            break
        points += 1
        bringer = client.handler.spawn(result.set, 1)
        bringer.join(10)
        assert not bringer.is_alive(), f"stuck after an interrupt at point {points}"
        assert result.get() == 1

    assert points > 5
    assert client.get("/")
