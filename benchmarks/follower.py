"""A process that follows a folder, and says what that takes: for :mod:`benchmarks.large`.

``python -m benchmarks.follower KIND HOSTS FOLDER COUNT`` follows so many keys with a NodeDict of
zktools (``dict``), the same with its memory traced (``traced``), or one key with kazoo's DataWatch
(``watch``). First it says what it took until all was there. Then it answers each number that it is
told with when it had heard of so many changes, and with its processor time by then.
"""

from __future__ import annotations

import gc
import json
import sys
import threading
import time
import tracemalloc
from collections.abc import Callable
from typing import Any

from kazoo.client import KazooClient
from kazoo.recipe.watchers import DataWatch

from benchmarks.machine import memory
from zktools.node import NodeDict

_PATIENCE = 60.0  # seconds
_REST = 0.1  # seconds in which what follows a change is over


class Heard:
    """Of how many changes, and when of the last one."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._count = 0
        self._at = 0.0

    def note(self, count: int) -> None:
        """Of so many more."""
        at = time.monotonic()
        with self._changed:
            self._count, self._at = self._count + count, at
            self._changed.notify_all()

    def wait(self, count: int) -> float:
        """When it was of `count`; they are over then."""
        with self._changed:
            if not self._changed.wait_for(lambda: self._count >= count, _PATIENCE):
                raise TimeoutError(f"heard of {self._count} changes of {count}")
            self._count -= count
            return self._at


def follow(client: KazooClient, kind: str, folder: str, count: int, heard: Heard) -> Any:
    """Follow the keys, or one of them."""
    if kind == "watch":
        watch = DataWatch(client, f"{folder}/k00000", lambda *_: heard.note(1))
        heard.wait(1)
        return watch
    nodes: NodeDict[Any] = NodeDict(client, folder)
    assert len(nodes) == count
    return nodes


def measured(work: Callable[[], Any], *, traced: bool) -> tuple[Any, dict[str, float]]:
    """What it answered, and what it took."""
    gc.collect()
    if traced:
        tracemalloc.start()
    before, cpu, start = memory(), time.process_time(), time.perf_counter()
    answered = work()
    seconds, cpu = time.perf_counter() - start, time.process_time() - cpu
    gc.collect()
    size = tracemalloc.get_traced_memory()[0] if traced else memory() - before
    return answered, {"seconds": seconds, "cpu": cpu, "bytes": size}


def main() -> None:
    """Follow, and answer until the input ends."""
    kind, hosts, folder, count = sys.argv[1:]
    client = KazooClient(hosts)
    client.start()
    heard = Heard()
    nodes, took = measured(
        lambda: follow(client, kind, folder, int(count), heard), traced=kind == "traced"
    )
    print(json.dumps(took), flush=True)
    if kind != "watch":
        nodes.subscribe(lambda batch: heard.note(len(batch.keys)))
        heard.wait(int(count))
    for line in sys.stdin:
        at = heard.wait(int(line))
        time.sleep(_REST)
        print(json.dumps({"at": at, "cpu": time.process_time()}), flush=True)
    client.stop()


if __name__ == "__main__":
    main()
