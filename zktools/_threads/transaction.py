"""A transaction under a lease, for a thread that waits for its outcome."""

from __future__ import annotations

from typing import Any, Self

from zktools._engine.steps import run
from zktools._queue.transaction import Fenced


class FencedTransaction(Fenced):
    """Changes that are made all together, if the lock is still held, or not at all.

    A context manager that commits when the body ends without an exception; or call `commit`. Its
    first operation checks that the node of the hold exists. The name of that has a GUID, so it is
    never made again by zktools; a node that somebody makes by hand under the very same name, after
    deleting the first, would pass, as ZooKeeper checks versions and not who made a node.

    Unlike kazoo's, a transaction that failed always raises:

    :raises LockLost: the lock is not held any more; nothing was changed.
    :raises ZkToolsError: an operation failed, translated as anywhere else; nothing was changed.
    :raises OutcomeUnknownError: no answer came; if the changes are made, it is while the lock is
        held.
    """

    def commit(self) -> list[Any]:
        """Send it, and answer one result an operation: a path, a stat, or True."""
        return run(self._committing())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None:
            self.commit()
