"""Reading by multi-read and arming by set-watches: thousands of nodes in one packet each."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from zktools._engine.session import Session
from zktools._engine.wire import Watcher
from zktools._live.bounds import REPLY, Sizes
from zktools._live.entry import Found
from zktools._live.reading import Answer, Item, Part, Watches

#: Bytes of one request; the server drops the connection at 0xfffff.
REQUEST = 900_000
#: Nodes in one reply: taking them in must not hold up what else runs on the engine.
NODES = 5000
#: Requests that are under way at a time.
WINDOW = 4

_HEADER = 9  # of each operation in a multi-read
_STAT = 68


class _Job:
    """What was asked by one call of `read`, while it is answered part by part."""

    def __init__(self, items: Sequence[Item], answer: Answer, sizes: Sizes) -> None:
        self.items = items
        self.answer = answer
        self.sizes = sizes
        self.asked = 0
        self.left = len(items)


class _Chunk:
    """What goes into one packet."""

    def __init__(self) -> None:
        self.items: list[tuple[_Job, Item]] = []
        self.request = 0
        self.reply = 0

    def fits(self, request: int, reply: int, nodes: int, under_way: int) -> bool:
        """Whether as much can be added; there is always room for one node."""
        if not self.items and not under_way:
            return True
        return (
            self.request + request <= REQUEST
            and self.reply + reply + under_way <= REPLY
            and len(self.items) + nodes <= NODES
        )

    def add(self, job: _Job, item: Item, request: int, reply: int) -> None:
        """Add a node."""
        self.items.append((job, item))
        self.request += request
        self.reply += reply


class MultiReader:
    """Reads what was asked within one turn at one moment, where it fits one packet."""

    arms_later = True

    def __init__(
        self,
        session: Session,
        watcher: Watcher | None,
        failed: Callable[[BaseException], None],
        armed: Callable[[list[str]], None],
    ) -> None:
        self._session = session
        self._watcher = watcher
        self._failed = failed
        self._armed = armed
        self._generation = 0
        self._posted = False
        self._clear()

    def _clear(self) -> None:
        self._sizes = Sizes()  # of what is asked for in this turn
        self._jobs: deque[_Job] = deque()
        self._arms: list[tuple[int, Watches, Callable[[], None]]] = []
        self._newest: Any = None  # the answer to the last request that armed watches
        self._under_way = 0
        self._reckoned = 0  # bytes, with those

    def reset(self) -> None:
        """Forget everything that was asked."""
        self._generation += 1
        self._clear()

    def read(self, items: Sequence[Item], answer: Answer) -> None:
        """See :class:`~zktools._live.reading.Reader`."""
        if items:
            self._jobs.append(_Job(items, answer, self._sizes))
        self._post()

    def arm(self, zxid: int, watches: Watches, then: Callable[[], None]) -> None:
        """See :class:`~zktools._live.reading.Reader`."""
        self._arms.append((zxid, watches, then))
        self._post()

    def _post(self) -> None:
        if not self._posted:
            self._posted = True
            self._session.engine.post(self._flush)

    def _flush(self) -> None:
        self._posted = False
        self._sizes = Sizes()
        self._send()

    def _send(self) -> None:
        # Watches first: whatever is read after them is told of every change of what they watch.
        arms, self._arms = self._arms, []
        if arms:
            self._send_arms(arms)
        self._send_chunks()

    # -- reading -------------------------------------------------------------------------------

    def _next_chunk(self) -> _Chunk:
        """As much as may be asked for now."""
        chunk = _Chunk()
        while self._jobs:
            job = self._jobs[0]
            if chunk.items and not self._fits_whole(chunk, job):
                break  # rather than to split it
            while job.asked < len(job.items):
                item = job.items[job.asked]
                request, reply = self._asked(item), self._answered(job, item)
                if not chunk.fits(request, reply, 1, self._reckoned):
                    return chunk
                chunk.add(job, item, request, reply)
                job.asked += 1
            self._jobs.popleft()
        return chunk

    def _fits_whole(self, chunk: _Chunk, job: _Job) -> bool:
        if len(chunk.items) + len(job.items) > NODES:
            return False
        request = sum(self._asked(item) for item in job.items)
        reply = sum(self._answered(job, item) for item in job.items)
        return chunk.fits(request, reply, len(job.items), self._reckoned)

    def _answered(self, job: _Job, item: Item) -> int:
        data = job.sizes.estimate(item.size) if item.wants.data else 0
        return _HEADER + _STAT + data

    def _asked(self, item: Item) -> int:
        size = _HEADER + self._path_size(item.path) + 1
        return size * 2 if item.wants.children else size

    def _path_size(self, path: str) -> int:
        path = self._session.client.chroot + path
        return 4 + (len(path) if path.isascii() else len(path.encode()))

    def _send_chunks(self) -> None:
        while self._jobs and self._under_way < WINDOW:
            chunk = self._next_chunk()
            if not chunk.items:
                return  # too much is under way
            self._under_way += 1
            self._reckoned += chunk.reply
            paths = [item.path for _, item in chunk.items]
            listed = [item.path for _, item in chunk.items if item.wants.children]
            result = self._session.wire.multi_read(paths, listed)
            self._session.link_in_order(result, self._on_chunk, self._generation, chunk)

    def _on_chunk(self, result: Any, generation: int, chunk: _Chunk) -> None:
        if generation != self._generation:
            return
        if not result.successful():
            self._failed(result.exception)
            return
        results, zxid = result.get()
        self._under_way -= 1
        self._reckoned -= chunk.reply
        parts = _sorted_out(chunk, results)
        self._send()
        for job, found in parts.items():
            job.left -= len(found)
            job.answer(Part(found, zxid, not job.left))

    # -- arming --------------------------------------------------------------------------------

    def _send_arms(self, arms: list[tuple[int, Watches, Callable[[], None]]]) -> None:
        # Relative to the earliest moment of all: for some a change may be told that was read
        # already, which costs a read more and loses nothing.
        zxid = min(arm[0] for arm in arms)
        paths = [
            (kind, path)
            for _, watches, _ in arms
            for kind, several in enumerate(watches)
            for path in several
        ]
        results = [
            self._session.wire.set_watches(zxid, self._watcher, *packet)
            for packet in self._packets(paths)
        ]
        then = [then for _, _, then in arms]
        every = [path for _, path in paths]
        self._newest = results[-1] if results else self._newest
        if self._newest is not None:
            # Also where nothing is armed now: what was read before may not be watched yet.
            self._session.link_in_order(self._newest, self._on_armed, self._generation, every, then)
        else:
            self._session.engine.post(_call_all, then)

    def _packets(self, paths: list[tuple[int, str]]) -> Iterator[tuple[list[str], ...]]:
        packet: tuple[list[str], ...] = ([], [], [])
        size = 0
        for kind, path in paths:
            added = self._path_size(path)
            if size + added > REQUEST:
                yield packet
                packet, size = ([], [], []), 0
            packet[kind].append(path)
            size += added
        if size:
            yield packet

    def _on_armed(
        self, result: Any, generation: int, paths: list[str], then: list[Callable[[], None]]
    ) -> None:
        if generation != self._generation:
            return
        if not result.successful():
            self._failed(result.exception)
            return
        self._armed(paths)
        _call_all(then)


def _sorted_out(chunk: _Chunk, results: Sequence[Any]) -> dict[_Job, list[tuple[str, Found]]]:
    listings = iter(results[len(chunk.items) :])
    parts: dict[_Job, list[tuple[str, Found]]] = {}
    for (job, item), data in zip(chunk.items, results, strict=False):
        children = next(listings) if item.wants.children else None
        parts.setdefault(job, []).append((item.path, Found(data, children)))
        if item.size is None and isinstance(data, tuple):
            job.sizes.learn(len(data[0]))
    return parts


def _call_all(functions: list[Callable[[], None]]) -> None:
    for function in functions:
        function()
