"""Worker processes, seen from the side that gives the orders."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Self

from benchmarks.peers import Peer


class WorkerError(RuntimeError):
    """A worker ended; what it said last is above this error."""


class Worker:
    """One process that measures one peer; see :mod:`benchmarks.worker` for the orders."""

    def __init__(self, peer: Peer) -> None:
        self._peer = peer
        self._process = subprocess.Popen(
            peer.command(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
        )

    def send(self, order: str, *arguments: object) -> None:
        """Give an order without waiting for the answer."""
        assert self._process.stdin is not None
        try:
            print(order, *arguments, file=self._process.stdin, flush=True)
        except BrokenPipeError:
            raise WorkerError(f"a worker for {self._peer.title} ended before {order}") from None

    def answer(self) -> Any:
        """Wait for the answer to the oldest order that was not answered yet."""
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise WorkerError(f"a worker for {self._peer.title} ended without an answer")
        return json.loads(line)

    def __call__(self, order: str, *arguments: object) -> Any:
        """Give an order and wait for the answer."""
        self.send(order, *arguments)
        return self.answer()

    def kill(self) -> None:
        """End the process."""
        self._process.kill()
        self._process.communicate()


class Crew:
    """All workers of a run; those of peers that have to be warm are used again."""

    def __init__(self) -> None:
        self._kept: dict[str, list[Worker]] = {}

    @contextmanager
    def workers(self, peer: Peer, count: int, hosts: str) -> Iterator[list[Worker]]:
        """Have `count` workers connected to `hosts`; their sessions end with the block."""
        idle = self._kept.setdefault(peer.name, [])
        while len(idle) < count:
            idle.append(Worker(peer))
        workers = [idle.pop() for _ in range(count)]
        try:
            order_all(workers, "open", hosts)
            yield workers
            order_all(workers, "close")
        except BaseException:
            for worker in workers:
                worker.kill()
            raise
        if peer.keeps:
            idle.extend(workers)
        else:
            for worker in workers:
                worker.kill()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for idle in self._kept.values():
            for worker in idle:
                worker.kill()


def order_all(workers: list[Worker], order: str, *arguments: object) -> list[Any]:
    """Give all the same order, and wait for all answers."""
    for worker in workers:
        worker.send(order, *arguments)
    return [worker.answer() for worker in workers]
