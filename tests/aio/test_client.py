"""The client for the time of an ``async with`` block."""

import asyncio
import threading

import pytest

from zktools.aio import client
from zktools.exceptions import NotConnectedError
from zktools.testing import wait_until


def new_threads(before):
    """Those that were not there before, but for that of pytest's timeout."""
    threads = set(threading.enumerate()) - before
    return [thread for thread in threads if not isinstance(thread, threading.Timer)]


def test_it_is_started_and_stopped(run, zk_hosts):
    """Inside it is connected; afterwards its session is over and its threads are gone."""

    async def main():
        async with client(zk_hosts, timeout=5) as zk:
            assert zk.connected
            return zk

    zk = run(main)
    assert not zk.connected
    assert zk.client_id is None


def test_the_loop_goes_on(run, zk_hosts):
    """Others run while it connects and while it stops."""

    async def main():
        ticks = 0

        async def tick():
            nonlocal ticks
            while True:
                await asyncio.sleep(0)
                ticks += 1

        ticking = asyncio.create_task(tick())
        async with client(zk_hosts):
            started = ticks
        ticking.cancel()
        return started > 0, ticks > started

    assert run(main) == (True, True)


def test_no_server(run, zk_proxy):
    """NotConnectedError that names the servers, and no thread is left."""
    zk_proxy.refuse()
    before = set(threading.enumerate())

    async def main():
        async with client(zk_proxy.hosts, start_timeout=0.2):
            pytest.fail("the body ran")

    with pytest.raises(NotConnectedError, match=zk_proxy.hosts):
        run(main)
    wait_until(lambda: new_threads(before) == [])


def test_given_up_while_it_starts(run, zk_proxy):
    """Cancelled, it stops the client that it was starting."""
    zk_proxy.refuse()
    before = set(threading.enumerate())

    async def main():
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.1), client(zk_proxy.hosts):
                pytest.fail("the body ran")

    run(main)
    wait_until(lambda: new_threads(before) == [])


def test_given_up_while_it_stops(run, zk_hosts):
    """Cancelled, the client is stopped all the same, before the program ends."""

    async def main():
        async with client(zk_hosts) as zk:
            clients.append(zk)
            asyncio.current_task().cancel()

    clients = []
    with pytest.raises(asyncio.CancelledError):
        run(main)
    assert clients[0].client_id is None


def test_a_handler_with_greenlets(run, zk_hosts):
    """Gevent's handler cannot call a loop: an error that says what to do."""
    handler = pytest.importorskip("kazoo.handlers.gevent").SequentialGeventHandler()

    async def main():
        async with client(zk_hosts, handler=handler):
            pytest.fail("the body ran")

    with pytest.raises(TypeError, match="without handler="):
        run(main)
