"""Partitions as every face has them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Generic, TypeVar

from kazoo.client import KazooClient
from kazoo.security import ACL

from zktools._engine.arguments import (
    check_acl,
    check_count,
    check_name,
    check_path,
    check_seconds,
)
from zktools._engine.latch import Latch
from zktools._engine.session import session_of
from zktools._engine.steps import Steps
from zktools._live.membership import AnyMembership, default_name
from zktools._live.moment import child
from zktools._partitions.balance import Balance
from zktools._partitions.fleet import Fleet, check_weight
from zktools._partitions.names import MemberLayout
from zktools._partitions.owner import Owner, owners
from zktools._partitions.place import Face, Place, State
from zktools._queue import record
from zktools._queue.order import LOCK
from zktools._queue.tenure import Tenure
from zktools._queue.terms import Reason, Revocation, Terms
from zktools.exceptions import ClientUnusableError

L = TypeVar("L", bound=Tenure)


class AnyPartitions(Generic[L]):
    """What is made of the arguments, and what is known of one's own part."""

    def __init__(
        self,
        client: KazooClient,
        path: str,
        items: Iterable[str],
        *,
        name: str | None = None,
        weight: float = 1.0,
        moving: int = 1,
        grace: float | None = None,
        acl: Sequence[ACL] | None = None,
        session_timeout: float | None = None,
    ) -> None:
        self.path = check_path(path, "path")
        self.name = default_name() if name is None else check_name(name, "name")
        self._client = client
        self._session = session_of(client)
        self._weight = check_weight(weight)
        self._acl = check_acl(acl, "acl")
        self._grace = check_seconds(grace, "grace")
        self._items = _check_items(items)
        self._folder = child(self.path, "items")
        self._layout = MemberLayout(self.name)
        self._session.vigil.limit(check_seconds(session_timeout, "session_timeout") or None)
        self._who = record.describe_caller(self.name)
        self._fleet: Fleet | None = None
        self._membership: AnyMembership | None = None
        self._stopped = False
        self._nudges = 0
        self._balance = Balance(
            self._session,
            self.name,
            self._folder,
            self._make_place,
            members=self._members,
            nudge=self._nudge,
            moving=check_count(moving, "moving"),
        )
        self._face = self._make_face()

    # -- what is known -------------------------------------------------------------------------

    @property
    def items(self) -> list[str]:
        """What is shared out. May be assigned at any time, from any thread.

        All members are to be given the same, each in its own time. What is new is taken by whose
        turn it is; what is no longer there is let go, after ``on_revoked``.
        """
        return list(self._items)

    @items.setter
    def items(self, items: Iterable[str]) -> None:
        self._items = _check_items(items)
        self._session.check_process()
        if self._fleet is not None:
            self._session.engine.post(self._balance.set_items, self._items)

    @property
    def mine(self) -> dict[str, L]:
        """What this one holds, with the lease of each, as far as is known. Costs no request.

        With what is on its way out: until ``on_revoked`` has ended, or the lease is lost.
        """
        held = (State.HELD, State.ENDING)
        places = list(self._balance.places.copy().values())
        found: dict[str, Any] = {
            place.item: place.lease
            for place in places
            if place.state in held and place.lease is not None and not place.lease._hold.is_over
        }
        return found

    @property
    def members(self) -> dict[str, float]:
        """Who shares, as of one moment: names and weights; empty before the start."""
        return self._fleet.weights if self._fleet is not None else {}

    def _owners(self) -> Steps[dict[str, Owner | None]]:
        self._session.check_usable()
        return (yield from owners(self._session, self._folder, self._items))

    # -- beginning and end ---------------------------------------------------------------------

    def _starting(self, timeout: float | None) -> Steps[None]:
        if self._fleet is not None or self._stopped:
            raise ClientUnusableError(f"{self!r} was started before: make a new one")
        seconds = check_seconds(timeout, "timeout")
        self._session.check_provable()
        self._fleet = fleet = Fleet(self._client, child(self.path, "members"), self._acl)
        try:
            yield from fleet._opening()
            data = {"weight": self._weight}
            self._membership = AnyMembership(fleet, self.name, data, seconds)
            yield from self._membership._entering()
            fleet.on_members = self._balance.on_change
            self._session.engine.post(self._balance.start, self._items)
        except BaseException:
            self._stopped = True
            fleet._shut()
            raise

    def _stopping(self, timeout: float | None) -> Steps[bool]:
        """Leave the group; then let go of one item after the other."""
        seconds = check_seconds(timeout, "timeout")
        if self._membership is not None and self._membership.is_of_parent:
            return False
        self._stopped = True
        if self._membership is None or self._fleet is None:
            return True
        empty = Latch(self._session.handler)
        try:
            yield from self._membership._leaving()
        finally:
            self._session.engine.post(self._balance.leave, empty)
        yield empty, seconds
        yield from self._fleet._closing()
        return not self._balance.places

    # -- for the engine ------------------------------------------------------------------------

    def _members(self) -> dict[str, float] | None:
        membership, fleet = self._membership, self._fleet
        if membership is None or fleet is None or not membership.is_present:
            return None
        weights = fleet.weights
        return weights if self.name in weights else None

    def _nudge(self) -> None:
        if self._membership is not None:
            self._nudges += 1
            self._membership.data = {"weight": self._weight, "nudges": self._nudges}

    def _make_place(
        self, item: str, changed: Callable[[Place, State], None], is_free: bool
    ) -> Place:
        return Place(self._session, item, self._terms, self._face, changed, is_free=is_free)

    def _terms(self, item: str, on_revoke: Callable[[Reason], None]) -> Terms:
        return Terms(
            folder=f"{self._folder}/{item}",
            layout=self._layout,
            kind=LOCK,
            weight=1,
            permits=None,
            who=self._who,
            acl=self._acl,
            wait=True,
            revocation=Revocation.ASK,
            grace=self._grace,
            on_revoke=on_revoke,
        )

    def _make_face(self) -> Face:
        raise NotImplementedError

    def __repr__(self) -> str:
        state = "stopped" if self._stopped else f"{len(self.mine)} of {len(self._items)} items"
        return f"<{type(self).__name__} {self.path} {self.name!r} {state}>"


def _check_items(items: Iterable[str]) -> tuple[str, ...]:
    if isinstance(items, (str, bytes)):
        raise TypeError(f"items must be a list of names, not {type(items).__name__}")
    checked = tuple(check_name(item, "items") for item in items)
    if len(set(checked)) < len(checked):
        twice = next(item for item in checked if checked.count(item) > 1)
        raise ValueError(f"items must hold each name once; {twice!r} is there more often")
    return checked
