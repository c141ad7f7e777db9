"""Which thread holds what: for faces that hold for each thread, or greenlet, by itself.

Nothing here is asked of ZooKeeper, and nothing is sent.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from zktools._engine.local import local_object
from zktools._engine.session import Session
from zktools._queue.terms import Revocation, Terms
from zktools._threads.lease import Lease
from zktools._threads.own import leases_here, refuse_waiting_for_oneself

log = logging.getLogger("zktools.locks")


class Holders:
    """The leases that were acquired by way of one object, for each thread the newest."""

    def __init__(self, session: Session, folder: str) -> None:
        self._session = session
        self._folder = folder
        self._here = local_object(session.handler)
        self._live: set[Lease] = set()  # of all threads, but those that are over

    @property
    def lease(self) -> Lease | None:
        """This thread's newest, even if it is over."""
        lease: Lease | None = getattr(self._here, "lease", None)
        return lease

    @property
    def current(self) -> Lease | None:
        """This thread's, unless it is over."""
        lease = self.lease
        return None if lease is None or lease._hold.is_over else lease

    @property
    def thread(self) -> object:
        """What stands for this thread, and for no other."""
        if not hasattr(self._here, "thread"):
            self._here.thread = object()
        return self._here.thread

    def begin(self, all_terms: list[Terms]) -> None:
        """This thread is about to acquire all of these at once.

        :raises AlreadyHeldError: it would wait for itself.
        """
        for terms in all_terms:
            if terms.wait and terms.revocation is Revocation.NONE:
                refuse_waiting_for_oneself(self._session, terms)
        self._here.owes = True

    def add(self, lease: Lease) -> None:
        """This thread was granted it."""
        for other in list(self._live):
            if other._hold.is_over:
                self._live.discard(other)
        self._live.add(lease)
        leases_here(self._session).append(lease)
        self._here.lease = lease

    def release(self) -> bool:
        """One of this thread's acquires is taken back; whether its hold was valid until now."""
        owes, self._here.owes = getattr(self._here, "owes", False), False
        lease = self.lease
        if not owes and self.current is None:
            self._warn_of_others()
        if lease is None:
            return False
        if not lease._leave():
            self._here.owes = True
            return lease.is_held
        self._live.discard(lease)
        leases = leases_here(self._session)
        if lease in leases:
            leases.remove(lease)
        return lease.release()

    @contextmanager
    def on_behalf_of(self, lease: Lease) -> Iterator[None]:
        """For the time of the body, this thread is the one that acquired `lease`."""
        before = self.lease, getattr(self._here, "owes", False)
        self._here.lease, self._here.owes = lease, True
        try:
            yield
        finally:
            self._here.lease, self._here.owes = before

    def _warn_of_others(self) -> None:
        # Not an error: in 0.2, too, whoever had nothing to release was told so, and no more.
        holding = [lease for lease in list(self._live) if not lease._hold.is_over]
        if holding:
            log.warning(
                "%s: release() on a thread that has acquired nothing. It is still held by the "
                "thread %s: keep `lock.lease` where you acquire, and call release() of that",
                self._folder,
                ", ".join(lease._claim.all_terms[0].who["thread"] for lease in holding),
            )
