"""A model of a lock's queue, and three real clients that are driven against it.

The model is a list: who stands in the queue, as which kind, asked to let go or not. Each rule does
something to a client, its network or its session, does the same to the list, and then waits until
both agree: the queue on the server, who holds, who lost, who was asked.
"""

from __future__ import annotations

import uuid

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from kazoo.client import KazooClient

from tests.chaos.seats import SEATS, SOON, Entry, Seat, identity
from zktools import ZkReadLock, ZkWriteLock
from zktools.exceptions import LockCancelled
from zktools.testing import Server, expire_session, wait_until


class LockMachine(RuleBasedStateMachine):
    """The rules. Made anew for each example, on a lock of its own."""

    def __init__(self, server: Server, observer: KazooClient, all_seats: list[Seat]) -> None:
        super().__init__()
        self.server = server
        self.seats = all_seats
        self.queue: list[Entry] = []
        self.name = f"lock-{uuid.uuid4().hex[:8]}"
        self.watcher = ZkWriteLock(observer, self.name)
        self.locks = {
            (seat.number, shared): kind(seat.client, self.name, identifier=str(seat.number))
            for seat in all_seats
            for shared, kind in ((False, ZkWriteLock), (True, ZkReadLock))
        }
        for seat in all_seats:
            seat.session = wait_until(lambda seat=seat: identity(seat), SOON)

    # -- what is done

    @precondition(lambda self: self.of_mind("idle"))
    @rule(data=st.data(), shared=st.booleans())
    def acquire(self, data: st.DataObject, *, shared: bool) -> None:
        """Begin to wait for the lock."""
        seat = self.pick(data, "idle")
        lock = self.locks[seat.number, shared]
        seat.wants_shared = shared
        seat.waiting = seat.thread.submit(lambda: lock.lease if lock.acquire() else None)
        wait_until(lambda: lock._queue._pending or seat.waiting.done(), SOON)
        if seat.connected:
            self.queue.append(Entry(seat.number, shared))
        self.settle()

    @precondition(lambda self: self.of_mind("idle"))
    @rule(data=st.data(), shared=st.booleans())
    def try_(self, data: st.DataObject, *, shared: bool) -> None:
        """Acquire without waiting: True exactly if connected, and nobody is in the way."""
        seat = self.pick(data, "idle")
        lock = self.locks[seat.number, shared]
        entry = Entry(seat.number, shared)
        free = seat.connected and not self.blocked(entry, self.queue)
        lease = seat.thread.submit(lambda: lock.lease if lock.acquire(timeout=0) else None).result(
            SOON
        )

        assert (lease is not None) == free
        if free:
            self.queue.append(entry)
            seat.lease = lease
        self.settle()

    @precondition(lambda self: self.of_mind("holding"))
    @rule(data=st.data())
    def release(self, data: st.DataObject) -> None:
        """Let go: True exactly if connected and still held."""
        seat = self.pick(data, "holding")
        assert seat.lease is not None
        released = seat.lease.release()

        assert released == (seat.connected and self.entry_of(seat) is not None)
        assert seat.lease.release() is False
        seat.lease = None
        self.abandon(seat)
        self.settle()

    @precondition(lambda self: self.of_mind("waiting"))
    @rule(data=st.data())
    def cancel(self, data: st.DataObject) -> None:
        """Make a waiting acquire fail."""
        seat = self.pick(data, "waiting")
        assert seat.waiting is not None

        assert self.locks[seat.number, seat.wants_shared].cancel()
        assert isinstance(seat.waiting.exception(SOON), LockCancelled)
        seat.waiting = None
        self.abandon(seat)
        self.settle()

    @precondition(lambda self: any(seat.connected for seat in self.seats))
    @rule(data=st.data())
    def revoke(self, data: st.DataObject) -> None:
        """Ask all: False exactly if there is nobody."""
        seat = self.choose(data, [seat for seat in self.seats if seat.connected])

        assert self.locks[seat.number, False].revoke_all() == bool(self.queue)
        for entry in self.queue:
            entry.asked = True
        self.settle()

    @rule(number=st.integers(0, SEATS - 1))
    def expire(self, number: int) -> None:
        """End a session for real, whether its client can hear of it or not."""
        seat = self.seats[number]
        wait_until(lambda: self.end_session(seat), SOON)
        self.queue = [entry for entry in self.queue if entry.seat != number]
        seat.expired = True
        if seat.connected:
            self.hear(seat)
        self.settle()

    @precondition(lambda self: self.queue)
    @rule(data=st.data())
    def destroy(self, data: st.DataObject) -> None:
        """Delete a candidate: a holder has lost, a waiter queues again."""
        place = data.draw(st.integers(0, len(self.queue) - 1))
        entry = self.queue.pop(place)
        seat = self.seats[entry.seat]
        self.watcher._session.client.delete(f"{self.watcher._queue.folder}/{self.names()[place]}")
        if seat.connected:
            self.hear(seat)
        self.settle()

    @precondition(lambda self: any(seat.connected for seat in self.seats))
    @rule(data=st.data())
    def cut(self, data: st.DataObject) -> None:
        """Take a client's network away."""
        seat = self.choose(data, [seat for seat in self.seats if seat.connected])
        seat.proxy.refuse()
        seat.proxy.cut()
        wait_until(lambda: not seat.client.connected, SOON)
        seat.connected = False
        self.settle()

    @precondition(lambda self: any(not seat.connected for seat in self.seats))
    @rule(data=st.data())
    def heal(self, data: st.DataObject) -> None:
        """Give a client its network back."""
        seat = self.choose(data, [seat for seat in self.seats if not seat.connected])
        self.reconnect(seat)
        self.settle()

    # -- what follows from it in the model

    def reconnect(self, seat: Seat) -> None:
        """What was not wanted is deleted, what was missed is heard of."""
        seat.proxy.heal()
        wait_until(lambda: seat.client.connected, SOON, what=f"reconnecting {seat}")
        seat.connected = True
        self.queue = [e for e in self.queue if e.seat != seat.number or e.wanted]
        self.hear(seat)

    def hear(self, seat: Seat) -> None:
        """The client learns that its session ended, or that its candidate is gone."""
        if seat.expired:
            seat.expired = False
            wait_until(lambda: identity(seat) not in (None, seat.session), SOON)
        seat.session = wait_until(lambda: identity(seat), SOON)
        if self.entry_of(seat) is None and seat.lease is not None:
            seat.lost.append(seat.lease)
            seat.lease = None
        elif self.entry_of(seat) is None and seat.waiting is not None:
            self.queue.append(Entry(seat.number, seat.wants_shared))

    def abandon(self, seat: Seat) -> None:
        """Nobody wants this seat's candidate any more."""
        entry = self.entry_of(seat)
        if entry is not None:
            entry.wanted = False
            if seat.connected:
                self.queue.remove(entry)

    def settle(self) -> None:
        """Grant what is to be granted, and wait until the real thing has come to the same."""
        for place, entry in enumerate(self.queue):
            seat = self.seats[entry.seat]
            mine = entry.wanted and seat.connected and seat.waiting is not None
            if mine and not self.blocked(entry, self.queue[:place]):
                assert seat.waiting is not None
                seat.lease, seat.waiting = seat.waiting.result(SOON), None
                assert seat.lease is not None
        wait_until(self.agrees, SOON, what=f"agreement with {self.queue}")

    # -- what must be true

    @invariant()
    def nobody_believes_beside_another(self) -> None:
        """Safety, at once and without waiting: no two leases that exclude each other are held."""
        leases = [seat.lease for seat in self.seats if seat.lease is not None]
        leases += [lease for seat in self.seats for lease in seat.lost]
        held = [lease for lease in leases if lease.is_held]
        assert len(held) <= 1 or all("/read-" in lease.path for lease in held)

    def agrees(self) -> bool:
        """The queue on the server and every lease are as the model says."""
        contenders = self.watcher.contenders()
        return (
            [int(c.who["identifier"]) for c in contenders if c.who] == [e.seat for e in self.queue]
            and [c.asked for c in contenders] == [e.asked for e in self.queue]
            and all(self.seat_agrees(seat) for seat in self.seats)
        )

    def seat_agrees(self, seat: Seat) -> bool:
        """One client's view."""
        if any(not lease.lost.is_set() or not lease.revoked for lease in seat.lost):
            return False
        if seat.waiting is not None and seat.waiting.done():
            return False
        if seat.lease is None:
            return True
        entry = self.entry_of(seat)
        heard = not seat.connected or (entry is not None and seat.lease.revoked == entry.asked)
        return heard and seat.lease.is_held == seat.connected

    # -- helpers

    def of_mind(self, mind: str) -> list[Seat]:
        """The seats that are idle, waiting or holding."""
        minds = {
            "idle": lambda seat: seat.waiting is None and seat.lease is None,
            "waiting": lambda seat: seat.waiting is not None,
            "holding": lambda seat: seat.lease is not None,
        }
        return [seat for seat in self.seats if minds[mind](seat)]

    def pick(self, data: st.DataObject, mind: str) -> Seat:
        """One of those."""
        return self.choose(data, self.of_mind(mind))

    def choose(self, data: st.DataObject, among: list[Seat]) -> Seat:
        """One of these; by its number, which is what a failing example shows."""
        return self.seats[data.draw(st.sampled_from([seat.number for seat in among]))]

    def entry_of(self, seat: Seat) -> Entry | None:
        """The seat's wanted candidate."""
        return next((e for e in self.queue if e.seat == seat.number and e.wanted), None)

    @staticmethod
    def blocked(entry: Entry, ahead: list[Entry]) -> bool:
        """Whether anybody of these is in the way."""
        return any(not (entry.shared and other.shared) for other in ahead)

    def end_session(self, seat: Seat) -> bool:
        """Whether it was possible: a client that reconnects may take its session back meanwhile."""
        try:
            expire_session(seat.client, hosts=self.server.hosts, client_id=seat.session)
        except ConnectionError:
            return False
        return True

    def names(self) -> list[str]:
        """On the server, in order."""
        return [contender.name for contender in self.watcher.contenders()]

    def teardown(self) -> None:
        """Leave the clients as they were, and nothing in the queue."""
        for seat in self.seats:
            if not seat.connected:
                self.reconnect(seat)
        for seat in self.seats:
            for shared in (False, True):
                self.locks[seat.number, shared].cancel()
            if seat.waiting is not None:
                # It may have been granted since the last rule.
                if seat.waiting.exception(SOON) is None:
                    seat.lease = seat.waiting.result()
                seat.waiting = None
            if seat.lease is not None:
                seat.lease.release()
                seat.lease = None
            seat.lost.clear()
        wait_until(lambda: not self.names(), SOON, what="the end of the queue")
