"""The recipes under test, for `recipes_worker`: zktools', kazoo's, and some that are broken.

A subject answers, for one worker, functions each of which uses one recipe once or for as long as
the worker lives.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from functools import partialmethod
from typing import TYPE_CHECKING, Any

from kazoo.recipe.partitioner import SetPartitioner
from kazoo.recipe.party import Party

from tests.chaos.beliefs import Belief
from tests.chaos.broken import recipes as broken
from zktools import Election, Group, Partitions, ZkLock, ZkMultiLock, ZkSemaphore
from zktools.election import Term
from zktools.exceptions import LockTimeout

if TYPE_CHECKING:
    from tests.chaos.recipes_worker import RecipesWorker

ROOT = "/recipes"
PERMITS = 3
LOCKS = ("a", "b", "c")
ITEMS = tuple(f"i{number}" for number in range(12))
WORKS = 0.1  # seconds at most
_RESIGNS = 0.25  # of all terms

Part = Callable[[], None]


class Zktools:
    """Ours."""

    believes_blindly = False
    """Whether it goes by having been granted, and not by what the lease says."""

    def __init__(self, worker: RecipesWorker) -> None:
        self.worker, client = worker, worker.client
        who = {"identifier": worker.who}
        self.slots = ZkSemaphore(client, "slots", PERMITS, f"{ROOT}/semaphores", **who)
        self.locks = {name: ZkLock(client, name, f"{ROOT}/locks", **who) for name in LOCKS}
        self.leads = Election(client, "leads", f"{ROOT}/elections", **who)
        self.group: Group | None = None
        self.partitions: Partitions | None = None

    def parts(self) -> list[Part]:
        """One for each recipe."""
        return [self.semaphore, self.multilock, self.election, self.sharing, self.membership]

    def belief(self, resource: str, lease: Any, weight: int = 1) -> Belief:
        """What is believed of a lease."""
        held = (lambda: True) if self.believes_blindly else lambda: bool(lease.is_held)
        return Belief(resource, lease.token, weight, held)

    def work(self) -> None:
        """Take a while."""
        self.worker.draining.wait(self.worker.rng.uniform(0.0, WORKS))

    def semaphore(self) -> None:
        """Some permits."""
        weight = self.worker.rng.randint(1, 2)
        with (
            self.slots(weight=weight, timeout=5) as lease,
            self.worker.believing(self.belief("slots", lease, weight)),
        ):
            self.work()
        self.worker.did("semaphore")

    def multilock(self) -> None:
        """A lock, two or three, in any order."""
        names = self.worker.rng.sample(LOCKS, self.worker.rng.randint(1, 3))
        with (
            ZkMultiLock([self.locks[name] for name in names])(timeout=20) as lease,
            self.worker.believing(*(self.belief(f"lock {name}", lease) for name in names)),
        ):
            self.work()
        self.worker.did("multilock")

    def election(self) -> None:
        """A short term, now and then one that it resigns from; it works on to the end."""
        with (
            self.leads.lead(timeout=5, data=self.worker.who) as term,
            self.worker.believing(self.belief("leads", _Serving(term))),
        ):
            if self.worker.rng.random() < _RESIGNS:
                self.leads.resign()
            self.work()
        self.worker.did("election")

    def sharing(self) -> None:
        """Items, until the end."""
        shares = Partitions(
            self.worker.client,
            f"{ROOT}/shares",
            ITEMS,
            name=self.worker.who,
            grace=self.worker.session_timeout,
            moving=3,
        )
        with shares:
            self.worker.shares = lambda: [
                self.belief(f"item {item}", lease) for item, lease in shares.mine.items()
            ]
            self.worker.draining.wait()

    def membership(self) -> None:
        """Being there, until the end."""
        with Group(self.worker.client, f"{ROOT}/group") as group, group.join(self.worker.name):
            self.worker.members = lambda: sorted(group.members)
            self.worker.draining.wait()


class Kazoo(Zktools):
    """The control: kazoo's recipes, as its users take them."""

    def _told(self, resource: str, is_held: Callable[[], bool]) -> Belief:
        return Belief(resource, self.worker.rng.getrandbits(48), 1, is_held)

    def semaphore(self) -> None:
        """A permit."""
        slots = self.worker.client.Semaphore(f"{ROOT}/semaphore", max_leases=PERMITS)
        if not slots.acquire(timeout=5):
            raise LockTimeout("semaphore")
        try:
            with self.worker.believing(self._told("slots", lambda: slots.is_acquired)):
                self.work()
        finally:
            slots.release()
        self.worker.did("semaphore")

    def multilock(self) -> None:
        """There is none: one lock after the other."""
        names = self.worker.rng.sample(LOCKS, self.worker.rng.randint(2, 3))
        with ExitStack() as stack:
            for name in names:
                lock = self.worker.client.Lock(f"{ROOT}/locks/{name}")
                stack.enter_context(lock)
                told = self._told(f"lock {name}", lambda lock=lock: lock.is_acquired)
                stack.enter_context(self.worker.believing(told))
            self.work()
        self.worker.did("multilock")

    def election(self) -> None:
        """A short term."""

        def lead() -> None:
            with self.worker.believing(self._told("leads", lambda: True)):
                self.work()

        self.worker.client.Election(f"{ROOT}/election").run(lead)
        self.worker.did("election")

    def sharing(self) -> None:
        """Items, until the end."""
        shares = SetPartitioner(self.worker.client, f"{ROOT}/shares", ITEMS, time_boundary=0.1)
        keys = {item: self.worker.rng.getrandbits(48) for item in ITEMS}

        def held() -> list[Belief]:
            items = list(shares) if shares.acquired else []
            return [Belief(f"item {i}", keys[i], 1, lambda: shares.acquired) for i in items]

        self.worker.shares = held
        while not self.worker.draining.wait(0.01) and not shares.failed:
            if shares.release:
                shares.release_set()
            elif shares.allocating:
                shares.wait_for_acquire(0.1)
        shares.finish()

    def membership(self) -> None:
        """Being there, until the end."""
        party = Party(self.worker.client, f"{ROOT}/party", self.worker.name)
        party.join()
        self.worker.members = lambda: sorted(party) if self.worker.client.connected else []
        self.worker.draining.wait()


class _Serving:
    """A term, of which the work goes on until it has ended: the node is not to be gone before."""

    def __init__(self, term: Term) -> None:
        self._term = term
        self.token = term.token

    @property
    def is_held(self) -> bool:
        """Whether nobody else may lead."""
        return self._term.is_held or self._term._hold.is_released


def _work_long(subject: Zktools, steps: int = 50) -> None:
    for _ in range(steps):  # while it is stopped it gets on with none of it
        subject.worker.draining.wait(0.01)


def believer() -> None:
    """Who was granted something believes to hold it until it lets go, as kazoo's locks do."""
    Zktools.believes_blindly = True
    Zktools.work = _work_long  # type: ignore[method-assign]


def half() -> None:
    """Several locks that are held as one are held for as long as any of them is."""
    broken.half()
    Zktools.work = partialmethod(_work_long, 100)  # type: ignore[assignment]


def yielder() -> None:
    """A leader that is asked to let go does so at once; the work of its term goes on."""
    broken.yielder()
    Zktools.work = _work_long  # type: ignore[method-assign]


def one_by_one() -> None:
    """Several locks are taken one after the other, in the order in which they come."""

    def multilock(subject: Zktools) -> None:
        names = subject.worker.rng.sample(LOCKS, subject.worker.rng.randint(2, 3))
        with ExitStack() as stack:
            for name in names:
                lease = stack.enter_context(subject.locks[name])
                stack.enter_context(subject.worker.believing(subject.belief(f"lock {name}", lease)))
                subject.work()
        subject.worker.did("multilock")

    Zktools.multilock = multilock  # type: ignore[method-assign]


DEFECTS = {
    **broken.DEFECTS,
    "believer": believer,
    "half": half,
    "yielder": yielder,
    "one_by_one": one_by_one,
}


def parts(subject: str, worker: RecipesWorker) -> list[Part]:
    """What a worker does: ``zktools``, ``kazoo``, or names of defects, joined by ``+``."""
    if subject == "kazoo":
        return Kazoo(worker).parts()
    for name in [] if subject == "zktools" else subject.split("+"):
        DEFECTS[name]()
    return Zktools(worker).parts()
