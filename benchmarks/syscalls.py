"""How many system calls a request takes, with kazoo's handlers and with zktools'.

``python -m benchmarks.syscalls`` prints a table. It needs Linux and ``strace``. The same program is
run twice under each handler, with few requests and with many: the difference is the requests'.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections import Counter
from importlib import import_module
from pathlib import Path
from typing import Any

from kazoo.client import KazooClient

from zktools.locks import ZkLock
from zktools.testing import Server

_HANDLERS = {
    "kazoo, threads": "kazoo.handlers.threading:SequentialThreadingHandler",
    "zktools, threads": "zktools.handlers:ThreadingHandler",
    "kazoo, gevent": "kazoo.handlers.gevent:SequentialGeventHandler",
    "zktools, gevent": "zktools.handlers.gevent:GeventHandler",
}
_BURST = 100  # requests under way at a time
_FEW, _MANY = 100, 500


def gets(client: KazooClient, count: int) -> None:
    """One after the other."""
    for _ in range(count):
        client.get("/")


def gets_in_bursts(client: KazooClient, count: int) -> None:
    """A hundred under way."""
    for _ in range(count // _BURST):
        for result in [client.get_async("/") for _ in range(_BURST)]:
            result.get()


def lock_cycles(client: KazooClient, count: int) -> None:
    """Acquire and release a lock of zktools'."""
    lock = ZkLock(client, "syscalls")
    for _ in range(count):
        lock.acquire()
        lock.release()


_WORK = {work.__name__: work for work in (gets, gets_in_bursts, lock_cycles)}


def _run(hosts: str, handler: str, work: str, count: str) -> None:
    """In the process that is counted."""
    module, name = handler.split(":")
    client = KazooClient(hosts, handler=getattr(import_module(module), name)())
    client.start()
    _WORK[work](client, int(count))
    client.stop()


def _count(hosts: str, handler: str, work: str, count: int) -> Counter[str]:
    program = [sys.executable, "-m", "benchmarks.syscalls", hosts, handler, work, str(count)]
    with tempfile.NamedTemporaryFile("r", prefix="zktools-syscalls-") as file:
        subprocess.run(["strace", "-f", "-qq", "-o", file.name, *program], check=True)
        lines = Path(file.name).read_text().splitlines()
    calls = (line.split(maxsplit=1)[1] for line in lines if "resumed>" not in line)
    return Counter(call.partition("(")[0] for call in calls if "(" in call)


def main(*arguments: Any) -> None:
    """Count, or be counted."""
    if arguments:
        _run(*arguments)
        return
    print("system calls each; without those by which threads wait for each other")
    print(f"{'':18}" + "".join(f"{name:>16}" for name in _WORK))
    with Server(tick=2.0) as server:
        for title, handler in _HANDLERS.items():
            row = []
            for work in _WORK:
                more = _count(server.hosts, handler, work, _MANY)
                more.subtract(_count(server.hosts, handler, work, _FEW))
                del more["futex"]
                row.append(more.total() / (_MANY - _FEW))
            print(f"{title:18}" + "".join(f"{count:16.1f}" for count in row))


if __name__ == "__main__":
    main(*sys.argv[1:])
