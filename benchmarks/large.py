"""Folders of different size, and what a change costs in each: ``python -m benchmarks.large``.

A process loads and follows a folder, and another changes it: one key, as many keys as a thousand in
one transaction, one key more, one less. Times are from sending the change to the subscriber being
told, processor times those of the process that follows, medians both. In the last line of changes a
DataWatch of kazoo's follows one key. A minute or two; ``--keys`` says which sizes.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from statistics import median
from typing import Any

from kazoo.client import KazooClient

from zktools.testing import Server

KEYS = (1_000, 10_000, 100_000)
_TURNS = 3  # loads
_CHANGES = 15
_BATCH = 1000  # operations in a transaction
_SETTLE = 0.2  # seconds


class Follower:
    """Another process, seen from here; see :mod:`benchmarks.follower`."""

    def __init__(self, kind: str, hosts: str, folder: str, keys: int) -> None:
        module = [sys.executable, "-m", "benchmarks.follower"]
        self._process = subprocess.Popen(
            [*module, kind, hosts, folder, str(keys)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            bufsize=1,
        )
        self.loaded: dict[str, float] = self._answer()

    def _answer(self) -> Any:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError("the process that follows has ended")
        return json.loads(line)

    def hear(self, count: int) -> tuple[float, float]:
        """When it had heard of so many changes, and its processor time by then."""
        assert self._process.stdin is not None
        print(count, file=self._process.stdin, flush=True)
        answer = self._answer()
        return answer["at"], answer["cpu"]

    def end(self) -> None:
        """End the process."""
        self._process.communicate()


@contextmanager
def follower(kind: str, hosts: str, folder: str, keys: int) -> Iterator[Follower]:
    """One for as long as the block takes."""
    made = Follower(kind, hosts, folder, keys)
    try:
        time.sleep(_SETTLE)
        yield made
    finally:
        made.end()


def fill(client: KazooClient, folder: str, keys: int) -> None:
    """Make a folder of so many keys."""
    client.ensure_path(folder)
    for first in range(0, keys, _BATCH):
        request = client.transaction()
        for number in range(first, min(first + _BATCH, keys)):
            request.create(f"{folder}/{_key(number)}", _value(0))
        request.commit()


def load(hosts: str, folder: str, keys: int) -> str:
    """What it takes to load it."""
    took = []
    for _ in range(_TURNS):
        with follower("dict", hosts, folder, keys) as each:
            took.append(each.loaded)
    with follower("traced", hosts, folder, keys) as each:
        traced = each.loaded["bytes"] / keys
    seconds = sorted(each["seconds"] for each in took)
    cpu = median(each["cpu"] for each in took)
    grown = median(each["bytes"] for each in took) / keys
    return (
        f"{keys:9,} {1000 * seconds[0]:10.0f} {1000 * median(seconds):10.0f} {1000 * cpu:12.0f}"
        f" {1e6 * cpu / keys:10.1f} {grown:12.0f} {traced:10.0f}"
    )


def changes(client: KazooClient, hosts: str, folder: str, keys: int) -> Iterator[str]:
    """What changes cost once it is followed."""
    some = min(keys, _BATCH)

    def write(turn: int) -> None:
        client.set(f"{folder}/{_key(0)}", _value(turn))

    def write_many(turn: int) -> None:
        request = client.transaction()
        for number in range(some):
            request.set_data(f"{folder}/{_key(number)}", _value(turn))
        request.commit()

    def create(turn: int) -> None:
        client.create(f"{folder}/one-more-{turn}", b"")

    def delete(turn: int) -> None:
        client.delete(f"{folder}/one-more-{turn}")

    with follower("dict", hosts, folder, keys) as each:
        yield _row(each, f"one of {keys:,} keys is written", 1, write)
        yield _row(each, f"{some:,} of {keys:,} in one transaction", some, write_many)
        yield _row(each, f"one more than {keys:,}", 1, create)
        yield _row(each, "and one less", 1, delete)


def watched(client: KazooClient, hosts: str, folder: str) -> str:
    """What a change costs that is followed by a DataWatch."""
    with follower("watch", hosts, folder, 1) as each:
        return _row(
            each,
            "one key that a DataWatch follows",
            1,
            lambda turn: client.set(f"{folder}/{_key(0)}", _value(turn)),
        )


def _row(each: Follower, what: str, count: int, change: Callable[[int], None]) -> str:
    _, cpu = each.hear(0)
    seconds, cpus = [], []
    for turn in range(_CHANGES):
        sent = time.monotonic()
        change(turn)
        at, used = each.hear(count)
        seconds.append(at - sent)
        cpus.append(used - cpu)
        cpu = used
    times = f"{1000 * min(seconds):10.2f} {1000 * median(seconds):10.2f}"
    return f"{what:40} {times} {1000 * median(cpus):12.2f}"


def _key(number: int) -> str:
    return f"k{number:05}"


def _value(turn: int) -> bytes:
    return b"generation-%05d" % turn


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.large", description=__doc__)
    parser.add_argument("--keys", nargs="+", type=int, default=list(KEYS))
    sizes = parser.parse_args().keys
    with Server() as server:
        client = KazooClient(server.hosts)
        client.start()
        titles = ("least, ms", "median, ms", "processor, ms", "µs a key", "grown, bytes", "traced")
        print(f"{'keys':>9} {titles[0]:>10} {titles[1]:>10} {titles[2]:>12}", *titles[3:])
        for keys in sizes:
            fill(client, f"/large-{keys}", keys)
            print(load(server.hosts, f"/large-{keys}", keys), flush=True)
        print(f"\n{'change':40} {titles[0]:>10} {titles[1]:>10} {titles[2]:>12}")
        for keys in sizes:
            for row in changes(client, server.hosts, f"/large-{keys}", keys):
                print(row, flush=True)
        print(watched(client, server.hosts, f"/large-{sizes[0]}"))
        client.stop()
        client.close()


if __name__ == "__main__":
    main()
