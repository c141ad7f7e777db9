"""A master that forks its workers, as gunicorn and Celery do: ``python -m examples.prefork``.

Each worker makes its client and its locks for itself, after the fork.
"""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Callable

from kazoo.client import KazooClient

from zktools import ZkWriteLock

HOSTS = os.environ.get("ZOOKEEPER_HOSTS", "127.0.0.1:2181")
DONE = "/prefork/done"
JOBS = 5


def work() -> None:
    """What a worker is for. It runs after the fork: gunicorn's ``post_fork`` comes before it."""
    zk = KazooClient(HOSTS)
    zk.start()
    try:
        lock = ZkWriteLock(zk, "prefork")
        zk.ensure_path(DONE)
        for _ in range(JOBS):
            with lock(timeout=30) as lease, lease.transaction() as writing:
                done = int(zk.get(DONE)[0] or 0)  # from ZooKeeper: a live node may be a moment late
                writing.set_data(DONE, b"%d" % (done + 1))
    finally:
        zk.stop()
        zk.close()


def prefork(workers: int, worker: Callable[[], None]) -> list[int]:
    """Fork so many workers, and wait for them; their exit statuses."""
    children = [_fork(worker) for _ in range(workers)]
    return [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]


def _fork(worker: Callable[[], None]) -> int:
    child = os.fork()
    if child:
        return child
    status = 1
    try:
        worker()
        status = 0
    except BaseException:  # noqa: BLE001 - a child must not go on with what its parent is at
        traceback.print_exc()
    finally:
        os._exit(status)


if __name__ == "__main__":
    sys.exit(max(prefork(3, work)))
