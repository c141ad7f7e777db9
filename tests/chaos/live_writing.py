"""Writers of a configuration, in the processes that faults are aimed at.

All count up one number, each on the version that it has seen: who is told that it was stored has
that number alone. And each keeps, removes and makes again what is its own, beside a key that nobody
but the campaign may read: what was acknowledged last is what is there in the end, or something that
was begun later.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from kazoo.client import KazooClient
from kazoo.security import make_digest_acl

from tests.chaos.live_records import record, recorder
from tests.chaos.process import Process
from zktools import Configuration
from zktools.exceptions import ConflictError, NotConnectedError

WRITES = "/live-writes"
COUNT, HIDDEN = "count", "hidden"
_SECRET = [make_digest_acl("campaign", "alone", all=True)]
_INTERVAL = 0.05  # seconds between two steps
_SELDOM = 5
_LIVES = 1_000_000  # more than the steps of one life


def prepare(client: KazooClient) -> None:
    """Make the tree, with a key in it that the writers may not read."""
    client.create(WRITES, b"")
    client.create(f"{WRITES}/{COUNT}", b"0")
    client.create(f"{WRITES}/{HIDDEN}", b"secret", acl=_SECRET)


def found(client: KazooClient) -> dict[str, object]:
    """What is there in the end; and nothing is left that the campaign could not remove."""
    names = client.get_children(WRITES)
    if HIDDEN in names:
        client.delete(f"{WRITES}/{HIDDEN}")
    own = {name: int(client.get(f"{WRITES}/{name}")[0]) for name in names if name.startswith("own")}
    count = int(client.get(f"{WRITES}/{COUNT}")[0])
    return {"count": count, "own": own, "hidden": HIDDEN in names}


@contextmanager
def writing(worker: Process) -> Iterator[None]:
    """Write until the end of the block."""
    over = threading.Event()
    thread = threading.Thread(target=_write_until, args=(worker, over), daemon=True)
    thread.start()
    yield
    over.set()
    thread.join()


def _write_until(worker: Process, over: threading.Event) -> None:
    with Configuration(worker.client, WRITES) as config, recorder(worker) as recorded:
        number = worker.settings["life"] * _LIVES
        while not over.wait(_INTERVAL):
            number += 1
            _count(worker, config)
            _keep(worker, config, number)
            record(worker, recorded, number)


def _count(worker: Process, config: Configuration) -> None:
    tree = config.load()
    number = tree[COUNT] + 1
    try:
        config.store({COUNT: number}, version=tree.version)
    except (ConflictError, NotConnectedError):  # of unknown outcome, too
        return
    worker.journal.write("counted", number=number)


def _keep(worker: Process, config: Configuration, number: int) -> None:
    """Its own key: written, now and then removed before, or stored with all that it sees."""
    key = f"own-{worker.who}"
    try:
        if number % _SELDOM == 0:
            worker.journal.write("removes", key=key)
            config.store({}, remove=[key])
        elif number % _SELDOM == 1:
            tree = config.load()
            config.store({**tree, key: number}, replace=True, version=tree.version)
        else:
            config.store({key: number})
    except (ConflictError, NotConnectedError):
        return
    if number % _SELDOM:
        worker.journal.write("kept", key=key, number=number)
