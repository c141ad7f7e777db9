"""A process that does what it is told with one subject: ``python -m benchmarks.worker zktools``.

It reads one order from each line of its input, and answers each with one line of JSON::

    open HOSTS
    cycle KIND NAME COUNT                         acquire and release, one after the other
    gate KIND NAME, ungate                        one hold that keeps all others waiting
    contend KIND NAME CONTENDERS ROUNDS HOLD      start threads; answered at once
    queued NAME
    mark, report                                  begin to measure contention; what it was
    load PATH COUNT                               follow a folder; time and memory until it is there
    expect VALUE KEY,KEY,…                        wait for a value, told by a subscriber
    arrived TIMEOUT                               when it came, or null
    reads KEY COUNT                               time to read a value so often
    stand NAME                                    become a candidate in an election
    leads                                         wait until it leads; since when
    resign                                        end its term; when that began
    members PATH COUNT                            follow a group; time until so many are seen
    see COUNT                                     wait until so many are seen; when they were
    close

The Java worker in ``curator/`` understands the same.
"""

from __future__ import annotations

import gc
import json
import logging
import os
import sys
import threading
import time
from typing import Any

from benchmarks.contention import Contention
from benchmarks.machine import memory
from benchmarks.subjects import Lock, open_subject
from benchmarks.subjects.live import Arrivals
from benchmarks.subjects.standing import Standing


class Worker:
    """The state of a worker, and its orders as methods."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._subject: Any
        self._arrivals = Arrivals()
        self._gate: Lock
        self._contention: Contention | None = None
        self._standing: Standing

    def open(self, hosts: str) -> None:
        """Connect."""
        self._subject = open_subject(self._name, hosts)

    def cycle(self, kind: str, name: str, count: str) -> dict[str, object]:
        """Time single cycles: seconds of acquire and of release, and processor time of all."""
        lock = self._subject.lock(kind, name)
        acquire, release = [], []
        cpu = time.process_time()
        for _ in range(int(count)):
            start = time.perf_counter()
            lock.acquire()
            held = time.perf_counter()
            lock.release()
            acquire.append(held - start)
            release.append(time.perf_counter() - held)
        return {"acquire": acquire, "release": release, "cpu": time.process_time() - cpu}

    def gate(self, kind: str, name: str) -> None:
        """Hold the lock."""
        self._gate = self._subject.lock(kind, name)
        self._gate.acquire()

    def ungate(self) -> dict[str, object]:
        """Let go; says when."""
        at = time.monotonic()
        self._gate.release()
        return {"at": at}

    def contend(self, kind: str, name: str, contenders: str, rounds: str, hold: str) -> None:
        """Start contenders."""
        subject = self._subject
        self._contention = Contention(
            lambda: subject.lock(kind, name), int(contenders), int(rounds), float(hold)
        )

    def queued(self, name: str) -> dict[str, object]:
        """How many hold or wait."""
        return {"queued": self._subject.queue_length(name)}

    def mark(self) -> None:
        """Measure from now on."""
        assert self._contention is not None
        self._contention.mark()

    def report(self) -> dict[str, object]:
        """What the contenders did since."""
        assert self._contention is not None
        return self._contention.report()

    def load(self, folder: str, count: str) -> dict[str, object]:
        """Follow a folder of so many keys."""
        gc.collect()
        before, cpu, start = memory(), time.process_time(), time.perf_counter()
        self._subject.load(folder, int(count), self._arrivals)
        seconds = time.perf_counter() - start
        cpu = time.process_time() - cpu
        gc.collect()
        return {"seconds": seconds, "cpu": cpu, "memory": memory() - before}

    def expect(self, value: str, keys: str) -> None:
        """Wait from now on until these keys have the value."""
        self._arrivals.expect(value, keys.split(","))

    def arrived(self, timeout: str) -> dict[str, object] | None:
        """When they had."""
        return self._arrivals.wait(float(timeout))

    def reads(self, key: str, count: str) -> dict[str, object]:
        """Read a value again and again."""
        read = self._subject.read
        start = time.perf_counter()
        for _ in range(int(count)):
            read(key)
        return {"seconds": time.perf_counter() - start}

    def stand(self, name: str) -> None:
        """Become a candidate."""
        self._standing = self._subject.stand(name)

    def leads(self) -> dict[str, object]:
        """Wait until it leads."""
        return {"at": self._standing.leads()}

    def resign(self) -> dict[str, object]:
        """End the term."""
        return {"at": self._standing.resign()}

    def members(self, path: str, count: str) -> dict[str, object]:
        """Follow a group of so many."""
        start = time.perf_counter()
        self._subject.members(path, int(count))
        return {"seconds": time.perf_counter() - start}

    def see(self, count: str) -> dict[str, object]:
        """Wait until so many are there."""
        self._subject.see(int(count))
        return {"at": time.monotonic()}

    def close(self) -> None:
        """Disconnect. Those who wait are left behind, unless their server would suffer from it."""
        if self._contention is not None and getattr(self._subject, "drains", False):
            self._contention.drain()
        self._subject.close()


def main() -> None:
    """Obey until the input ends."""
    # Contenders that fail when their client is closed have nothing more to say.
    threading.excepthook = lambda _: None
    logging.basicConfig(level=logging.CRITICAL)
    worker = Worker(sys.argv[1])
    for line in sys.stdin:
        order, *arguments = line.split()
        answer = getattr(worker, order)(*arguments)
        print(json.dumps(answer), flush=True)
    os._exit(0)


if __name__ == "__main__":
    main()
