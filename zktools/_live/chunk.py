"""What goes into one packet of a reader that reads many nodes at once: pure.

A chunk is bounded by the bytes of its request, by those of its reply, as far as they are known or
estimated, and by the number of nodes. What one tree asks for together is not divided if it need
not be: what comes in one reply is of one moment.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

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

    def __init__(self, batch: Batch, answer: Answer, sizes: Sizes) -> None:
        self.batch = batch
        self.answer = answer
        self.asked = 0
        self.left = len(batch.paths)
        self._sizes = sizes

    @property
    def is_asked(self) -> bool:
        """Whether there is nothing left to ask for."""
        return self.asked == len(self.batch.paths)

    def costs(self, chroot: int) -> Iterator[tuple[int, int]]:
        """Bytes in the request and in the reply of each node that was not asked for yet."""
        paths, root, scope, sizes = self.batch
        of_root, below = scope.root, scope.below
        more, header = _HEADER + _WATCH + chroot, _HEADER + STAT
        estimate, size_of = self._sizes.estimate, sizes.get
        for path in islice(paths, self.asked, None):
            wants = below if path != root else of_root
            request = more + path_size(path)
            reply = header + (estimate(size_of(path)) if wants.data else 0)
            yield (request * 2 if wants.children else request), reply

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

    def __init__(self, nodes: int) -> None:
        """It takes so many nodes at most."""
        self._room = nodes
        self._request = 0
        self.reply = 0
        # The nodes of a job, and how many of them, from the first, are asked for their children.
        self._parts: list[tuple[Job, list[str], int]] = []

    def takes_whole(self, job: Job, under_way: int, chroot: int) -> bool:
        """Whether there is room for all of it."""
        if len(job.batch.paths) > self._room:
            return False
        request, reply = self._request, self.reply + under_way
        for more, answer in job.costs(chroot):
            request += more
            reply += answer
        return request <= REQUEST and reply <= REPLY

    def fill(self, job: Job, under_way: int, chroot: int) -> None:
        """Take as many of its nodes as fit: always one, if nothing is under way."""
        request, reply = self._request, self.reply + under_way
        last = job.asked + self._room
        number = job.asked
        for more, answer in job.costs(chroot):
            request += more
            reply += answer
            is_first = not self._parts and not under_way and number == job.asked
            if (number >= last or request > REQUEST or reply > REPLY) and not is_first:
                request -= more
                reply -= answer
                break
            number += 1
        if number > job.asked:
            self._request, self.reply = request, reply - under_way
            self._room -= number - job.asked
            # Packed and answered in any order: those of one length take the least work.
            paths = sorted(job.batch.paths[job.asked : number], key=len)
            self._parts.append((job, paths, _count_listed(job.batch, paths)))
            job.asked = number

    def __bool__(self) -> bool:
        return bool(self._parts)

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
