"""Reading by kazoo's public calls, one node each, with the watch set by the read itself."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

from kazoo.exceptions import NoAuthError, NoNodeError

from zktools._engine.listing import listing_of
from zktools._engine.record import STAT, record_of
from zktools._engine.session import Session
from zktools._engine.wire import Watcher
from zktools._live.bounds import REPLY, Sizes
from zktools._live.entry import Wants
from zktools._live.found import Found
from zktools._live.reading import Answer, Answered, Batch, Part, Watches

#: Requests that are under way at a time. kazoo wakes its connection thread through a socket, whose
#: buffer is full after some 270 requests nobody has taken; the next one would then block.
WINDOW = 100
#: Nodes in one part of an answer, so that who waits for many sees that they come.
PART = 1000


class Item(NamedTuple):
    """A node to read."""

    path: str
    wants: Wants
    size: int | None
    """Bytes its data had when they were read last; None when they never were."""
    awaited: bool
    """Whether to watch for its creation when it is not there."""


class _Job:
    """What was asked by one call of `read`."""

    def __init__(self, batch: Batch, answer: Answer) -> None:
        self.items = [
            Item(path, batch.wants(path), batch.sizes.get(path), path == batch.root)
            for path in batch.paths
        ]
        self.sizes = Sizes()
        self.answer = answer
        self._found: dict[str, Answered] = {}
        self._answered = 0

    def found(self, item: Item, found: Answered) -> None:
        """One node was read; answer when it was the last, or the last of many."""
        self._found[item.path] = found
        record = found.data if isinstance(found, Found) else found
        if item.size is None and isinstance(record, bytes):
            self.sizes.learn(len(record) - STAT)
        is_last = self._answered + len(self._found) == len(self.items)
        if is_last or len(self._found) >= PART:
            self._answer_some(is_last)

    def _answer_some(self, is_last: bool) -> None:
        paths: list[str] = []
        while self._answered < len(self.items):
            path = self.items[self._answered].path
            if path not in self._found:
                break
            paths.append(path)
            self._answered += 1
        if paths:
            self.answer(Part(paths, [self._found.pop(path) for path in paths], None, is_last))


class _Step(NamedTuple):
    """One request of several that a node may take."""

    job: _Job
    item: Item


class PublicReader:
    """Reads nodes one by one, many at a time."""

    arms_later = False

    def __init__(
        self, session: Session, watcher: Watcher, failed: Callable[[BaseException], None]
    ) -> None:
        self._session = session
        self._watcher = watcher
        self._failed = failed
        self._generation = 0
        self._steps: deque[_Step] = deque()
        self._under_way = 0
        self._reckoned = 0  # bytes, with those

    def reset(self) -> None:
        """Forget everything that was asked."""
        self._generation += 1
        self._steps.clear()
        self._under_way = self._reckoned = 0

    def read(self, batch: Batch, answer: Answer) -> None:
        """See :class:`~zktools._live.reading.Reader`."""
        job = _Job(batch, answer)
        self._steps.extend(_Step(job, item) for item in job.items)
        self._send()

    def drop(self, answer: Answer) -> None:
        """See :class:`~zktools._live.reading.Reader`."""
        self._steps = deque(step for step in self._steps if step.job.answer != answer)

    def arm(self, _zxid: int, _watches: Watches, then: Callable[[], None]) -> None:
        """See :class:`~zktools._live.reading.Reader`. The reads have done so."""
        then()

    def _send(self) -> None:
        while self._steps and self._under_way < WINDOW:
            step = self._steps[0]
            size = step.job.sizes.estimate(step.item.size) if step.item.wants.data else 0
            if self._under_way and self._reckoned + size > REPLY:
                return
            self._steps.popleft()
            if step.item.wants.data:
                self._get(step, size)
            else:
                self._list(step, None)

    def _request(
        self, call: Callable[..., Any], step: _Step, then: Callable[..., None], size: int = 0
    ) -> None:
        self._under_way += 1
        self._reckoned += size
        result = call(step.item.path, watch=self._watcher)
        self._session.link_in_order(result, self._on_reply, self._generation, then, size)

    def _on_reply(self, result: Any, generation: int, then: Callable[..., None], size: int) -> None:
        if generation != self._generation:
            return
        self._under_way -= 1
        self._reckoned -= size
        if result.successful():
            then(result.get())
        elif isinstance(result.exception, (NoNodeError, NoAuthError)):
            then(result.exception)
        else:
            self._failed(result.exception)
            return
        self._send()

    # -- the steps of one node -----------------------------------------------------------------

    def _get(self, step: _Step, size: int) -> None:
        client = self._session.client
        self._request(client.get_async, step, partial(self._on_data, step), size)

    def _on_data(self, step: _Step, data: Any) -> None:
        if isinstance(data, Exception):
            self._on_error(step, data)
        elif step.item.wants.children:
            self._list(step, data)
        else:
            self._done(step, record_of(*data))

    def _list(self, step: _Step, data: Any) -> None:
        call = partial(self._session.client.get_children_async, include_data=True)
        self._request(call, step, partial(self._on_children, step, data))

    def _on_children(self, step: _Step, data: Any, listing: Any) -> None:
        if isinstance(listing, Exception):
            self._on_error(step, listing)
            return
        children, stat = listing
        self._done(step, Found(record_of(*(data or (b"", stat))), listing_of(children), stat))

    def _on_error(self, step: _Step, error: Exception) -> None:
        # A failed read sets no watch; `exists` does, whether the node is missing or forbidden.
        if isinstance(error, NoNodeError) and not step.item.awaited:
            self._done(step, error)
        else:
            call = self._session.client.exists_async
            self._request(call, step, partial(self._on_exists, step, error))

    def _on_exists(self, step: _Step, error: Exception, stat: Any) -> None:
        if isinstance(error, NoNodeError) and stat is not None:
            self._steps.appendleft(step)  # created in the meantime
        else:
            self._done(step, error)

    def _done(self, step: _Step, found: Answered) -> None:
        step.job.found(step.item, found)
