"""One member's node: there in each session of its client's, from joining to leaving.

Two clients may want one name: a program that was restarted, and the process before it, whose
session the server has not ended yet. So a create that is refused is followed by a look at whose the
node is. In the way of another session's it waits for that to go; the group's live folder tells.

Whatever is not known for certain (a reply that was lost, a version that is not what was expected, a
live folder that shows something else) leads to the same look, and what it shows decides: there is
one way to recover. The folder tells of differences between moments: of a node that came and went
between two of them it says nothing. So each node of ours has to be shown once, or is looked at.
Of one path there is one member a client, so a node of this session is its own.

ZooKeeper cannot check in a request by whom a node was made. Deleting and writing name the version
of our node as we know it. Should somebody have deleted it, and made another under the same name
that was written as often, and should we not have heard of either, then it is that one that is
deleted; it is made again by whoever keeps it.
"""

from __future__ import annotations

import logging
import weakref
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from kazoo.exceptions import BadVersionError, NodeExistsError, NoNodeError
from kazoo.security import ACL

from zktools._engine.outcome import Outcome
from zktools._engine.session import Session, Transition
from zktools._live.entry import Entry
from zktools.exceptions import ConflictError, NotConnectedError, translate

log = logging.getLogger("zktools.group")

#: Seconds until what was refused is tried again, growing.
_FIRST_DELAY, _LONGEST_DELAY = 0.5, 60.0

_members: weakref.WeakKeyDictionary[Session, dict[str, Member]] = weakref.WeakKeyDictionary()


class Own(NamedTuple):
    """The node of ours that was seen last."""

    session_id: int
    czxid: int
    version: int


class Member:
    """Joins, stays, and leaves. Runs on the engine, but for the constructor."""

    def __init__(
        self,
        session: Session,
        path: str,
        data: bytes,
        acl: Sequence[ACL] | None,
        on_over: Callable[[Member], None],
        read: Callable[[Member], Outcome],
    ) -> None:
        self.path = path
        self.entered = Outcome(session.handler)
        """That the node is there for the first time; an error when it cannot be."""
        self.left = Outcome(session.handler)
        """Whether the node was deleted by us; False also while that is not known."""
        self.rival: int | None = None
        """The session whose node is in the way; 0 if it belongs to none."""
        self._session = session
        self._acl = acl
        self._on_over = on_over
        self._read = read  # once this is known, the folder has been read again, and shown
        self._data = data
        self._written: bytes | None = None  # in our node; None if that is not known
        self._own: Own | None = None
        self._shown: int | None = None  # the czxid of our node that the folder has shown
        self._reading = False
        self._doubt = False  # whether the node has to be looked at before anything else
        self._busy = False
        self._resting = False
        self._delay = _FIRST_DELAY
        self._started = self._leaving = self._over = False
        self._successors: list[Member] = []

    @property
    def is_there(self) -> bool:
        """Whether our node is there, as far as is known, and this client is connected."""
        own, session_id = self._own, self._session.session_id
        return own is not None and own.session_id == session_id and not self._leaving

    # -- what is asked of it -------------------------------------------------------------------

    def start(self) -> None:
        """Join."""
        others = _members.setdefault(self._session, {})
        before = others.get(self.path)
        if self._leaving:
            self._finish(deleted=False)
        elif before is None:
            others[self.path] = self
            self._started = True
            self._session.join(self)
            self._go_on()
        elif not before.is_followed_by(self):
            self._fail(
                ConflictError(
                    f"this client is already a member as {self.path}: leave first, or take "
                    "another name"
                )
            )

    def is_followed_by(self, successor: Member) -> bool:
        """Have `successor` start once this one is gone; False if it stays."""
        if self._leaving:
            self._successors.append(successor)
        return self._leaving

    def write(self, data: bytes) -> None:
        """From now on this is its data."""
        self._data = data
        self._go_on()

    def leave(self) -> None:
        """Delete the node, now or as soon as possible."""
        self._leaving = True
        if not self._started and not self.left.ready():
            self.left.set(False)
        self._go_on()

    # -- what happens --------------------------------------------------------------------------

    def on_transition(self, transition: Transition) -> None:
        """As :class:`zktools._engine.session.Member`."""
        if transition.lost:
            self._own, self._doubt = None, False
        if transition.closed and not self.entered.ready():
            self._fail(self._session.closed_error())
        elif transition.connected or self._leaving:
            self.rival = None
            self._go_on()

    def on_state(self, entry: Entry | None) -> None:
        """The live folder shows this under our path now."""
        own = self._own
        if entry is None:
            self.rival = None
            self._doubt = own is not None  # or it is a moment from before
        elif own is None and self.rival is not None and not entry.is_forbidden:
            self.rival = entry.owner
        elif own is not None and entry.czxid > own.czxid:
            self._doubt = True
        elif own is not None and entry.czxid == own.czxid:
            self._shown = own.czxid
        self._go_on()

    def _go_on(self) -> None:
        """Do the next thing that is to be done; what comes of it leads here again."""
        if self._over or self._busy or not self._started:
            return
        if not self._session.connected:
            self._wait_for_connection()
        elif self._resting:
            return
        elif self._doubt:
            self._look()
        elif self._own is None or self._own.session_id != self._session.session_id:
            self._enter()
        elif self._leaving:
            self._delete(self._own)
        else:
            self._stay(self._own)

    def _wait_for_connection(self) -> None:
        if not self._leaving:
            return
        if self._session.is_closed or (self._own is None and not self._doubt):
            self._finish(deleted=False)
        elif not self.left.ready():
            self.left.set(False)

    def _enter(self) -> None:
        if self._leaving:
            self._finish(deleted=False)
        elif self.rival is None:
            self._create()

    def _stay(self, own: Own) -> None:
        if own.czxid != self._shown and not self._reading:
            self._reading = True
            read = self._read(self)
            read.tell(lambda: self._was_read(read, own.czxid))
        if self._written != self._data:
            self._write(own)

    def _was_read(self, read: Outcome, czxid: int) -> None:
        self._reading = False
        if self._leaving:
            return  # there is no need to know
        if read.exception is not None:
            self._failed(read.exception)
        elif self._shown != czxid:
            self._shown, self._doubt = czxid, self._own is not None
        self._go_on()

    # -- the requests --------------------------------------------------------------------------

    def _create(self) -> None:
        data, self._busy = self._data, True
        made = self._session.client.create_async(
            self.path, data, acl=self._acl, ephemeral=True, makepath=True, include_data=True
        )
        self._session.link(made, self._created, data)

    def _created(self, result: Any, data: bytes) -> None:
        self._busy = False
        if not result.successful():
            # In the way is a node of our own, too, if the reply to the create before was lost.
            self._doubt = True
            self._failed(result.exception, (NodeExistsError,))
        else:
            path, stat = result.get()
            if path == self.path and stat.ephemeralOwner == self._session.session_id:
                self._found_own(stat, data)
            else:
                self._doubt = True  # an answer to something else
        self._go_on()

    def _look(self) -> None:
        self._busy, self._doubt = True, False
        # A server that lags behind may not show what was made by way of another.
        self._session.client.sync_async(self.path)
        self._session.link(self._session.client.exists_async(self.path), self._looked)

    def _looked(self, result: Any) -> None:
        self._busy = False
        if not result.successful():
            self._doubt = True
            self._failed(result.exception)
        elif (stat := result.get()) is None:
            self._own = self.rival = None
        elif stat.ephemeralOwner == self._session.session_id:
            same = self._own == Own(stat.ephemeralOwner, stat.czxid, stat.version)
            self._found_own(stat, self._written if same else None)
        else:
            self._own, self.rival = None, stat.ephemeralOwner
            self._say_who_is_in_the_way()
        self._go_on()

    def _found_own(self, stat: Any, written: bytes | None) -> None:
        self._own = Own(stat.ephemeralOwner, stat.czxid, stat.version)
        self._written = written
        self.rival = None
        self._delay = _FIRST_DELAY
        if not self.entered.ready():
            self.entered.set()

    def _say_who_is_in_the_way(self) -> None:
        if self.entered.ready() and not self._leaving:
            log.warning("%s cannot be joined again: %s", self.path, self.in_the_way())
        elif not self.rival:
            self._fail(ConflictError(f"{self.path}: {self.in_the_way()}"))

    def in_the_way(self) -> str:
        """Who has the name, in words."""
        if not self.rival:
            return "there is a node that belongs to no session, and does not go by itself"
        return f"session 0x{self.rival % 2**64:x} has the name"

    def _write(self, own: Own) -> None:
        data, self._busy = self._data, True
        written = self._session.client.set_async(self.path, data, own.version)
        self._session.link(written, self._wrote, data)

    def _wrote(self, result: Any, data: bytes) -> None:
        self._busy = False
        own = self._own
        if not result.successful():
            self._doubt, self._written = own is not None, None
            self._failed(result.exception, (BadVersionError, NoNodeError))
        elif own is not None and result.get().czxid == own.czxid:
            self._own = own._replace(version=result.get().version)
            self._written = data
        else:
            self._doubt = own is not None
        self._go_on()

    def _delete(self, own: Own) -> None:
        self._busy = True
        deleted = self._session.client.delete_async(self.path, own.version)
        self._session.link(deleted, self._deleted)

    def _deleted(self, result: Any) -> None:
        self._busy = False
        if result.successful() or isinstance(result.exception, NoNodeError):
            self._finish(deleted=result.successful())
            return
        self._doubt = self._own is not None
        self._failed(result.exception, (BadVersionError,))
        self._go_on()

    def _failed(self, error: BaseException, expected: tuple[type[Exception], ...] = ()) -> None:
        """A request failed: other than as `expected`, it is tried again after a while."""
        if isinstance(error, expected) or not self._session.connected:
            return
        doing = f"{'leaving' if self._leaving else 'joining'} {self.path}"
        translated = translate(error, doing)
        is_refused = not isinstance(translated, (NotConnectedError, RuntimeError))
        if is_refused and not self.entered.ready():
            self._fail(translated)
            return
        log.warning("%s: %r", doing, error)
        if self._leaving and not self.left.ready():
            self.left.set(False)
        self._resting = True
        self._session.engine.later(self._delay, self._wake)
        self._delay = min(2 * self._delay, _LONGEST_DELAY)

    def _wake(self) -> None:
        self._resting = False
        self._go_on()

    # -- the end -------------------------------------------------------------------------------

    def _fail(self, error: BaseException) -> None:
        self.entered.set_exception(error)
        self._finish(deleted=False)

    def _finish(self, *, deleted: bool) -> None:
        self._over = self._leaving = True
        self._own = None
        if self._started:
            self._session.leave(self)
            _members[self._session].pop(self.path, None)
        if not self.left.ready():
            self.left.set(deleted)
        if not self.entered.ready():
            self.entered.set_exception(NotConnectedError(f"{self.path}: left before it was made"))
        self._on_over(self)
        for successor in self._successors:
            successor.start()
