"""The last known good: what an object showed, in a file, for a start while ZooKeeper is away.

Every moment that is shown, and good, is on its way to the file; when moments come faster than the
disk takes them, only the newest is written. It replaces the file as a whole, so that what is read
there is always one moment.
"""

from __future__ import annotations

import logging
import weakref
from collections import deque
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Protocol

from zktools._engine.latch import Latch
from zktools._engine.outcome import Outcome
from zktools._engine.session import Session
from zktools._live.cache_file import CacheFile
from zktools._live.entry import Entry
from zktools._live.moment import Difference
from zktools._live.persistent import PersistentMap
from zktools.hooks import emit

log = logging.getLogger("zktools.live")

Entries = PersistentMap[str, Entry]
"""By path."""


class Owner(Protocol):
    """What users hold."""

    @property
    def is_good(self) -> bool:
        """Whether what it shows is worth to be kept."""

    def on_changes(self, changes: Difference) -> None:
        """One moment later these states differ."""

    def on_stopped(self) -> None:
        """The client was stopped."""


class Cache:
    """Stands between a tree and the object that shows it. On the engine, where not said otherwise.

    What was read from the file is shown as a moment like any. The first moment that the server
    tells of is made into the difference to it.
    """

    def __init__(self, owner: Owner, session: Session, file: CacheFile) -> None:
        # The tree knows its owner, this, weakly, and this knows its own so: dropping the object
        # that has it ends both.
        self._owner = weakref.ref(owner)
        self._session = session
        self._file = file
        self._known: Entries = PersistentMap()
        self._is_live = False
        self._newest: deque[Entries] = deque(maxlen=1)
        self._line = session.delivery.files.line()
        self._is_due = False
        self._failed = False
        self.stale = False
        """Whether what is shown is what was in the file."""

    def __repr__(self) -> str:
        return repr(self._owner())

    # -- what is shown -------------------------------------------------------------------------

    def load(self, read: Callable[[str, Any], Entry]) -> Entries:
        """What is in the file. In a user's thread.

        Raises:
            OSError, ValueError: there is none, or it cannot be trusted.
        """
        return PersistentMap(self._file.read(read))

    def begin(self, entries: Entries, done: Outcome) -> None:
        """Show what was loaded, unless the server has told of something by now."""
        owner = self._owner()
        try:
            if not self._is_live and owner is not None:
                self._known, self.stale = entries, True
                owner.on_changes(dict(entries.items()))
                self._tell_age(owner, len(entries))
        finally:
            done.set()

    def _tell_age(self, owner: Owner, nodes: int) -> None:
        # By this machine's clock, which wrote the time of the file: nothing is decided by it.
        age = datetime.now(UTC).timestamp() - self._file.written
        name = type(owner).__name__  # its repr shows values, and calls what users gave it
        log.warning("%s starts on %r, which is %.0f s old", name, self._file, age)
        emit(self._session, "cached", self._file.root, age, str(nodes))

    def on_changes(self, changes: Difference) -> None:
        """The server tells of a moment."""
        owner = self._owner()
        if owner is None:
            return
        self._is_live = True
        if self.stale:
            # The first moment is all there is.
            self.stale = False
            gone: Difference = dict.fromkeys(self._known)
            changes = gone | changes
        self._known = self._known.changed(changes)
        owner.on_changes(changes)
        if owner.is_good:
            self._newest.append(self._known)
            if not self._is_due:
                self._is_due = True
                self._line.post(self._write)

    def on_stopped(self) -> None:
        """The client was stopped."""
        owner = self._owner()
        if owner is not None:
            owner.on_stopped()

    # -- the file, on a thread of its own ------------------------------------------------------

    def flush(self, done: Latch) -> None:
        """Open `done` once what was shown is in the file."""
        self._line.post(done.open)

    def _write(self) -> None:
        self._is_due = False  # before it is taken: what comes from here on is written next
        try:
            entries = self._newest.pop()
        except IndexError:
            return  # together with the one before
        try:
            self._file.write(entries)
        except Exception:
            if not self._failed:
                log.exception("%r cannot be written, and is tried again at each change", self._file)
            self._failed = True
        else:
            self._failed = False
