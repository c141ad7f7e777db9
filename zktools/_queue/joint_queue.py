"""Several queues that are entered together, as one program sees them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import ClassVar, NamedTuple

from zktools._engine.arguments import check_count, check_total_size
from zktools._engine.steps import Steps
from zktools._queue.contenders import Contender, contenders
from zktools._queue.demand import Demand, check_demand
from zktools._queue.joint import JointClaim
from zktools._queue.joint_entry import entry_size
from zktools._queue.order import PERMIT
from zktools._queue.queue import Queue
from zktools._queue.terms import Reason
from zktools._queue.waiters import Waiters


class Share(NamedTuple):
    """What is wanted of one queue."""

    queue: Queue
    kind: str
    weight: int

    @classmethod
    def of(cls, queue: object, kind: str, weight: object) -> Share:
        """The checked share."""
        if not isinstance(queue, Queue):
            raise TypeError("locks must hold single locks and semaphores, not multi-locks")
        count = check_count(weight, "weight")
        if count > 1 and kind != PERMIT:
            raise ValueError(f"weight goes with semaphores; {queue.folder} is held as a whole")
        return cls(queue, kind, count)


class Recipe:
    """What can be held together with others of its face: a lock, or permits of a semaphore."""

    _kind: ClassVar[str]
    _queue: Queue | JointQueue


def shares(locks: Iterable[object], face: type[Recipe]) -> list[Share]:
    """What each of these locks, or pairs of a semaphore and a weight, wants of its queue."""
    found = []
    for each in locks:
        lock, weight = each if isinstance(each, tuple) else (each, 1)
        if not isinstance(lock, face):
            raise TypeError(f"locks must hold locks and semaphores of this face, not {lock!r}")
        found.append(Share.of(lock._queue, lock._kind, weight))
    return found


class JointQueue(Waiters):
    """The queues of several locks. Making one sends nothing.

    :raises ValueError: there is none, one is named twice, or they are of several clients.
    """

    def __init__(self, shares: list[Share]) -> None:
        if not shares:
            raise ValueError("locks must not be empty: name the locks to hold together")
        folders = [share.queue.folder for share in shares]
        queues = [(share.queue.folder, share.queue.layout.name) for share in shares]
        twice = {folder for folder, name in queues if queues.count((folder, name)) > 1}
        if twice:
            raise ValueError(f"locks must not hold {min(twice)} twice: it would wait for itself")
        super().__init__(shares[0].queue.session)
        if any(share.queue.session is not self.session for share in shares):
            raise ValueError("locks must be of one client: one transaction makes all candidates")
        self.folder = " + ".join(folders)
        self._shares = shares

    def demand(self, timeout: object, revoke: object, grace: object) -> Demand:
        """The checked arguments of an acquire."""
        demand = check_demand(timeout, revoke, grace)
        for share in self._shares:
            share.queue.check_revocation(demand)
        return demand

    def claim(self, _kind: str, demand: Demand, on_revoke: Callable[[Reason], None]) -> JointClaim:
        """A claim to a place in each, to be gone through by :meth:`enter`."""
        self.session.check_usable()
        self.session.check_provable()
        terms = [
            share.queue.terms(share.kind, demand._replace(weight=share.weight), _nothing)
            for share in self._shares
        ]
        check_total_size(
            sum(entry_size(self.session, each) for each in terms),
            "what makes all candidates",
            "hold fewer locks at once, or give them shorter names or identifiers",
        )
        return JointClaim(self.session, terms, on_revoke)

    def contenders(self) -> Steps[list[Contender]]:
        """All candidates of the first queue, then of the next, each in order."""
        self.session.check_usable()
        found: list[Contender] = []
        for share in self._shares:
            found += yield from contenders(self.session, share.queue.folder, share.queue.layout)
        return found

    def revoke_all(self) -> Steps[bool]:
        """Ask every candidate of all queues to let go. Whether there was any."""
        any_asked = False
        for share in self._shares:
            any_asked |= yield from share.queue.revoke_all()
        return any_asked

    def clear(self) -> Steps[None]:
        """Delete all candidates of all queues."""
        for share in self._shares:
            yield from share.queue.clear()


def _nothing(_: Reason) -> None:
    """The joint hold tells of its parts."""
