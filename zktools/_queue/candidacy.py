"""Getting one node into a lock's queue, and looking at the queue from there.

**Entering takes one round trip.** The create and the listing go out together; a session is FIFO, so
the listing was made after the create and holds its node.

**A lost reply** leaves open whether the node was made. Once connected again in the same session, a
proof by a majority of the servers and a listing tell: the node is found by its GUID and taken over,
or was never made, and a new create goes out under a new GUID. In another session nothing of the old
one is looked for.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from kazoo.exceptions import NoNodeError

from zktools._engine.session import Session, Ticket
from zktools._queue.attempt import TRANSIENT, Attempt, Fate
from zktools._queue.folder import make_folder
from zktools._queue.order import Candidate
from zktools._queue.removal import Removal
from zktools._queue.requests import create_and_list, list_children
from zktools._queue.terms import Terms
from zktools.exceptions import MissingNodeError, translate

log = logging.getLogger("zktools.locks")

#: Seconds until a listing is asked for again that a server refused without breaking the connection.
_RETRY_DELAY = 0.1

Answer = Callable[[bool | None], None]


class Candidacy:
    """The node of one claim, from the create on. All methods run on the engine.

    Reports to the claim: ``on_listed(attempt, names, epoch)`` when the node is made and a listing
    of the present epoch is there; ``on_vanished()`` when it is not there although the session goes
    on; ``on_failed(error)`` when ZooKeeper refuses.
    """

    def __init__(
        self,
        session: Session,
        terms: Terms,
        *,
        on_listed: Callable[[Attempt, list[str], int], None],
        on_vanished: Callable[[], None],
        on_failed: Callable[[BaseException], None],
    ) -> None:
        self._session = session
        self._terms = terms
        self._on_listed = on_listed
        self._on_vanished = on_vanished
        self._on_failed = on_failed
        self._open = True
        self._listing_epoch = -1  # of the listing under way
        self.attempt: Attempt | None = None
        """The newest; still to be read when it is over."""
        self._current: Attempt | None = None  # None once it is over

    def enter(self) -> None:
        """Join the end of the queue with a new node; not connected, wait to be told again."""
        send = self.prepare()
        if send is not None:
            send()

    def prepare(self) -> Callable[[], None] | None:
        """All of entering but the sending, which is what is returned; None when not connected."""
        session_id = self._session.session_id
        if session_id is None:
            self._current = None
            return None
        attempt = self.attempt = self._current = Attempt(
            self._terms.layout,
            self._terms.folder,
            secrets.token_hex(16),
            session_id,
            self._session.epoch,
        )
        self._listing_epoch = attempt.epoch
        return lambda: self._send(attempt)

    def _send(self, attempt: Attempt) -> None:
        # Changes nothing here: it may run on a user's thread while the engine goes on. Each request
        # leaves together with what becomes of its reply, so an exception between any two steps
        # leaves at worst a request unsent.
        terms = self._terms
        create_and_list(
            self._session,
            terms.folder,
            terms.layout.prefix(terms.kind, attempt.guid, terms.weight),
            terms.layout.encode(terms.who),
            terms.acl,
            (self._created, (attempt, self._session.vigil.ticket())),
            (self._listed, (attempt, self._session.epoch)),
        )

    def look(self) -> None:
        """List the queue, unless a listing of this epoch is under way."""
        epoch = self._session.epoch
        attempt = self._current
        if attempt is None or self._listing_epoch == epoch:
            return
        self._listing_epoch = epoch
        overtaken = attempt.fate is Fate.SENT and epoch != attempt.epoch
        if attempt.fate is Fate.UNKNOWN or overtaken:
            # The reply is lost, and this server may lag behind the one that took the create, or
            # not know that it leads no more. A quorum's word brings it up to date, or never comes.
            self._session.vigil.prove()
        list_children(self._session, self._terms.folder, self._listed, attempt, epoch)

    def is_of_session(self, session_id: int) -> bool:
        """Whether the node belongs, or would belong, to this session."""
        return self._current is not None and self._current.session_id == session_id

    def path(self) -> str:
        """Of the newest node; of one that is nowhere, until its name is known."""
        name = self.attempt.name if self.attempt is not None else None
        return f"{self._terms.folder}/{name or 'none'}"

    def gone(self) -> None:
        """The node is there no more: it was deleted, or went with its session."""
        self._current = None

    def close(self) -> None:
        """The queue need not be looked at any more: the lock is held."""
        self._open = False

    def withdraw(self, answer: Answer | None) -> None:
        """Remove whatever node there is, or may be; `answer` as for :class:`Removal`."""
        self._open = False
        # While the create is under way, its outcome is what the removal starts from: _created.
        if self._current is not None and self._current.may_exist:
            self._remove(self._current, answer)
        elif answer is not None:
            answer(False)

    def _remove(self, attempt: Attempt, answer: Answer | None = None) -> None:
        Removal(self._session, self._terms, attempt.guid, attempt.name, answer).start()

    def _is_current(self, attempt: Attempt) -> bool:
        return self._open and attempt is self._current

    # -- the create ----------------------------------------------------------------------------

    def _created(self, result: Any, attempt: Attempt, ticket: Ticket) -> None:
        attempt.learn(result)
        if attempt.fate is Fate.MADE:
            self._session.vigil.confirm(ticket)
        elif result.successful():
            attempt = self._distrust(attempt, result.value[0])
        if not self._is_current(attempt):
            if attempt.may_exist:
                self._remove(attempt)  # nobody wants it any more
        elif attempt.may_exist:
            self._consider(attempt)
        elif isinstance(result.exception, NoNodeError):
            make_folder(self._session, self._terms, self._folder_made, attempt)
        else:
            self._fail(result.exception, f"entering the queue of {self._terms.folder}")

    def _distrust(self, attempt: Attempt, path: str) -> Attempt:
        """What was answered is not our create: what became of that, a newer listing tells."""
        log.warning("%s: a create was answered with %s", self._terms.folder, path)
        renewed = replace(attempt, listing=None)
        if attempt is self._current:
            self.attempt = self._current = renewed
            self._listing_epoch = -1  # the one under way answers the old attempt
        return renewed

    def _folder_made(self, result: Any, attempt: Attempt) -> None:
        if not self._is_current(attempt):
            return
        if result.successful() or isinstance(result.exception, TRANSIENT):
            self.enter()
        elif isinstance(result.exception, NoNodeError):
            root = self._session.client.chroot
            self._on_failed(
                MissingNodeError(f"the client's chroot {root} does not exist: create it first")
            )
        else:
            self._fail(result.exception, f"creating {self._terms.folder}")

    def _fail(self, error: BaseException, doing: str) -> None:
        self._on_failed(translate(error, doing))

    # -- the listing ---------------------------------------------------------------------------

    def _listed(self, result: Any, attempt: Attempt, epoch: int) -> None:
        if not self._is_current(attempt) or epoch != self._session.epoch:
            return
        self._listing_epoch = -1
        if result.successful():
            attempt.listing = (result.value, epoch)
            self._consider(attempt)
        elif isinstance(result.exception, NoNodeError):
            # No folder. If it was there before, our node was deleted with it; if not, the create
            # was refused for the same reason.
            if attempt.may_exist:
                self._on_vanished()
        elif isinstance(result.exception, TRANSIENT):
            self._session.engine.later(_RETRY_DELAY, self._look_anew, attempt)
        else:
            self._fail(result.exception, f"listing {self._terms.folder}")

    def _look_anew(self, attempt: Attempt) -> None:
        # Cut off, the claim looks once connected; this is for a refusal without a break.
        if self._is_current(attempt) and self._session.connected:
            self.look()

    def _consider(self, attempt: Attempt) -> None:
        """Go on once both the create's outcome and a listing of this epoch are here."""
        if attempt.fate is Fate.SENT:
            return
        listing, attempt.listing = attempt.listing, None
        if listing is None or listing[1] != self._session.epoch:
            if self._session.connected:
                self.look()
        elif attempt.own is None:
            self._adopt(attempt, listing[0])
        else:
            self._on_listed(attempt, *listing)

    # -- the lost reply ------------------------------------------------------------------------

    def _adopt(self, attempt: Attempt, names: list[str]) -> None:
        """Is one of these ours? The listing came after a proof, so a node that was made shows."""
        own = attempt.is_one_of(names)
        if own is None:
            self.enter()
        else:
            found = self._session.client.exists_async(f"{self._terms.folder}/{own.name}")
            self._session.link(found, self._adopted, attempt, own)

    def _adopted(self, result: Any, attempt: Attempt, own: Candidate) -> None:
        if not self._is_current(attempt):
            return
        if isinstance(result.exception, TRANSIENT):
            self._session.engine.later(_RETRY_DELAY, self._look_anew, attempt)
        elif not result.successful():
            # Since ZooKeeper 3.8.4 and 3.9.2 this needs the permission to read. The node is ours,
            # but nothing is to be learnt of it: another is made, and this one goes.
            self._remove(attempt)
            self.enter()
        elif result.value is None or result.value.ephemeralOwner != attempt.session_id:
            self._on_vanished()
        else:
            attempt.identify(own, result.value)
            self.look()
