import sys
import threading

import pytest

from tests.cli.screen import Screen
from tests.cli.support import Process, Zooky
from zktools import ZkWriteLock
from zktools.exceptions import LockError
from zktools.testing import wait_until


@pytest.fixture
def hosts(zk_hosts, zk_client_factory):
    """The connection string of this test's own chroot."""
    return zk_hosts + zk_client_factory.chroot


@pytest.fixture
def zooky(hosts):
    """Call it with a command line: runs in this process."""
    return Zooky(hosts)


@pytest.fixture
def start(hosts):
    """Call it with a command line: starts a process of its own."""
    started = []

    def start_one(*arguments, to=hosts, **options):
        started.append(Process(to, arguments, **options))
        return started[-1]

    yield start_one
    for process in started:
        process.close()


@pytest.fixture
def on_screen(hosts):
    """Call it with a program and its arguments: runs on a terminal of its own."""
    made = []

    def make(*words, **options):
        made.append(Screen(hosts, *words, **options))
        return made[-1]

    yield make
    for each in made:
        each.close()


@pytest.fixture
def screen(on_screen):
    """Call it with a command line: zooky on a terminal of its own."""

    def make(*arguments, **options):
        return on_screen(sys.executable, "-m", "zktools.cli", *arguments, **options)

    return make


@pytest.fixture
def on_proxy(on_screen, zk_proxy, zk_client_factory):
    """Call it with a command line: zooky on a terminal, connected through the proxy."""
    to = zk_proxy.hosts + zk_client_factory.chroot

    def make(*arguments):
        return on_screen(sys.executable, "-m", "zktools.cli", "--host", to, *arguments)

    return make


@pytest.fixture
def hold(zk_client_factory):
    """Call it with a lock's name: a client of its own holds the lock until the test ends."""

    def hold_one(name, kind=ZkWriteLock, **options):
        lock = kind(zk_client_factory(), name, **options)
        assert lock.acquire(timeout=10)
        return lock.lease

    return hold_one


@pytest.fixture
def queue_up(zk_client_factory):
    """Call it with a lock's name: a thread of its own waits for the lock until the test ends."""
    locks = []
    threads = []

    def queue_one(name, kind=ZkWriteLock, **options):
        lock = kind(zk_client_factory(), name, **options)
        before = len(lock.contenders())
        locks.append(lock)
        threads.append(threading.Thread(target=_wait, args=(lock,), daemon=True))
        threads[-1].start()
        wait_until(lambda: len(lock.contenders()) > before)
        return lock

    yield queue_one
    for lock in locks:
        lock.cancel()
    for thread in threads:
        thread.join(10)


def _wait(lock):
    try:
        lock.acquire(timeout=50)
    except LockError:
        return
    lock.release()
