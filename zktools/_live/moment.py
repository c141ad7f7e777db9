"""Which reads together show one moment of the server. Pure: no I/O, no clock.

Nodes are read one after another, in passes, while they change. Two facts make it possible to say
for a *moment* (a zxid) what every node's state was, although no single request read them all:

- A state read with ``since`` s held at least from s until it was read; and beyond that until an
  event says that the node changed, for it is never unwatched between its read and its event.
- What changed before a reply was served is known before that reply is processed.

So after a pass every node but the *stale* ones (an event came, not read again yet) is known at the
moment of that pass. If none is stale, that moment can be shown. Otherwise it becomes a *candidate*:
the next pass reads the stale nodes, and for each, either its new state had begun by then, or it has
changed exactly once, after it, so the state known before is the right one. Only where a node
changed several times around the candidate's moment it cannot be told; then the next pass makes
a new candidate. This way a writer who never rests cannot keep readers waiting, as it could if they
waited for a quiet pass.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from collections.abc import Set as AbstractSet
from typing import NamedTuple

from zktools._engine.listing import difference
from zktools._live.entry import Entry

#: The new states of nodes, by path; None for a node that is gone.
Difference = dict[str, "Entry | None"]


class Shown(NamedTuple):
    """A moment that can be shown."""

    number: int
    """The pass after which it was so."""
    changes: Difference
    """What differs from the moment shown before."""


class _Candidate:
    def __init__(
        self, number: int, zxid: int, state: dict[str, Entry | None], missing: AbstractSet[str]
    ) -> None:
        self.number = number
        self.zxid = zxid
        self.state = state
        self.missing = list(missing)  # which takes less than a set does


class Moments:
    """What is known of a tree of nodes, and the moment of it that is shown."""

    def __init__(self, root: str) -> None:
        self.known: dict[str, Entry] = {}
        self._root = root
        self._shown: dict[str, Entry | None] = {}  # of nodes whose known state is another one
        self._candidate: _Candidate | None = None
        self._newest = 0

    def stage(self, path: str, entry: Entry | None) -> None:
        """This is the latest state of `path`."""
        before = self.known.get(path)
        if entry is before:
            return
        shown = self._shown.setdefault(path, before)
        if entry is None:
            del self.known[path]
        else:
            self.known[path] = entry
        if shown is entry:
            del self._shown[path]

    def add(self, entries: dict[str, Entry]) -> None:
        """These are the latest states of paths that are not known."""
        self.known.update(entries)
        if self._shown.keys().isdisjoint(entries):
            self._shown.update(dict.fromkeys(entries))
        else:
            for path in entries:
                self._shown.setdefault(path, None)

    def restart(self) -> None:
        """Watches were lost: nothing is known to hold beyond its read."""
        self._candidate = None

    def unshown(self, limit: int) -> set[str]:
        """The nodes whose known state is not shown; none if they are more than `limit`."""
        return (
            {path for path in self._shown if path in self.known}
            if len(self._shown) <= limit
            else set()
        )

    def advance(
        self, number: int, zxid: int | None, stale: set[str], read: Iterable[str]
    ) -> Shown | None:
        """Pass `number` has read `read`, and left `stale`; the new moment to show, if there is.

        `zxid` is the newest at which something was read, None where that is not known: then all
        nodes but the stale ones hold at the newest change known of any.
        """
        differing = self._differing()
        self._newest = zxid = max(self._newest, zxid or _newest_of(differing))
        if not stale:
            # What is known is what can be shown.
            self._shown.clear()
            self._candidate = None
            return Shown(number, differing)
        now = _Candidate(number, zxid, differing, stale)
        candidate, self._candidate = self._candidate, now
        if candidate is None or not self._settle(candidate, stale.difference(read)):
            return None
        if candidate.missing:
            self._candidate = candidate
            return None
        return self._show(candidate, now)

    def _differing(self) -> dict[str, Entry | None]:
        return dict(zip(self._shown, map(self.known.get, self._shown), strict=True))

    def _show(self, moment: _Candidate, keep: _Candidate) -> Shown:
        changes = {
            path: entry for path, entry in moment.state.items() if self._state(path) is not entry
        }
        for path, entry in changes.items():
            keep.state.setdefault(path, self.known.get(path))
            if self.known.get(path) is entry:
                self._shown.pop(path, None)
            else:
                self._shown[path] = entry
        self._candidate = keep
        return Shown(moment.number, changes)

    def _state(self, path: str, candidate: _Candidate | None = None) -> Entry | None:
        if candidate is not None and path in candidate.state:
            return candidate.state[path]
        return self._shown[path] if path in self._shown else self.known.get(path)

    # -- a candidate ---------------------------------------------------------------------------

    def _settle(self, candidate: _Candidate, unread: AbstractSet[str]) -> bool:
        """Find what was missing at the candidate's moment; False when it cannot be told."""
        missing = deque(sorted(set(candidate.missing), key=len))  # parents before children
        candidate.missing = []
        while missing:
            path = missing.popleft()
            if self._unlisted(candidate, path):
                candidate.state[path] = None
            elif path in unread:
                candidate.missing.append(path)
            else:
                more = self._settle_one(candidate, path)
                if more is None:
                    return False
                missing += more
        return True

    def _unlisted(self, candidate: _Candidate, path: str) -> bool:
        if path == self._root:
            return False
        above, _, name = path.rpartition("/")
        parent = self._state(above or "/", candidate)
        return parent is None or not parent.leads_to(name)

    def _settle_one(self, candidate: _Candidate, path: str) -> list[str] | None:
        """Settle `path`; the children to settle after it, or None when it cannot be told."""
        entry = self.known.get(path)
        before = self._state(path, candidate)
        if entry is None:
            return None  # it is not known when it was deleted
        if entry.since > candidate.zxid:
            once = (
                before is not None
                and before.czxid == entry.czxid
                and before.count + 1 == entry.count
            )
            return [] if once else None
        candidate.state[path] = entry
        for name in difference(_listing(before), _listing(entry))[0]:
            for gone in self._subtree(child(path, name), candidate):
                candidate.state[gone] = None
        paths = (child(path, name) for name in entry.children or ())
        return [each for each in paths if self._state(each, candidate) is None]

    def _subtree(self, path: str, candidate: _Candidate) -> Iterator[str]:
        entry = self._state(path, candidate)
        yield path
        for name in (entry.children if entry is not None else None) or ():
            yield from self._subtree(child(path, name), candidate)


def _listing(entry: Entry | None) -> bytes:
    return (entry.listing if entry is not None and entry.below else None) or b""


def _newest_of(differing: Difference) -> int:
    # What was shown is from before; what was not is among these.
    return max((entry.since for entry in differing.values() if entry is not None), default=0)


def child(path: str, name: str) -> str:
    """The path of a child."""
    return f"/{name}" if path == "/" else f"{path}/{name}"
