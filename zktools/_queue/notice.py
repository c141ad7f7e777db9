"""What one who holds is told between its grant and its end, and what observers are told of it."""

from __future__ import annotations

from zktools._engine.clock import now
from zktools._engine.flag import Flag
from zktools._engine.session import Session
from zktools._queue.terms import Reason, Terms
from zktools.hooks import Kind, emit


class Notice:
    """One holder's: everything once. Told on the engine, but for `released`."""

    def __init__(self, session: Session, terms: Terms) -> None:
        self.lost = Flag(session.handler)
        self.asked = Flag(session.handler)
        self.reason: Reason | None = None
        self._session = session
        self._terms = terms
        self._granted = now()
        self._told = False

    def ask(self) -> None:
        """Somebody asked for the lock, which is still held."""
        self.asked.set()
        self._tell(Reason.ASKED)

    def lose(self, reason: Reason) -> None:
        """It is lost for good."""
        if not self.lost.is_set():
            self.reason = reason
            self.lost.set()
            self._tell(reason)
            self._report("lost", reason.value)

    def released(self) -> None:
        """It lets go. Any thread."""
        self._report("held", "released")

    def _tell(self, reason: Reason) -> None:
        self.reason = reason
        if not self._told:
            self._told = True
            self._report("revoked", reason.value)
            self._terms.on_revoke(reason)

    def _report(self, kind: Kind, detail: str) -> None:
        emit(self._session, kind, self._terms.folder, now() - self._granted, detail)


class Nobody(Notice):
    """Where there is nobody to tell: the node is kept, and nobody holds by it."""

    def ask(self) -> None:
        """Not to be told."""

    def lose(self, reason: Reason) -> None:
        """Not to be told."""

    def released(self) -> None:
        """Not to be told."""


class Told:
    """Who has a notice: what it says, of a hold and of one use of it alike."""

    notice: Notice

    @property
    def lost(self) -> Flag:
        """Set when it is lost for good while held."""
        return self.notice.lost

    @property
    def asked(self) -> Flag:
        """Set when somebody asked for it."""
        return self.notice.asked

    @property
    def reason(self) -> Reason | None:
        """The newest for which it was revoked."""
        return self.notice.reason

    @property
    def is_asked(self) -> bool:
        """Whether somebody asked for it."""
        return self.asked.is_set()
