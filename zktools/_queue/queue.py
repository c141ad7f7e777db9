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
from zktools._engine.session import Session, session_of
from zktools._engine.steps import Steps
from zktools._queue import record
from zktools._queue.claim import Claim
from zktools._queue.demand import Demand
from zktools._queue.layouts import ZKTOOLS, Layout
from zktools._queue.order import Candidate
from zktools._queue.revocation import Request
from zktools._queue.terms import Reason, Terms
from zktools.exceptions import MissingNodeError, translate


class Queue:
    """The queue of one name under one root. Making one checks the arguments and sends nothing."""

    def __init__(
        self,
        connection: KazooClient,
        name: str,
        root: str,
        *,
        words: tuple[str, str] = ("lock_name", "lock_root"),
        layout: Layout = ZKTOOLS,
        permits: int | None = None,
        identifier: str | None = None,
        acl: Sequence[ACL] | None = None,
        session_timeout: float | None = None,
    ) -> None:
        self.session = session_of(connection)
        checked = check_name(name, words[0])
        above = check_path(root, words[1])
        self.folder = f"{above.removesuffix('/')}/{checked}"
        self.layout = layout
        self.permits = permits
        self._identifier = check_identifier(identifier, "identifier")
        self.acl = check_acl(acl, "acl")
        self.session.vigil.limit(check_seconds(session_timeout, "session_timeout") or None)
        self._pending: set[Claim] = set()

    # -- one place in it -----------------------------------------------------------------------

    def claim(self, kind: str, demand: Demand, on_revoke: Callable[[Reason], None]) -> Claim:
        """A claim of its own to a place in the queue, to be gone through by :meth:`enter`.

        `on_revoke` is called once, on zktools' side, when what was granted is revoked first.
        """
        self.session.check_usable()
        self.session.check_provable()
        terms = Terms(
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
        return Claim(self.session, terms)

    def enter(self, claim: Claim, timeout: float | None) -> Steps[bool]:
        """Wait for the grant, for `timeout` seconds; whether it came.

        :raises LockCancelled: :meth:`cancel` was called.

        After False, an exception, or steps that were given up, no candidate is left in the queue,
        or it is being deleted.
        """
        # Not waiting for others is not waiting for nothing: the server has to answer once.
        patience = timeout if timeout != 0 else self.session.wire.session_timeout
        try:
            self._pending.add(claim)
            claim.start()
            yield claim.settled, patience
            claim.abandon()
            claim.raise_error()
            granted = claim.is_granted
            self._pending.discard(claim)
        except BaseException:
            # KeyboardInterrupt and gevent.Timeout too: nobody would ever release it.
            self._pending.discard(claim)
            claim.give_up()
            raise
        return granted

    def cancel(self) -> bool:
        """Make all that wait in :meth:`enter` now fail. Whether there were any."""
        cancelled = [claim for claim in list(self._pending) if claim.cancel()]
        return bool(cancelled)

    # -- all who are in it ---------------------------------------------------------------------

    def revoke_all(self) -> Steps[bool]:
        """Ask every candidate to let go, holding or waiting. Whether there was any."""
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


def candidates(session: Session, folder: str, layout: Layout) -> Steps[list[Candidate]]:
    """All candidates, first in the queue first; empty when there is no folder."""
    return layout.queue((yield from listing(session, folder)))


def listing(session: Session, folder: str) -> Steps[list[str]]:
    """The names of a folder's children; none when it is not there."""
    listed = session.ask(session.client.get_children_async, folder)
    try:
        names: list[str] = yield from session.answer(listed, f"listing {folder}")
    except MissingNodeError:
        return []
    return names
