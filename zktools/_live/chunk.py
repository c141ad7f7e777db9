"""What goes into one packet of a reader that reads many nodes at once: pure.

A chunk is bounded by the bytes of its request, by those of its reply, as far as they are known or
estimated, and by the number of nodes. What one tree asks for together is not divided if it need
not be: what comes in one reply is of one moment.
"""

from __future__ import annotations

import sys
from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate, compress, islice
from typing import NamedTuple

from zktools._engine.record import STAT
from zktools._live.bounds import REPLY, Sizes
from zktools._live.found import Found
from zktools._live.reading import Answer, Answered, Batch

#: Bytes of one request; the server drops the connection at 0xfffff.
REQUEST = 900_000

_HEADER = 9  # of each operation in a multi-read
_LENGTH = 4  # of what says how long a path is
_WATCH = 1


def path_sizes(paths: Sequence[str]) -> list[int]:
    """Bytes that each takes in a request."""
    sizes = map(len, paths if "".join(paths).isascii() else map(str.encode, paths))
    return list(map(_LENGTH.__add__, sizes))


class Job:
    """What was asked by one call of `read`, while it is answered part by part."""

    def __init__(self, batch: Batch, answer: Answer, sizes: Sizes, chroot: int) -> None:
        """Paths are longer by the bytes of the `chroot`; `sizes` are those of the same turn."""
        self.batch = batch
        self.answer = answer
        self.asked = 0
        self.left = len(batch.paths)
        self._sizes = sizes
        operations = 2 if batch.scope.root.children or batch.scope.below.children else 1
        self._request = operations * (_HEADER + chroot + max(path_sizes(batch.paths)) + _WATCH)

    @property
    def is_asked(self) -> bool:
        """Whether there is nothing left to ask for."""
        return self.asked == len(self.batch.paths)

    def fitting(self, nodes: int, request: int, reply: int) -> tuple[int, int, int]:
        """How much of what was not asked for yet fits into so many nodes and bytes.

        So many nodes, and bytes of the request, at most, and of the reply, as far as one knows.
        """
        paths, root, scope, sizes, _ = self.batch
        count = min(nodes, request // self._request, len(paths) - self.asked)
        reply = max(reply, 0)
        size, estimate = _HEADER + STAT, self._sizes.estimate
        if sizes or (paths[self.asked] == root and not scope.root.data):
            answers = [
                size + (estimate(sizes.get(path)) if scope.of(path, root).data else 0)
                for path in islice(paths, self.asked, self.asked + count)
            ]
            total = list(accumulate(answers, initial=0))
            count = bisect_right(total, reply) - 1
            return count, count * self._request, total[count]
        size += estimate(None)
        count = min(count, reply // size)
        return count, count * self._request, count * size

    def learn(self, some: Some) -> None:
        """Note the sizes of nodes that were not known."""
        known, answers = self.batch.sizes, some.answers
        if known:
            answers = list(compress(answers, [path not in known for path in some.paths]))
        if set(map(type, answers)) <= {bytes}:
            sizes = list(map(len, answers))  # type: ignore[arg-type]
        else:
            records = [each.data if isinstance(each, Found) else each for each in answers]
            sizes = [len(record) for record in records if isinstance(record, bytes)]
        self._sizes.learn(sum(sizes) - STAT * len(sizes), len(sizes))


class Some(NamedTuple):
    """Nodes of one job that are in one chunk."""

    job: Job
    paths: list[str]
    answers: list[Answered]


class Chunk:
    """Some nodes of one or more jobs."""

    def __init__(self, nodes: int, under_way: int) -> None:
        """It takes so many nodes at most; so many bytes are on their way already."""
        self._nodes = nodes
        self._request = REQUEST
        self._rest = REPLY - under_way
        self._is_alone = not under_way
        self.reply = 0
        """Bytes that are expected to come back."""
        # The nodes of a job, and how many of them, from the first, are asked for their children.
        self._parts: list[tuple[Job, list[str], int]] = []

    def __bool__(self) -> bool:
        return bool(self._parts)

    def takes_whole(self, job: Job) -> bool:
        """Whether there is room for all of it."""
        count, _, _ = job.fitting(self._nodes, self._request, self._rest)
        return count == len(job.batch.paths)

    def fill(self, job: Job) -> None:
        """Take as many of its nodes as fit: always one, if nothing is under way."""
        count, request, reply = job.fitting(self._nodes, self._request, self._rest)
        if not count:
            if self._parts or not self._is_alone:
                return
            count, request, reply = job.fitting(1, sys.maxsize, sys.maxsize)
        self._nodes -= count
        self._request -= request
        self._rest -= reply
        self.reply += reply
        # Packed and answered in any order: those of one length take the least work.
        paths = job.batch.paths[job.asked : job.asked + count]
        paths.sort(key=len)
        self._parts.append((job, paths, _count_listed(job.batch, paths)))
        job.asked += count

    @property
    def paths(self) -> list[str]:
        """All of them."""
        return [path for _, paths, _ in self._parts for path in paths]

    @property
    def listed(self) -> list[str]:
        """Those whose children are asked for, too."""
        return [path for _, paths, listed in self._parts for path in paths[:listed]]

    @property
    def armed_along(self) -> tuple[int, list[str], list[str]] | None:
        """Of what to arm watches right behind the read: since when, and on the data, the children.

        None where that is nothing.
        """
        along = [part for part in self._parts if part[0].batch.listed is not None]
        if not along:
            return None
        zxid = min(job.batch.listed or 0 for job, _, _ in along)
        data, children = [], []
        for job, paths, listed in along:
            if job.batch.scope.below.data:
                data += paths
            children += paths[:listed]
        return zxid, data, children

    def sorted_out(self, results: list[bytes | Exception]) -> list[Some]:
        """What was answered, to each job its own."""
        listings = iter(results[sum(len(paths) for _, paths, _ in self._parts) :])
        start = 0
        sorted_out = []
        for job, paths, listed in self._parts:
            found: list[Answered] = [*results[start : start + len(paths)]]
            pairs = zip(results[start : start + listed], islice(listings, listed), strict=True)
            found[:listed] = [Found(data, children) for data, children in pairs]
            sorted_out.append(Some(job, paths, found))
            start += len(paths)
        return sorted_out


def _count_listed(batch: Batch, paths: list[str]) -> int:
    if batch.scope.below.children:
        return len(paths)
    # A root is shorter than all that is below it.
    return int(batch.scope.root.children and paths[0] == batch.root)
