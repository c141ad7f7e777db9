"""A tree of nodes kept current: the state machine behind Node, NodeDict and Configuration.

It is no transport: what it needs of the connection it is read through is a
:class:`~zktools._live.parties.Connection`.

It runs in *passes*. A pass reads every node that may have changed and arms their watches again,
relative to the moment of the read, so that no change falls between the two. Changes that come
meanwhile make the next pass. What can be shown after a pass is decided in
:mod:`zktools._live.moment`; it is handed to the owner as one batch.

Everything here runs on the engine's thread, but for the constructor.
"""

from __future__ import annotations

import logging
import weakref
from collections.abc import Iterable
from functools import partial
from typing import Any

from zktools._engine.clock import now
from zktools._engine.outcome import Outcome
from zktools._engine.worker import Timer
from zktools._live.entry import Scope
from zktools._live.intake import Intake
from zktools._live.moment import Moments, Shown
from zktools._live.parties import Connection, Owner
from zktools._live.reading import Batch, Part, Watches
from zktools._live.waiting import Waiting
from zktools.exceptions import ClientUnusableError
from zktools.hooks import emit
from zktools.values import Codec

log = logging.getLogger("zktools.live")

#: Passes without a moment to show, after which all that is not shown is read together,
PATIENCE = 2
#: if it is no more than this many nodes.
AT_ONE_MOMENT = 5000
#: Seconds between tries to read what an ACL forbids: no watch tells of a changed ACL.
FORBIDDEN_RETRY = (1.0, 60.0)


class Live:
    """The tree under `root`, as far as `scope` wants it, kept current."""

    def __init__(
        self,
        connection: Connection,
        root: str,
        scope: Scope,
        codec: Codec[Any],
        owner: Owner,
    ) -> None:
        self.root = root
        self._connection = connection
        self._scope = scope
        # The owner holds this strongly and is not held by it: dropping the owner ends it all.
        self._owner = weakref.ref(owner)
        self._finalizer = weakref.finalize(owner, connection.abandon, self)
        self._finalizer.atexit = False
        self._moments = Moments(root)
        self._intake = Intake(root, scope, codec, self._moments, connection.unwatch)
        self._number = 0  # of the newest pass
        self._busy = False
        self._in_vain = 0
        self._depth = 0  # of the deepest node found since a moment was shown
        # Of the pass under way: whether nothing of it is answered, whether its watches are armed
        # along with its reads, and the newest moment of an answer.
        self._is_whole = True
        self._arms_along = False
        self._newest = 0
        self._waiting = Waiting(connection.session, self._why_not)
        self._closed = False
        self._retry: Timer | None = None
        self._retry_in = FORBIDDEN_RETRY[0]
        self._resync: tuple[int, float] | None = None  # the pass that ends it; since when

    def start(self, done: Outcome, doing: str) -> None:
        """Begin; set `done` when the first moment is shown."""
        self._connection.enter(self)
        self.settle([self.root], done, doing)

    def close(self) -> None:
        """Leave nothing behind."""
        if self._closed:
            return
        self._closed = True
        self._finalizer.detach()
        self._connection.leave(self)
        self._connection.reader.drop(self._on_part)
        self._connection.release([self.root, *self._moments.known])
        if self._retry is not None:
            self._retry.cancel()
        self._waiting.fail(self._closed_error)

    # -- what happens --------------------------------------------------------------------------

    def follows(self, path: str) -> bool:
        """Whether events of `path` are for it."""
        return not self._closed and self._intake.follows(path)

    def on_events(self, paths: Iterable[str]) -> None:
        """These have changed, if it follows them. :meth:`wake` follows."""
        # Of a node that is being read the event is stale, where watches are armed after the read
        # and relative to it: what happened later will fire then. If they were armed along, it may
        # be of what happened later, told ahead of the answer.
        is_stale = self._connection.reader.arms_later and not self._arms_along
        if not self._closed:
            self._intake.hear(paths, is_stale)

    def on_closed(self) -> None:
        """The client was stopped; should it be started again, :meth:`resync` follows."""
        error = str(self._connection.session.closed_error())
        self._waiting.fail(lambda: ClientUnusableError(f"{self.root}: {error}"))
        owner = self._owner()
        if owner is not None:
            owner.on_stopped()

    def resync(self) -> None:
        """The connection is another one, and without watches: read everything again."""
        self._moments.restart()
        self._number += 1  # whatever is under way answers in vain
        self._busy = False
        self._intake.touch_all()
        self._resync = (self._number + 1, now() if self._resync is None else self._resync[1])
        self.wake()

    def settle(self, paths: Iterable[str], done: Outcome, doing: str) -> None:
        """Set `done` once a moment is shown at which `paths` were read from now on.

        And so was all else that is known to have changed by now. It fails when nothing comes.
        """
        if self._closed:
            done.set_exception(self._closed_error())
            return
        for path in paths:
            self._intake.touch(path)
        if self._intake.dirty or self._busy:
            self._waiting.add(self._number + bool(self._intake.dirty), done, doing)
            self.wake()
        else:
            done.set()

    def _closed_error(self) -> Exception:
        return ClientUnusableError(f"{self.root}: it was closed")

    def _why_not(self) -> str:
        if self._in_vain > PATIENCE and self._connection.online:
            return "its nodes change faster than they can be read, so there is no moment to show"
        return "ZooKeeper did not answer in time"

    # -- a pass --------------------------------------------------------------------------------

    def wake(self) -> None:
        """Begin a pass if there is something to read, and none under way."""
        if self._busy or not self._intake.dirty or self._closed or not self._connection.online:
            return
        self._busy = True
        self._number += 1
        listed, self._newest = self._newest, 0
        paths, are_new = self._intake.begin(
            None if self._connection.reader.arms_later else self._since
        )
        self._is_whole = True
        self._arms_along = are_new and listed > 0
        known = self._moments.known
        sizes = {} if are_new else {path: known[path].size for path in paths if path in known}
        batch = Batch(paths, self.root, self._scope, sizes, listed if self._arms_along else None)
        self._connection.reader.read(batch, self._on_part)

    def _since(self, path: str) -> int:
        # One by one, what was changed longest ago comes first: with a writer who goes round, that
        # is what will be changed next, and read just before it is, most is known of one moment.
        known = self._moments.known.get(path)
        return 0 if known is None else known.since

    def _on_part(self, part: Part) -> None:
        # Of this pass: a pass that was broken off is forgotten by the reader.
        if self._closed:
            if self._arms_along:
                self._connection.release(part.paths)  # their watches were under way
            return
        if self._in_vain <= PATIENCE:
            self._waiting.progress()
        is_whole, self._is_whole = part.is_last and self._is_whole, False
        self._newest = max(self._newest, part.zxid or 0)
        arms = self._intake.take(part.paths, part.answers, part.is_last)
        if self._intake.met_forbidden:
            self._retry_later()
        if self._arms_along:
            arms = Watches([], [], [])
        if not part.is_last:
            self._connection.reader.arm(part.zxid or 0, arms, _nothing)
        elif is_whole and part.zxid is not None:
            self._connection.reader.arm(part.zxid, arms, _nothing)
            self._advance()
        else:
            # Read at several moments: wait until all of it is watched.
            self._connection.reader.arm(part.zxid or 0, arms, partial(self._on_armed, self._number))

    def _on_armed(self, number: int) -> None:
        if number == self._number and not self._closed:
            self._advance()

    def _advance(self) -> None:
        self._busy = False
        dirty, asked = self._intake.dirty, self._intake.end()
        shown = self._moments.advance(self._number, self._newest or None, dirty, asked)
        if shown is not None:
            self._in_vain = self._depth = 0
            self._show(shown)
        elif self._goes_deeper():
            pass  # level by level: nothing has to be read again
        else:
            self._in_vain += 1
            if self._in_vain >= PATIENCE and self._connection.reader.arms_later:
                # They change faster than one after another can be read. All at one moment cannot
                # fail.
                dirty |= self._moments.unshown(AT_ONE_MOMENT)
        if self._waiting and not dirty:
            # What somebody wants read from now on was dropped by a listing from before.
            dirty.add(self.root)
        self.wake()

    def _goes_deeper(self) -> bool:
        before, self._depth = self._depth, max(self._intake.deepest, self._depth)
        return self._intake.deepest > before

    def _show(self, shown: Shown) -> None:
        owner = self._owner()
        if owner is None:
            self.close()
            return
        try:
            owner.on_changes(shown.changes)
        except BaseException:
            log.exception("what shows %s could not follow its changes", self.root)
        self._waiting.shown(shown.number)
        if self._resync is not None and self._resync[0] <= shown.number:
            took, self._resync = now() - self._resync[1], None
            nodes = str(len(self._moments.known))
            emit(self._connection.session, "resynced", self.root, took, nodes)

    # -- what an ACL forbids -------------------------------------------------------------------

    def _retry_later(self) -> None:
        self._intake.met_forbidden = False
        if self._retry is None:
            self._retry = self._connection.session.engine.later(self._retry_in, self._retry_now)
            self._retry_in = min(self._retry_in * 2, FORBIDDEN_RETRY[1])

    def _retry_now(self) -> None:
        self._retry = None
        known = self._moments.known.items()
        self._intake.dirty.update(path for path, entry in known if entry.is_forbidden)
        self.wake()


def _nothing() -> None:
    pass
