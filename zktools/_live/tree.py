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
from zktools._engine.listing import difference, names_in
from zktools._engine.outcome import Outcome
from zktools._engine.worker import Timer
from zktools._live.entry import Entry, Scope
from zktools._live.found import entry_of, is_forbidden
from zktools._live.moment import Moments, Shown, child
from zktools._live.parties import Connection, Owner
from zktools._live.reading import Answered, Batch, Part, Watches
from zktools._live.waiting import Waiting
from zktools.exceptions import ClientUnusableError
from zktools.hooks import emit
from zktools.values import Codec, never_fails

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
        self._codec = codec
        # The owner holds this strongly and is not held by it: dropping the owner ends it all.
        self._owner = weakref.ref(owner)
        self._finalizer = weakref.finalize(owner, connection.abandon, self)
        self._finalizer.atexit = False
        self._moments = Moments(root)
        self._number = 0  # of the newest pass
        self._busy = False
        self._in_vain = 0
        self._depth = 0  # of the deepest node found since a moment was shown
        self._dirty: set[str] = set()
        self._unread: set[str] = set()  # of these: what was listed, and not read since
        # Of the pass under way: what is not answered yet, what was asked, whether nothing of it is
        # answered, and the newest moment of an answer.
        self._reading: dict[str, bool] = {}  # whether it was listed, and not read since
        self._asked: list[str] = []
        self._is_whole = True
        self._newest = 0
        self._deepest = 0  # of those whose first listing is among the answers
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
        if path in self._moments.known or path in self._reading:
            return not self._closed
        return path == self.root and not self._closed

    def on_event(self, path: str) -> None:
        """`path` has changed. :meth:`wake` follows."""
        # Of a node that is being read the event is stale, where watches are armed after the read
        # and relative to it: what happened later will fire then.
        if not (path in self._reading and self._connection.reader.arms_later):
            self._dirty.add(path)

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
        self._unread.update(path for path, is_new in self._reading.items() if is_new)
        self._dirty |= {self.root, *self._moments.known, *self._reading, *self._unread}
        self._reading = {}
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
            self._touch(path)
        if self._dirty or self._busy:
            self._waiting.add(self._number + bool(self._dirty), done, doing)
            self.wake()
        else:
            done.set()

    def _touch(self, path: str) -> None:
        # A node that is not known yet is found through the listings above it.
        self._dirty.add(path)
        while path not in self._moments.known and path != self.root:
            path = path.rpartition("/")[0] or "/"
            self._dirty.add(path)

    def _closed_error(self) -> Exception:
        return ClientUnusableError(f"{self.root}: it was closed")

    def _why_not(self) -> str:
        if self._in_vain > PATIENCE and self._connection.online:
            return "its nodes change faster than they can be read, so there is no moment to show"
        return "ZooKeeper did not answer in time"

    # -- a pass --------------------------------------------------------------------------------

    def wake(self) -> None:
        """Begin a pass if there is something to read, and none under way."""
        if self._busy or not self._dirty or self._closed or not self._connection.online:
            return
        self._busy = True
        self._number += 1
        self._reading = dict.fromkeys(self._dirty, False) | dict.fromkeys(self._unread, True)
        self._dirty, self._unread = set(), set()
        # Parents before children, so that it is known which of them are listed; and siblings in the
        # order of a set, which has nothing to do with how large they are.
        turn = _depth if self._connection.reader.arms_later else self._turn
        paths = sorted(self._reading, key=turn)
        self._asked, self._is_whole = paths, True
        self._newest = self._deepest = 0
        known = self._moments.known
        sizes = {path: known[path].size for path in paths if path in known} if known else {}
        self._connection.reader.read(Batch(paths, self.root, self._scope, sizes), self._on_part)

    def _turn(self, path: str) -> tuple[int, int]:
        # One by one, what was changed longest ago comes first: with a writer who goes round, that
        # is what will be changed next, and read just before it is, most is known of one moment.
        known = self._moments.known.get(path)
        return _depth(path), 0 if known is None else known.since

    def _on_part(self, part: Part) -> None:
        # Of this pass: a pass that was broken off is forgotten by the reader.
        if self._closed:
            return
        if self._in_vain <= PATIENCE:
            self._waiting.progress()
        is_whole, self._is_whole = part.is_last and self._is_whole, False
        self._newest = max(self._newest, part.zxid or 0)
        arms = Watches([], [], [])
        self._take_all(part.found, arms)
        known = self._moments.known
        self._connection.unwatch(
            path for path, _ in part.found if path not in known and path != self.root
        )
        if not part.is_last:
            self._connection.reader.arm(part.zxid or 0, arms, _nothing)
            return
        self._dirty |= self._unread
        if is_whole and part.zxid is not None:
            self._connection.reader.arm(part.zxid, arms, _nothing)
            self._advance()
        else:
            # Read at several moments: wait until all of it is watched.
            self._connection.reader.arm(part.zxid or 0, arms, partial(self._on_armed, self._number))

    def _is_listed(self, path: str) -> bool:
        if path == self.root:
            return True
        above, _, name = path.rpartition("/")
        parent = self._moments.known.get(above or "/")
        return parent is not None and parent.leads_to(name)

    def _take_all(self, found: Iterable[tuple[str, Answered]], arms: Watches) -> None:
        known, codec = self._moments.known, self._codec
        answer = self._reading.pop
        below = self._scope.below
        is_plain = below.data and not below.children and never_fails(codec)
        for path, answered in found:
            is_new = answer(path, False)
            if is_new and is_plain and type(answered) is bytes:
                # Most of what is read, when there is much to read: a value.
                self._moments.add(path, Entry(answered, codec))
                arms.data.append(path)
            elif is_new or path in known or self._is_listed(path):
                self._take(path, answered, arms)

    def _take(self, path: str, found: Answered, arms: Watches) -> None:
        wants = self._scope.of(path, self.root)
        known = self._moments.known.get(path)
        entry = entry_of(path, found, wants, self._codec, known)
        if entry is None:
            self._drop(path)
            self._expect(path, arms)
            return
        if entry is not known:
            if entry.listing is not None and entry.below and not entry.is_forbidden:
                self._follow(path, known, entry.listing)
            self._moments.stage(path, entry)
        if type(found) is not bytes and is_forbidden(found):
            self._retry_later()
        if wants.data:
            arms.data.append(path)
        if wants.children:
            arms.child.append(path)

    def _follow(self, path: str, known: Entry | None, listing: bytes) -> None:
        """The children of `path` may be others now."""
        before = known.listing if known is not None and known.below else None
        gone, new = difference(before or b"", listing)
        if known is not None and known.is_forbidden:
            # Those that stayed meanwhile may have been found missing.
            new = frozenset(names_in(listing))
        for name in gone:
            self._drop(child(path, name))
        start = child(path, "")
        for each in map(start.__add__, new):
            if each in self._reading:
                self._reading[each] = True
            elif each not in self._moments.known:
                self._unread.add(each)
        if new:
            self._deepest = max(self._deepest, _depth(path) + 1)

    def _expect(self, path: str, arms: Watches) -> None:
        """`path` was listed, or is the root, and was found missing."""
        if path == self.root:
            arms.exist.append(path)
            return
        parent = self._moments.known[path.rpartition("/")[0] or "/"]
        # Read one by one, the listing may be the newer of the two: then it is there by now, and
        # without a watch. If the listing is the older one, both are read again.
        if not parent.is_forbidden:
            self._dirty.add(path)

    def _drop(self, path: str) -> None:
        gone = [path]
        for each in gone:
            entry = self._moments.known.get(each)
            gone += [child(each, name) for name in (entry.children if entry else None) or ()]
            self._moments.stage(each, None)
        self._dirty.difference_update(gone)
        self._unread.difference_update(gone)
        self._reading.update((each, False) for each in gone if each in self._reading)
        self._connection.unwatch(each for each in gone if each != self.root)

    def _on_armed(self, number: int) -> None:
        if number == self._number and not self._closed:
            self._advance()

    def _advance(self) -> None:
        self._busy = False
        asked, self._asked, self._reading = self._asked, [], {}
        shown = self._moments.advance(self._number, self._newest or None, self._dirty, asked)
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
                self._dirty |= self._moments.unshown(AT_ONE_MOMENT)
        if self._waiting and not self._dirty:
            # What somebody wants read from now on was dropped by a listing from before.
            self._dirty.add(self.root)
        self.wake()

    def _goes_deeper(self) -> bool:
        before, self._depth = self._depth, max(self._deepest, self._depth)
        return self._deepest > before

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
        if self._retry is None:
            self._retry = self._connection.session.engine.later(self._retry_in, self._retry_now)
            self._retry_in = min(self._retry_in * 2, FORBIDDEN_RETRY[1])

    def _retry_now(self) -> None:
        self._retry = None
        known = self._moments.known.items()
        self._dirty.update(path for path, entry in known if entry.is_forbidden)
        self.wake()


def _depth(path: str) -> int:
    return path.count("/") + (path != "/")


def _nothing() -> None:
    pass
