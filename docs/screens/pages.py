"""Take the pictures of ``zooky web``: ``python -m docs.screens.pages [FOLDER]``; needs chromium."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Literal, NamedTuple

from docs.screens.browser import Browser, opened, why_not
from docs.screens.scene import CONFIGURATION, Actor
from zktools import Configuration, Election, ZkReadLock, ZkSemaphore, ZkWriteLock
from zktools.exceptions import ZkToolsError
from zktools.testing import Server, wait_until

HERE = Path(__file__).parent


class Shot(NamedTuple):
    """One picture."""

    path: str
    width: int = 1100
    scheme: Literal["light", "dark"] = "light"


SHOTS = {
    "web-overview": Shot("/"),
    "web-queue": Shot("/locks/queue?name=nightly-report"),
    "web-history": Shot("/configuration/history?path=/config/shop"),
    "web-differences": Shot(
        "/configuration/differences?path=/config/shop&a=before-sale&b=now", scheme="dark"
    ),
    "web-phone": Shot("/locks", width=400),
}


@contextmanager
def _fleet() -> Iterator[str]:
    """A server, and programs of several machines that hold and wait; its hosts."""
    with ExitStack() as stack:
        server = stack.enter_context(Server())
        actor = Actor(stack, server.hosts)
        with _machine("jobs-1"):
            actor.hold(ZkWriteLock, "nightly-report", "report of Monday")
        with _machine("jobs-2"):
            actor.queue(ZkWriteLock, "nightly-report", "report of Tuesday")
        with _machine("web-1"):
            actor.queue(ZkReadLock, "nightly-report", "dashboard")
            actor.hold(ZkReadLock, "price-list", "shop")
        with _machine("web-2"):
            actor.queue(ZkReadLock, "nightly-report", "preview")
            actor.hold(ZkReadLock, "price-list", "search")
        with _machine("jobs-1"):
            actor.queue(ZkWriteLock, "nightly-report", "clean-up")
            uploads = ZkSemaphore(actor.client(), "uploads", 4, identifier="thumbnails")
            uploads.acquire(weight=2)
            stack.enter_context(_leading(Election(actor.client(), "scheduler")))
            stack.enter_context(_circle(actor))
        _configure(actor)
        yield server.hosts


@contextmanager
def _machine(name: str) -> Iterator[None]:
    """The programs of the fleet live in this process, whose machine is nobody's business."""
    before = socket.gethostname
    socket.gethostname = lambda: name
    try:
        yield
    finally:
        socket.gethostname = before


@contextmanager
def _leading(election: Election) -> Iterator[None]:
    with election, election.lead(data="10.0.0.7:80"):
        yield


@contextmanager
def _circle(actor: Actor) -> Iterator[None]:
    """Two threads that each hold what the other one waits for."""
    names = ["account-17", "account-42"]
    clients = [actor.client(), actor.client()]
    first = [ZkWriteLock(clients[n], names[n], identifier=f"transfer {n + 1}") for n in (0, 1)]
    second = [ZkWriteLock(clients[n], names[1 - n], identifier=f"transfer {n + 1}") for n in (0, 1)]
    barrier = threading.Barrier(2)

    def transfer(number: int) -> None:
        with first[number]:
            barrier.wait()
            try:
                second[number].acquire()
            except ZkToolsError:  # the picture is taken
                return

    threads = [threading.Thread(target=transfer, args=(n,), name=f"worker-{n + 1}") for n in (0, 1)]
    for thread in threads:
        thread.start()
    wait_until(lambda: all(len(lock.contenders()) == len(names) for lock in first))
    yield
    for lock in second:
        lock.cancel()
    for thread in threads:
        thread.join()


def _configure(actor: Actor) -> None:
    author, secret = "ann@ops-1:311", ["db/password"]
    with Configuration(
        actor.client(), "/config/shop", history=100, author=author, secret=secret
    ) as config:
        config.store(CONFIGURATION, note="as it was before the move")
        config.store({"db": {"password": "hunter2", "pool_size": 20}}, note="the new database")
        config.tag("before-sale")
        config.store(
            {"db": {"pool_size": 50, "password": "hunter3"}, "banner": "Sale!"},
            remove=["features"],
            note="ready for the sale",
        )


@contextmanager
def _served(hosts: str) -> Iterator[str]:
    """The pages, by ``zooky web``; their address."""
    command = [sys.executable, "-m", "zktools.cli", "web", "--port", "0"]
    environment = {**os.environ, "ZOOKEEPER_HOSTS": hosts}
    process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        found = re.match(r"(http://\S+)/ ", process.stdout.readline())
        assert found is not None
        yield found[1]
    finally:
        process.terminate()
        process.communicate()


def _taken(browser: Browser, address: str, shot: Shot) -> bytes:
    browser.scheme(shot.scheme)
    browser.driver.get(address + shot.path)
    wait_until(_is_live(browser))
    return browser.whole_page(shot.width)


def _is_live(browser: Browser) -> Callable[[], bool]:
    state = "return document.getElementById('state').textContent"
    return lambda: str(browser.driver.execute_script(state)).startswith("live")


def take(into: Path) -> None:
    """Write every picture."""
    with _fleet() as hosts, _served(hosts) as address, opened() as browser:
        for name, shot in SHOTS.items():
            (into / f"{name}.png").write_bytes(_taken(browser, address, shot))


if __name__ == "__main__":
    if problem := why_not():
        sys.exit(problem)
    take(Path(sys.argv[1]) if len(sys.argv) > 1 else HERE)
