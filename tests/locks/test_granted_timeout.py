"""Servers that grant a shorter session than the client asked for, which kazoo does not tell."""

import pytest

from tests.locks.support import FOLDER, NAME, Task, grab, has_stopped
from zktools.locks import ZkLock
from zktools.testing import Clients, Op, Proxy, Server, wait_until


@pytest.mark.parametrize("when", ["at once", "later"])
def test_a_server_that_grants_less_than_was_asked_for(monkeypatch, when):
    """The timeout that counts is the server's, which kazoo does not tell."""
    check_short_grant({}, when)


def test_a_server_that_grants_less_and_is_known_to(monkeypatch):
    """Where it cannot be found out, `session_timeout` says it."""
    monkeypatch.setenv("ZKTOOLS_PUBLIC_ONLY", "1")
    check_short_grant({"session_timeout": 1.0}, "at once")


def check_short_grant(more, when):
    with (
        Server(max_session_timeout=1.0) as server,
        Proxy(server.hosts) as proxy,
        Clients(server.hosts) as new_client,
    ):
        far, near = new_client(proxy.hosts, timeout=10.0), new_client(timeout=10.0)
        lock = ZkLock(far, NAME, **more)
        task = None
        if when == "at once":
            proxy.on_request(lambda _: proxy.swallow(), Op.SET_WATCHES)
            near.ensure_path(FOLDER)
            lock.acquire()
            proxy.swallow()
        else:
            lock.acquire()
            wait_until(lambda: proxy.requests[Op.SET_WATCHES])
            proxy.swallow()
        lease = lock.lease
        task = Task(near, grab, ZkLock(near, NAME), timeout=8)
        wait_until(lambda: task.is_over)
        assert task.result().is_held
        has_stopped(lease)
        proxy.heal()


@pytest.mark.parametrize("more", [{}, {"session_timeout": 1.0}])
def test_a_hold_goes_on_where_the_server_grants_less(monkeypatch, more):
    """The proof is renewed by the timeout that counts, not by the one that was asked for."""
    if more:
        monkeypatch.setenv("ZKTOOLS_PUBLIC_ONLY", "1")
    with Server(max_session_timeout=1.0) as server, Clients(server.hosts) as new_client:
        client = new_client(timeout=10.0)
        patient = ZkLock(client, "patient")
        with patient, ZkLock(client, NAME, **more) as lease:
            assert not lease.lost.wait(1.8)
            assert lease.is_held
