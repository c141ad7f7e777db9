"""What goes into one packet of a reader that reads many nodes at once: pure.

A chunk is bounded by the bytes of its request, by those of its reply, as far as they are known or
estimated, and by the number of nodes. What one tree asks for together is not divided if it need
not be: what comes in one reply is of one moment.
"""

from __future__ import annotations

import sys
from bisect import bisect_right
from itertools import accumulate, islice

from zktools._engine.record import STAT
from zktools._live.bounds import REPLY, Sizes
from zktools._live.found import Found
from zktools._live.reading import Answer, Answered, Batch

#: Bytes of one request; the server drops the connection at 0xfffff.
REQUEST = 900_000

Answers = list[tuple[str, Answered]]

_HEADER = 9  # of each operation in a multi-read
_LENGTH = 4  # of what says how long a path is
_WATCH = 1


def path_size(path: str) -> int:
    """Bytes that it takes in a request."""
    return _LENGTH + (len(path) if path.isascii() else len(path.encode()))


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
        self._request = operations * (_HEADER + chroot + max(map(path_size, batch.paths)) + _WATCH)

    @property
    def is_asked(self) -> bool:
        """Whether there is nothing left to ask for."""
        return self.asked == len(self.batch.paths)

    def fitting(self, nodes: int, request: int, reply: int) -> tuple[int, int, int]:
        """How much of what was not asked for yet fits into so many nodes and bytes.

        So many nodes, and bytes of the request, at most, and of the reply, as far as one knows.
        """
        paths, root, scope, sizes = self.batch
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

    def learn(self, found: Answers) -> None:
        """Note the sizes of nodes that were not known."""
        known = self.batch.sizes
        records = [
            answered.data if isinstance(answered, Found) else answered
            for path, answered in found
            if path not in known
        ]
        sizes = [len(record) - STAT for record in records if isinstance(record, bytes)]
        self._sizes.learn(sum(sizes), len(sizes))


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
        paths = sorted(job.batch.paths[job.asked : job.asked + count], key=len)
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

    def sorted_out(self, results: list[bytes | Exception]) -> list[tuple[Job, Answers]]:
        """What was answered, to each job its own."""
        listings = iter(results[sum(len(paths) for _, paths, _ in self._parts) :])
        start = 0
        sorted_out = []
        for job, paths, listed in self._parts:
            found: list[Answered] = [*results[start : start + len(paths)]]
            pairs = zip(results[start : start + listed], islice(listings, listed), strict=True)
            found[:listed] = [Found(data, children) for data, children in pairs]
            sorted_out.append((job, list(zip(paths, found, strict=True))))
            start += len(paths)
        return sorted_out


def _count_listed(batch: Batch, paths: list[str]) -> int:
    if batch.scope.below.children:
        return len(paths)
    # A root is shorter than all that is below it.
    return int(batch.scope.root.children and paths[0] == batch.root)
