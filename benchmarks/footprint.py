"""What it costs to have zktools at all: imports, and the memory of idle locks."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from importlib.util import find_spec
from typing import Any

from benchmarks.plan import Plan
from benchmarks.spread import spread

Record = dict[str, Any]

_IMPORTS = {
    "zktools": "import zktools",
    "zktools.locks": "import zktools.locks",
    "zktools.node": "import zktools.node",
    "kazoo.client": "import kazoo.client",
    "redis": "import redis",
}

# A fresh interpreter each time. Third-party packages only are named: they are what one installs.
_IMPORT = """
import json, sys, time
before = set(sys.modules)
start = time.perf_counter()
{statement}
seconds = time.perf_counter() - start
new = {{name.partition(".")[0] for name in set(sys.modules) - before}}
packages = sorted(n for n in new if n not in sys.stdlib_module_names and not n.startswith("_"))
print(json.dumps([seconds, len(set(sys.modules) - before), packages]))
"""

_LOCKS = {
    "zktools": "from zktools.locks import ZkLock\nmake = lambda i: ZkLock(client, f'lock-{i}')",
    "kazoo": "make = lambda i: client.Lock(f'/locks/lock-{i}')",
}

# Not started: making a lock sends nothing.
_MEMORY = """
import tracemalloc
from kazoo.client import KazooClient
client = KazooClient()
{make}
make(-1)
tracemalloc.start()
locks = [make(i) for i in range({count})]
print(tracemalloc.get_traced_memory()[0] / {count})
"""
_COUNT = 10_000


def measure(plan: Plan, say: Callable[[str], None]) -> dict[str, list[Record]]:
    """Measure all, the subjects taking turns."""
    say("imports, and memory of idle locks")
    return {"imports": _imports(plan), "locks": _locks()}


def _imports(plan: Plan) -> list[Record]:
    installed = {name: s for name, s in _IMPORTS.items() if find_spec(name.partition(".")[0])}
    for statement in installed.values():
        _run(statement)  # compiles it
    found: dict[str, list[Any]] = {name: [] for name in installed}
    for _ in range(plan.starts):
        for name, statement in installed.items():
            found[name].append(json.loads(_run(_IMPORT.format(statement=statement))))
    return [
        {
            "name": name,
            "seconds": spread([seconds for seconds, _, _ in times]),
            "modules": times[0][1],
            "packages": times[0][2],
        }
        for name, times in found.items()
    ]


def _locks() -> list[Record]:
    return [
        {"peer": peer, "bytes": float(_run(_MEMORY.format(make=make, count=_COUNT)))}
        for peer, make in _LOCKS.items()
    ]


def _run(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return done.stdout
