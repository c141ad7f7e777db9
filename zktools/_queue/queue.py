"""A queue as one program sees it: where it is, as whom to join it, and what concerns all in it.

What every face and every recipe does with a queue is here, as claims and as steps; how their caller
waits is theirs.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

from kazoo.client import KazooClient
from kazoo.security import ACL

from zktools._engine.arguments import (
    check_acl,
    check_identifier,
    check_name,
    check_path,
    check_seconds,
)
from zktools._engine.outcome import Outcome
from zktools._engine.session import session_of
from zktools._engine.steps import Steps
from zktools._queue import record
from zktools._queue.claim import Claim
from zktools._queue.contenders import Contender, candidates, contenders
from zktools._queue.demand import Demand, check_demand
from zktools._queue.layouts import ZKTOOLS, Layout, check_layout
from zktools._queue.revocation import Request
from zktools._queue.stay import Keeper
from zktools._queue.sticky import StickyClaim
from zktools._queue.terms import Reason, Revocation, Terms
from zktools._queue.waiters import Waiters
from zktools.exceptions import MissingNodeError, translate


class Queue(Waiters):
    """The queue of one name under one root. Making one checks the arguments and sends nothing."""

    def __init__(
        self,
        connection: KazooClient,
        name: str,
        root: str,
        *,
        words: tuple[str, str] = ("lock_name", "lock_root"),
        layout: Layout | str = ZKTOOLS,
        permits: int | None = None,
        identifier: str | None = None,
        acl: Sequence[ACL] | None = None,
        session_timeout: float | None = None,
        keeper: Keeper | None = None,
    ) -> None:
        super().__init__(session_of(connection))
        self._keeper = keeper
        self.layout = layout if isinstance(layout, Layout) else check_layout(layout, "layout")
        self.folder = _folder(self.layout, name, root, words)
        self.permits = permits
        self._identifier = check_identifier(identifier, "identifier")
        self._check_identifier_is_no_request()
        self.acl = check_acl(acl, "acl")
        self.session.vigil.limit(check_seconds(session_timeout, "session_timeout") or None)

    def _check_identifier_is_no_request(self) -> None:
        if self.layout.is_asked(self.layout.encode(record.describe_caller(self._identifier))):
            raise ValueError(
                f"identifier must not be {self._identifier!r}: in the queues of "
                f"{self.layout.name} that is a request to let go"
            )

    # -- one place in it -----------------------------------------------------------------------

    def demand(self, timeout: object, revoke: object, grace: object, weight: object = 1) -> Demand:
        """The checked arguments of an acquire."""
        demand = check_demand(timeout, revoke, grace, weight)
        self.check_revocation(demand)
        return demand

    def check_revocation(self, demand: Demand) -> None:
        """Raise where it cannot be had in this layout."""
        if demand.revocation is Revocation.ASK:
            self._check_can_be_asked("revoke=True", "revoke=IMMEDIATE destroys those in the way")

    def _check_can_be_asked(self, what: str, remedy: str) -> None:
        if not self.layout.can_be_asked:
            raise ValueError(
                f"{what} cannot be had in a queue of {self.layout.name}'s: its holders do not "
                f"listen to requests to let go. {remedy}"
            )

    def claim(self, kind: str, demand: Demand, on_revoke: Callable[[Reason], None]) -> Claim:
        """A claim of its own to a place in the queue, to be gone through by :meth:`enter`.

        `on_revoke` is called once, on zktools' side, when what was granted is revoked first.
        """
        self.session.check_usable()
        self.session.check_provable()
        terms = self.terms(kind, demand, on_revoke)
        if self._keeper is None:
            return Claim(self.session, terms)
        return StickyClaim(self.session, terms, self._keeper)

    def terms(self, kind: str, demand: Demand, on_revoke: Callable[[Reason], None]) -> Terms:
        """What such a claim goes by."""
        return Terms(
            folder=self.folder,
            layout=self.layout,
            kind=kind,
            weight=demand.weight,
            permits=self.permits,
            who=record.describe_caller(self._identifier),
            acl=self.acl,
            wait=demand.timeout != 0,
            revocation=demand.revocation,
            grace=demand.grace,
            on_revoke=on_revoke,
        )

    # -- all who are in it ---------------------------------------------------------------------

    def contenders(self) -> Steps[list[Contender]]:
        """All candidates in the order of the queue, holders first."""
        self.session.check_usable()
        return (yield from contenders(self.session, self.folder, self.layout))

    def revoke_all(self) -> Steps[bool]:
        """Ask every candidate to let go, holding or waiting. Whether there was any."""
        self._check_can_be_asked("revoke_all()", "clear() destroys all candidates")
        self.session.check_usable()
        asked = []
        by = record.describe_caller(self._identifier)
        for candidate in (yield from candidates(self.session, self.folder, self.layout)):
            outcome = Outcome(self.session.handler)
            path = f"{self.folder}/{candidate.name}"
            request = Request(self.session, self.layout, path, by, outcome.set)
            self.session.engine.post(request.start)
            asked.append(outcome)
        outcomes: list[Any] = []
        for outcome in asked:
            answer = self.session.answer(outcome, f"asking {self.folder}", changes=True)
            outcomes.append((yield from answer))
        for result in outcomes:
            if isinstance(result, BaseException):
                raise translate(result, f"asking {self.folder}") from result
        return any(outcomes)

    def clear(self) -> Steps[None]:
        """Delete all candidates, holding or waiting."""
        self.session.check_usable()
        # The last first: a waiter is not granted what is taken from it the next moment.
        queue = yield from candidates(self.session, self.folder, self.layout)
        for candidate in reversed(queue):
            path = f"{self.folder}/{candidate.name}"
            deleted = self.session.ask(self.session.client.delete_async, path)
            with suppress(MissingNodeError):
                yield from self.session.answer(deleted, f"clearing {self.folder}", changes=True)


def _folder(layout: Layout, name: object, root: object, words: tuple[str, str]) -> str:
    """Where the queue is: at a name below a root, or at a path that others have chosen."""
    above = check_path(root, words[1])
    if not (layout.takes_paths and isinstance(name, str) and "/" in name):
        return f"{above.removesuffix('/')}/{check_name(name, words[0])}"
    path = check_path(name, words[0])
    if path == "/":
        raise ValueError(f"{words[0]} must be the path of a lock; the root itself cannot be one")
    return path
