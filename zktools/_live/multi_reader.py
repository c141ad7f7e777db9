"""Reading by multi-read and arming by set-watches: thousands of nodes in one packet each."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from typing import Any

from zktools._engine.session import Session
from zktools._engine.wire import Watcher
from zktools._engine.worker import run_safely
from zktools._live.bounds import Sizes
from zktools._live.chunk import REQUEST, Chunk, Job, path_sizes
from zktools._live.reading import Answer, Batch, Part, Watches

#: Nodes in one reply: taking them in must not hold up what else runs on the engine.
NODES = 5000
#: Requests that are under way at a time.
WINDOW = 4


class MultiReader:
    """Reads what was asked within one turn at one moment, where it fits one packet."""

    arms_later = True

    def __init__(
        self,
        session: Session,
        watcher: Watcher | None,
        failed: Callable[[BaseException], None],
        armed: Callable[[Iterable[str]], None],
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
        self._jobs: deque[Job] = deque()
        self._arms: list[tuple[int, Watches, Callable[[], None]]] = []
        self._newest: Any = None  # the answer to the last request that armed watches
        self._under_way = 0
        self._reckoned = 0  # bytes, with those

    def reset(self) -> None:
        """Forget everything that was asked."""
        self._generation += 1
        self._clear()

    def read(self, batch: Batch, answer: Answer) -> None:
        """See :class:`~zktools._live.reading.Reader`."""
        if batch.paths:
            self._jobs.append(Job(batch, answer, self._sizes, self._chroot))
        self._post()

    def drop(self, answer: Answer) -> None:
        """See :class:`~zktools._live.reading.Reader`."""
        self._jobs = deque(job for job in self._jobs if job.answer != answer)

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

    @property
    def _chroot(self) -> int:
        return len(self._session.client.chroot.encode())

    # -- reading -------------------------------------------------------------------------------

    def _next_chunk(self) -> Chunk:
        """As much as may be asked for now."""
        chunk = Chunk(NODES, self._reckoned)
        while self._jobs:
            job = self._jobs[0]
            if chunk and not chunk.takes_whole(job):
                break  # rather than to split it
            chunk.fill(job)
            if not job.is_asked:
                break
            self._jobs.popleft()
        return chunk

    def _send_chunks(self) -> None:
        while self._jobs and self._under_way < WINDOW:
            chunk = self._next_chunk()
            if not chunk:
                return  # too much is under way
            self._under_way += 1
            self._reckoned += chunk.reply
            result = self._session.wire.multi_read(chunk.paths, chunk.listed)
            self._session.link_in_order(result, self._on_chunk, self._generation, chunk)
            along = chunk.armed_along
            if along is not None:
                # Executed behind the read, relative to a moment before it: a change in between is
                # told at once. To arm what was read when it is here takes a round trip more.
                zxid, data, children = along
                self._send_arms([(zxid, Watches(data, [], children), _nothing)])

    def _on_chunk(self, result: Any, generation: int, chunk: Chunk) -> None:
        if generation != self._generation:
            return
        if not result.successful():
            self._failed(result.exception)
            return
        results, zxid = result.get()
        self._under_way -= 1
        self._reckoned -= chunk.reply
        parts = chunk.sorted_out(results)
        for some in parts:
            some.job.learn(some)
        self._send()
        for job, paths, answers in parts:
            job.left -= len(paths)
            run_safely(job.answer, (Part(paths, answers, zxid, not job.left),))

    # -- arming --------------------------------------------------------------------------------

    def _send_arms(self, arms: list[tuple[int, Watches, Callable[[], None]]]) -> None:
        # Relative to the earliest moment of all: for some a change may be told that was read
        # already, which costs a read more and loses nothing.
        zxid = min(arm[0] for arm in arms)
        lists = [[path for arm in arms for path in arm[1][kind]] for kind in range(3)]
        results = [
            self._session.wire.set_watches(zxid, self._watcher, *packet)
            for packet in _packets(lists, self._chroot)
        ]
        then = [then for _, _, then in arms]
        self._newest = results[-1] if results else self._newest
        if self._newest is not None:
            # Also where nothing is armed now: what was read before may not be watched yet.
            self._session.link_in_order(self._newest, self._on_armed, self._generation, lists, then)
        else:
            self._session.engine.post(_call_all, then)

    def _on_armed(
        self,
        result: Any,
        generation: int,
        lists: list[list[str]],
        then: list[Callable[[], None]],
    ) -> None:
        if generation != self._generation:
            return
        if not result.successful():
            self._failed(result.exception)
            return
        self._armed(chain.from_iterable(lists))
        _call_all(then)


def _packets(lists: list[list[str]], chroot: int) -> Iterator[tuple[list[str], ...]]:
    packet: tuple[list[str], ...] = ([], [], [])
    size = 0
    for kind, paths in enumerate(lists):
        start = 0
        sizes = path_sizes(paths)
        together = sum(sizes) + chroot * len(sizes)
        if size + together > REQUEST:  # so much is rare
            for number, each in enumerate(sizes):
                added = each + chroot
                if size + added > REQUEST:
                    packet[kind].extend(paths[start:number])
                    yield packet
                    packet, size, start = ([], [], []), 0, number
                size += added
        else:
            size += together
        packet[kind].extend(paths[start:])
    if size:
        yield packet


def _nothing() -> None:
    """Nobody waits."""


def _call_all(functions: list[Callable[[], None]]) -> None:
    for function in functions:
        run_safely(function, ())  # they are of several objects
