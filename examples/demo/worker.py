"""One worker process of the demo: the program that uses zktools.

It does the tasks it is told on standard input and reports on standard output what happens, both as
JSON, one object a line. The tasks at the top are the part to read.
"""

from __future__ import annotations

import json
import logging
import os
import queue
import signal
import sys
import threading
import time
from typing import Any

from kazoo.client import KazooClient

from zktools import Configuration, ZkReadLock, ZkWriteLock
from zktools.exceptions import LockLost
from zktools.handlers import ThreadingHandler

LOCK = "nightly-report"
COUNTER = "/demo/counter"
REPORT = "/demo/report"
CONFIGURATION = "/demo/config"
WORK = 0.05  # seconds that a turn takes
PATIENCE = 30.0  # seconds to wait for a lock

# -- tasks ----------------------------------------------------------------------------------------


def take_turns(zk: KazooClient, turns: int) -> None:
    """Count in a node that nothing but the lock protects: a lost update would show."""
    lock = ZkWriteLock(zk, LOCK)
    for _ in range(turns):
        report("waits")
        with lock(timeout=PATIENCE) as lease:
            report("holds", token=lease.token)
            count, _ = zk.get(COUNTER)
            time.sleep(WORK)
            zk.set(COUNTER, b"%d" % (int(count) + 1))
            report("releases", token=lease.token)


def hold(zk: KazooClient) -> None:
    """Hold the lock until told to go on."""
    report("waits")
    with ZkWriteLock(zk, LOCK)(timeout=PATIENCE) as lease:
        report("holds", token=lease.token)
        hear()
        report("releases", token=lease.token)


def hold_until_asked(zk: KazooClient) -> None:
    """Hold the lock for as long as nobody else needs it."""
    asked = threading.Event()
    lock = ZkWriteLock(zk, LOCK)
    lock.on_revoke(lambda _lease, _reason: asked.set())
    report("waits")
    with lock(timeout=PATIENCE) as lease:
        report("holds", token=lease.token)
        if asked.wait(PATIENCE):
            report("is asked", token=lease.token)
        report("releases", token=lease.token)


def take_by_asking(zk: KazooClient) -> None:
    """Ask whoever holds the lock to give it up, and wait for it."""
    report("asks")
    with ZkWriteLock(zk, LOCK)(timeout=PATIENCE, revoke=True) as lease:
        report("holds", token=lease.token)
        report("releases", token=lease.token)


def read(zk: KazooClient) -> None:
    """Share the lock with other readers until told to go on."""
    report("waits")
    with ZkReadLock(zk, LOCK)(timeout=PATIENCE) as lease:
        report("reads", token=lease.token)
        hear()
        report("releases", token=lease.token)


def write_report(zk: KazooClient, text: str) -> None:
    """Write when told to, in a transaction that commits only while the lock is held."""
    report("waits")
    with ZkWriteLock(zk, LOCK)(timeout=PATIENCE) as lease:
        report("holds", token=lease.token)
        hear()
        try:
            with lease.transaction() as transaction:
                transaction.set_data(REPORT, text.encode())
        except LockLost:
            report("is refused", token=lease.token)
        else:
            report("writes", token=lease.token)
            report("releases", token=lease.token)


# -- the process around them ----------------------------------------------------------------------

TASKS = {
    task.__name__: task
    for task in (take_turns, hold, hold_until_asked, take_by_asking, read, write_report)
}
_printing = threading.Lock()
_orders: queue.Queue[dict[str, Any]] = queue.Queue()


def report(what: str, **facts: Any) -> None:
    """Say what has just happened. The monotonic clock is the same for all processes."""
    line = json.dumps({"what": what, "at": time.monotonic(), **facts})
    with _printing:
        print(line, flush=True)


def hear() -> dict[str, Any]:
    """Wait for the driver's next line."""
    return _orders.get()


def listen() -> None:
    """Take in the driver's lines. When the driver is gone, end, whatever else goes on."""
    for line in sys.stdin:
        _orders.put(json.loads(line))
    os._exit(1)


def main(hosts: str, session_timeout: float) -> None:
    """Connect, follow the configuration, and do one task after the other."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the driver's to handle
    threading.Thread(target=listen, daemon=True).start()
    # Its warnings about lost connections are what the timeline shows.
    logging.getLogger("kazoo").setLevel(logging.CRITICAL)
    zk = KazooClient(hosts, timeout=session_timeout, handler=ThreadingHandler())
    zk.start()
    config = Configuration(zk, CONFIGURATION)
    config.subscribe("greeting")(lambda _changes: report("reads config", value=config["greeting"]))
    report("ready")
    while True:
        order = hear()
        TASKS[order.pop("task")](zk, **order)


if __name__ == "__main__":
    main(sys.argv[1], float(sys.argv[2]))
