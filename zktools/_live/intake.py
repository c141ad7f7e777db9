"""What of a tree is to be read, what is being read, and what the answers say of the rest.

On the engine's thread; it sends nothing. A *pass* (see :mod:`zktools._live.tree`) begins with
:meth:`Intake.begin`, which says what to read, takes the answers part by part, and ends with
:meth:`Intake.end`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import repeat
from operator import methodcaller
from typing import Any

from zktools._engine.listing import difference, names_in
from zktools._engine.record import writing_of
from zktools._live.entry import Entry, Scope
from zktools._live.found import entry_of, is_forbidden
from zktools._live.moment import Moments, child
from zktools._live.reading import Answered, Watches
from zktools.values import Codec, never_fails

_slashes: Callable[[str], int] = methodcaller("count", "/")


class Intake:
    """Of the tree under `root`: the paths to read, and what was found there."""

    def __init__(
        self,
        root: str,
        scope: Scope,
        codec: Codec[Any],
        moments: Moments,
        unwatch: Callable[[Iterable[str]], None],
    ) -> None:
        """What was found goes into `moments`; `unwatch` is told what is followed no more."""
        self._root = root
        self._scope = scope
        self._codec = codec
        self._moments = moments
        self._unwatch = unwatch
        self.dirty: set[str] = set()
        """What may have changed since it was asked for, or was listed and not read."""
        self._unread: set[str] = set()  # of these: what was listed, and not read since
        # Of the pass under way: what is not answered yet, and whether it was listed, and not read
        # since; what was asked.
        self._reading: dict[str, bool] = {}
        self._asked: list[str] = []
        self.deepest = 0
        """The depth of the deepest nodes whose first listing is among the answers of this pass."""
        self.met_forbidden = False
        """Whether something was found forbidden since this was set to False."""

    def follows(self, path: str) -> bool:
        """Whether it is a matter of this tree what happens at a path."""
        return path in self._moments.known or path in self._reading or path == self._root

    def hear(self, paths: Iterable[str], is_stale: bool) -> None:
        """These have changed. With `is_stale`, of those that are being read that is old news."""
        known, reading = self._moments.known, self._reading
        for path in paths:
            if path in reading:
                if not is_stale:
                    self.dirty.add(path)
            elif path in known or path == self._root:
                self.dirty.add(path)

    def touch(self, path: str) -> None:
        """It is to be read, whether it is known or not."""
        # A node that is not known yet is found through the listings above it.
        self.dirty.add(path)
        while path not in self._moments.known and path != self._root:
            path = path.rpartition("/")[0] or "/"
            self.dirty.add(path)

    def touch_all(self) -> None:
        """Everything is, and whatever is under way is answered in vain."""
        self._unread.update(path for path, is_new in self._reading.items() if is_new)
        self.dirty |= {self._root, *self._moments.known, *self._reading, *self._unread}
        self._reading = {}

    # -- a pass --------------------------------------------------------------------------------

    def begin(self, turn: Callable[[str], Any] | None) -> tuple[list[str], bool]:
        """What to read, parents before children; and whether none of it was known before.

        Among nodes of one depth it is by `turn`; without one, by the order of a set, which has
        nothing to do with how large they are.
        """
        dirty, unread = self.dirty, self._unread
        self.dirty, self._unread, self.deepest = set(), set(), 0
        if dirty <= unread:
            self._reading = dict.fromkeys(unread, True)
            is_flat = not self._scope.below.children
            self._asked = list(unread) if is_flat else sorted(unread, key=_slashes)
            return self._asked, True
        self._reading = dict.fromkeys(dirty, False)
        self._reading.update(dict.fromkeys(unread, True))
        paths = self._reading if turn is None else sorted(self._reading, key=turn)
        self._asked = sorted(paths, key=_depth)
        return self._asked, False

    def end(self) -> list[str]:
        """All is answered; what was asked."""
        asked, self._asked, self._reading = self._asked, [], {}
        return asked

    def take(self, paths: Sequence[str], answers: Sequence[Answered], is_last: bool) -> Watches:
        """What was found at some paths; the watches that this takes."""
        arms = Watches([], [], [])
        if self._are_new_values(paths, answers):
            for path in paths:
                del self._reading[path]
            entries = map(Entry, answers, repeat(self._codec))  # type: ignore[arg-type]
            self._moments.add(dict(zip(paths, entries, strict=True)))
            arms.data.extend(paths)
        else:
            known, was_new = self._moments.known, self._reading.pop
            codec, written = self._codec, arms.data.append
            for path, answered in zip(paths, answers, strict=True):
                is_new, before = was_new(path, False), known.get(path)
                if type(before) is Entry and type(answered) is bytes and never_fails(codec):
                    # Most of what is read when much has changed: another value.
                    if writing_of(before.record) != writing_of(answered):
                        self._moments.stage(path, Entry(answered, codec))
                    written(path)
                elif is_new or before is not None or self._is_listed(path):
                    self._take(path, answered, arms)
            self._unwatch(path for path in paths if path not in known and path != self._root)
        if is_last:
            self.dirty |= self._unread
        return arms

    def _are_new_values(self, paths: Sequence[str], answers: Sequence[Answered]) -> bool:
        """Whether these are plain values of which nothing was known: a folder that is loaded."""
        below = self._scope.below
        return (
            below.data
            and not below.children
            and never_fails(self._codec)
            and all(map(self._reading.get, paths))
            and set(map(type, answers)) == {bytes}
        )

    def _is_listed(self, path: str) -> bool:
        if path == self._root:
            return True
        above, _, name = path.rpartition("/")
        parent = self._moments.known.get(above or "/")
        return parent is not None and parent.leads_to(name)

    def _take(self, path: str, found: Answered, arms: Watches) -> None:
        wants = self._scope.of(path, self._root)
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
            self.met_forbidden = True
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
        paths = set(map(child(path, "").__add__, new))
        if not self._reading.keys().isdisjoint(paths):
            self._reading.update((each, True) for each in paths if each in self._reading)
            paths = paths.difference(self._reading)
        if self._moments.known:
            paths = paths.difference(self._moments.known)
        self._unread = self._unread | paths if self._unread else paths
        if new:
            self.deepest = max(self.deepest, _depth(path) + 1)

    def _expect(self, path: str, arms: Watches) -> None:
        """`path` was listed, or is the root, and was found missing."""
        if path == self._root:
            arms.exist.append(path)
            return
        parent = self._moments.known[path.rpartition("/")[0] or "/"]
        # Read one by one, the listing may be the newer of the two: then it is there by now, and
        # without a watch. If the listing is the older one, both are read again.
        if not parent.is_forbidden:
            self.dirty.add(path)

    def _drop(self, path: str) -> None:
        gone = [path]
        for each in gone:
            entry = self._moments.known.get(each)
            gone += [child(each, name) for name in (entry.children if entry else None) or ()]
            self._moments.stage(each, None)
        self.dirty.difference_update(gone)
        self._unread.difference_update(gone)
        self._reading.update((each, False) for each in gone if each in self._reading)
        self._unwatch(each for each in gone if each != self._root)


def _depth(path: str) -> int:
    return 0 if path == "/" else _slashes(path)
