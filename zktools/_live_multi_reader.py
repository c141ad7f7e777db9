"""Reading by multi-read and arming by set-watches: thousands of nodes in one packet each."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from zktools._live_entry import Found
from zktools._live_reading import Answer, Item, Job, Watches
from zktools._session import Session
from zktools._wire import Watcher

#: Bytes of one request; the server drops the connection at 0xfffff.
REQUEST = 900_000
#: Bytes of one reply, as far as sizes are known: the server builds it in memory.
REPLY = 4_000_000
#: Requests that are under way at a time.
WINDOW = 4

_HEADER = 9  # of each operation in a multi-read
_STAT = 68
_NAME = 30  # a child's name in a listing, as a guess

Chunk = list[tuple[Job, int]]


class MultiReader:
    """Reads what was asked within one turn at one moment, where it fits one packet."""

    arms_later = True

    def __init__(
        self,
        session: Session,
        watcher: Watcher,
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
        self._jobs: list[Job] = []
        self._arms: list[tuple[int, Watches, Callable[[], None]]] = []
        self._chunks: deque[Chunk] = deque()
        self._under_way = 0

    def reset(self) -> None:
        """Forget everything that was asked."""
        self._generation += 1
        self._clear()

    def read(self, items: Sequence[Item], answer: Answer) -> None:
        """See :class:`~zktools._live_reading.Reader`."""
        self._jobs.append(Job(items, answer))
        self._post()

    def arm(self, zxid: int, watches: Watches, then: Callable[[], None]) -> None:
        """See :class:`~zktools._live_reading.Reader`."""
        self._arms.append((zxid, watches, then))
        self._post()

    def _post(self) -> None:
        if not self._posted:
            self._posted = True
            self._session.engine.post(self._flush)

    def _flush(self) -> None:
        self._posted = False
        # Watches first: whatever is read after them is told of every change of what they watch.
        arms, self._arms = self._arms, []
        if arms:
            self._send_arms(arms)
        jobs, self._jobs = self._jobs, []
        self._chunks.extend(self._pack(jobs))
        self._send_chunks()

    # -- reading -------------------------------------------------------------------------------

    def _pack(self, jobs: list[Job]) -> Iterator[Chunk]:
        chunk: Chunk = []
        request = reply = 0
        for job in jobs:
            sizes = [self._sizes(item) for item in job.items]
            whole = (sum(size[0] for size in sizes), sum(size[1] for size in sizes))
            if chunk and not _fit(request + whole[0], reply + whole[1]):
                yield chunk  # rather than to split the next one
                chunk, request, reply = [], 0, 0
            for index, (asked, answered) in enumerate(sizes):
                if chunk and not _fit(request + asked, reply + answered):
                    yield chunk
                    chunk, request, reply = [], 0, 0
                chunk.append((job, index))
                request += asked
                reply += answered
        if chunk:
            yield chunk

    def _sizes(self, item: Item) -> tuple[int, int]:
        asked = _HEADER + self._path_size(item.path) + 1
        return asked * (1 + item.wants.children), _HEADER + _STAT + item.size

    def _path_size(self, path: str) -> int:
        path = self._session.client.chroot + path
        return 4 + (len(path) if path.isascii() else len(path.encode()))

    def _send_chunks(self) -> None:
        while self._chunks and self._under_way < WINDOW:
            chunk = self._chunks.popleft()
            self._under_way += 1
            for job in _jobs(chunk):
                job.expect()
            paths = [job.items[index].path for job, index in chunk]
            children = [
                job.items[index].path for job, index in chunk if job.items[index].wants.children
            ]
            result = self._session.wire.multi_read(paths, children)
            self._session.link_in_order(result, self._on_chunk, self._generation, chunk)

    def _on_chunk(self, result: Any, generation: int, chunk: Chunk) -> None:
        if generation != self._generation:
            return
        if not result.successful():
            self._failed(result.exception)
            return
        self._under_way -= 1
        results, zxid = result.get()
        listings = iter(results[len(chunk) :])
        for (job, index), data in zip(chunk, results, strict=False):
            children = next(listings) if job.items[index].wants.children else None
            job.found[index] = Found(data, children)
        self._send_chunks()
        for job in _jobs(chunk):
            job.part_answered(zxid)

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
        if results:
            every = [path for _, path in paths]
            self._session.link_in_order(results[-1], self._on_armed, self._generation, every, then)
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


def _fit(request: int, reply: int) -> bool:
    return request <= REQUEST and reply <= REPLY


def _jobs(chunk: Chunk) -> list[Job]:
    return list({id(job): job for job, _ in chunk}.values())


def _call_all(functions: list[Callable[[], None]]) -> None:
    for function in functions:
        function()
