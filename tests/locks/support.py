"""What the tests of the locks share: calls in the background, and looks at the queue."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from kazoo.client import KazooClient
from kazoo.exceptions import NoNodeError

from zktools.locks import Lease, ZkLock
from zktools.testing import wait_until

NAME = "x"
FOLDER = f"/ZktoolsLocks/{NAME}"


class Task:
    """A call on a thread, or greenlet, of a client's handler."""

    def __init__(self, client: KazooClient, function: Callable[..., Any], *args: Any, **kw: Any):
        self._over = client.handler.event_object()
        self._call = (function, args, kw)
        self._outcome: Any = None
        self._error: BaseException | None = None
        client.handler.spawn(self._run)

    def _run(self) -> None:
        function, args, kw = self._call
        try:
            self._outcome = function(*args, **kw)
        except BaseException as error:  # noqa: BLE001 - whatever it is, `result` raises it
            self._error = error
        self._over.set()

    @property
    def is_over(self) -> bool:
        """Whether the call has returned or raised."""
        return self._over.is_set()

    def result(self, timeout: float = 10.0) -> Any:
        """What the call returned; what it raised is raised here."""
        self._over.wait(timeout)
        assert self._over.is_set(), f"the call is not back after {timeout} s"
        if self._error is not None:
            raise self._error
        return self._outcome


def grab(lock: ZkLock, *args: Any, **kw: Any) -> Lease | None:
    """Acquire; the lease, or None when the time ran out."""
    return lock.lease if lock.acquire(*args, **kw) else None


def queue(zk: KazooClient, folder: str = FOLDER) -> list[str]:
    """The names in the lock's folder, in the order in which they were made."""
    try:
        names = zk.retry(zk.get_children, folder)  # an interrupt may have cost the connection
    except NoNodeError:
        return []
    return sorted(names, key=lambda name: name[-10:])


def wait_for_queue(zk: KazooClient, length: int, folder: str = FOLDER) -> list[str]:
    """Wait until there are so many in the folder; who they are."""
    wait_until(lambda: len(queue(zk, folder)) == length, what=f"a queue of {length}")
    return queue(zk, folder)


def waiting(zk: KazooClient, client: KazooClient, lock: ZkLock, **kw: Any) -> Task:
    """Let `lock` queue in the background; return once its node is there."""
    before = set(queue(zk))
    task = Task(client, grab, lock, **kw)
    wait_until(lambda: set(queue(zk)) - before, what="a new candidate")
    return task


class Calls(list):
    """The reasons with which a lock's on_revoke callback was called."""

    def __init__(self, lock):
        lock.on_revoke(lambda _, reason: self.append(reason))


def settle(zk, lock):
    """Wait until what was under way for this lock's client has run: engine, then callbacks."""
    session = lock._session
    for _ in range(2):
        zk.sync("/")
        over = session.handler.event_object()
        session.engine.post(over.set)
        over.wait(5)
        assert over.is_set()
    wait_until(lambda: session.delivery.revocations.is_idle)


def has_stopped(lease):
    """Assert that the holder of the lease has stopped believing."""
    assert not lease.is_held
    assert lease.revoked
    assert lease.lost.is_set()


def candidate_of_0_2(zk: KazooClient, kind: str, data: bytes = b"0") -> str:
    """Queue as zktools 0.2 does, with plain kazoo; the node's path."""
    path: str = zk.create(f"{FOLDER}/{kind}-", data, ephemeral=True, sequence=True, makepath=True)
    return path
