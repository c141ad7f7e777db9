"""``with``: what was entered is what is left, whichever thread leaves it.

Generators, exit stacks, the dependencies of web frameworks and pools of threads or greenlets may
end a body on another thread than they began it on.
"""

from __future__ import annotations

from typing import Any, Protocol

from zktools._threads.holders import Holders
from zktools._threads.lease import Lease
from zktools.exceptions import LockTimeout


class Acquirable(Protocol):
    """What `with` needs of a lock: its public methods, which a subclass may override."""

    _holders: Holders

    def acquire(self) -> bool:
        """Acquire for this thread; arguments as they were given."""

    def release(self) -> bool:
        """Let go of what this thread acquired."""


class Entries:
    """What was entered and is not left yet, by way of one object, on any thread."""

    def __init__(self) -> None:
        self._entries: list[tuple[object, Lease]] = []

    def add(self, thread: object, lease: Lease) -> None:
        """This thread entered."""
        self._entries.append((thread, lease))

    def take(self, thread: object) -> Lease | None:
        """What this thread leaves: what it entered last, or what another has entered."""
        entries = self._entries[::-1]
        own = [entry for entry in entries if entry[0] is thread]
        others = [entry for entry in entries if not entry[1]._hold.is_over]
        for entry in (*own, *others, *entries):
            try:
                self._entries.remove(entry)
            except ValueError:
                continue  # another thread left it this moment
            return entry[1]
        return None


class Acquisition:
    """What ``lock(...)`` gives to a ``with`` statement. It may be entered again and again."""

    def __init__(
        self, lock: Acquirable, arguments: dict[str, Any], entries: Entries | None = None
    ) -> None:
        self._lock = lock
        self._arguments = arguments
        self._entries = Entries() if entries is None else entries

    def __enter__(self) -> Lease:
        """Acquire.

        :raises LockTimeout: when the time ran out.
        """
        holders = self._lock._holders
        before = holders.current
        depth = 0 if before is None else before._depth
        try:
            lease = self._granted(self._lock.acquire(**self._arguments))
            self._entries.add(holders.thread, lease)
        except BaseException:
            # Interrupted after the grant, in what a subclass does then, say: nobody would leave it.
            acquired = holders.current
            _bring_down(acquired, depth if acquired is before else 0)
            raise
        # Nothing is called from here to the body: no signal can come in between.
        return lease

    def __exit__(self, *_: object) -> None:
        holders = self._lock._holders
        lease = self._entries.take(holders.thread) or holders.lease
        depth = 0 if lease is None else max(lease._depth - 1, 0)
        try:
            if lease is None or lease is holders.lease:
                self._lock.release()
            else:
                with holders.on_behalf_of(lease):
                    self._lock.release()
        except BaseException:
            _bring_down(lease, depth)
            raise

    def _granted(self, answer: object) -> Lease:
        lease = self._lock._holders.lease
        if answer and lease is not None:
            return lease
        timeout = self._arguments.get("timeout")
        within = "" if timeout is None else f" within {timeout} s"
        raise LockTimeout(f"{self._lock!r} was not acquired{within}")


def _bring_down(lease: Lease | None, depth: int) -> None:
    """Take back what was acquired beyond that depth, without waiting."""
    if lease is not None:
        while lease._depth > depth:
            lease._leave()
        if depth == 0:
            lease._hold.release_later()


def given(**arguments: Any) -> dict[str, Any]:
    """Those that are not None: a subclass's acquire() may have others, and other defaults."""
    return {name: value for name, value in arguments.items() if value is not None}
