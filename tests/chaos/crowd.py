"""A thousand contenders at once, half of them cancelled in mid-queue.

Not faults but numbers: ten processes with a session each, and a hundred threads in each. Somebody
holds the lock while all of them queue, every other one gives up, and the rest go through. The
histories are of the same kind as a campaign's, and read by the same checker: first come, first
served, one at a time, nothing left.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from kazoo.client import KazooClient
from kazoo.exceptions import NoNodeError

from tests.chaos.crowd_worker import Contender
from tests.chaos.history import Journal, now
from tests.chaos.process import connect
from tests.chaos.subjects import FOLDER, SUBJECTS
from zktools.testing import Ensemble, delete_tree, wait_until

_ROOT = Path(__file__).parents[2]
SESSION = 30.0  #: seconds; this is not about sessions
_PATIENCE = 120.0  # seconds for a thousand to come, or to go


@dataclass(frozen=True)
class Crowd:
    """What was counted; times in seconds."""

    waiting: int
    watches: int
    """On all servers, while all were waiting."""
    queued_in: float
    drained: int
    drained_in: float


def gather(
    ensemble: Ensemble, folder: Path, subject: str, processes: int = 10, threads: int = 100
) -> Crowd:
    """Let them come and go; the histories are in `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    waiting, staying = processes * threads, processes * (threads - threads // 2)
    with ExitStack() as stack:
        journal = Journal(folder / "gate.jsonl", "gate")
        stack.callback(journal.close)
        client = stack.enter_context(_client(ensemble, f"/crowd-{subject}"))
        subjects = SUBJECTS[subject](client, "gate", SESSION, lambda *_: None)
        gate = Contender(subjects.attempt("write"), journal, "gate.1")
        begun = now()
        gate.acquire()
        hosts = ensemble.hosts + client.chroot
        crowd = stack.enter_context(_processes(folder, hosts, subject, processes, threads))
        _wait_for(client, waiting + 1)
        queued_in, watches = now() - begun, _watches(ensemble)
        for process in crowd:
            _say(process, "cancel")
        _wait_for(client, staying + 1)
        begun = now()
        gate.release()
        for process in crowd:
            process.wait(_PATIENCE)
        drained_in = now() - begun
        left = {"candidates": len(_queue(client)), "watches": _watches(ensemble)}
        journal.write("residue", found=left)
        return Crowd(waiting, watches, queued_in, staying, drained_in)


@contextmanager
def _client(ensemble: Ensemble, chroot: str) -> Iterator[KazooClient]:
    with ExitStack() as stack:
        for path in ("", chroot):
            client = connect(ensemble.hosts + path, SESSION)
            stack.callback(client.close)
            stack.callback(client.stop)
            if not path:
                client.ensure_path(chroot)
                stack.callback(delete_tree, client, chroot)
        yield client


@contextmanager
def _processes(
    folder: Path, hosts: str, subject: str, processes: int, threads: int
) -> Iterator[list[subprocess.Popen[bytes]]]:
    settings = {"hosts": hosts, "subject": subject, "threads": threads, "session": SESSION}
    crowd = []
    try:
        for number in range(processes):
            who = {"who": f"c{number}", "history": str(folder / f"c{number}.jsonl")}
            command = [sys.executable, "-m", "tests.chaos.crowd_worker"]
            command.append(json.dumps(settings | who))
            crowd.append(subprocess.Popen(command, stdin=subprocess.PIPE, cwd=_ROOT))
        yield crowd
    finally:
        for process in crowd:
            process.kill()
            process.wait()
            assert process.stdin is not None
            process.stdin.close()


def _say(process: subprocess.Popen[bytes], line: str) -> None:
    assert process.stdin is not None
    process.stdin.write(line.encode() + b"\n")
    process.stdin.flush()


def _queue(client: KazooClient) -> list[str]:
    try:
        return list(client.get_children(FOLDER))
    except NoNodeError:
        return []


def _wait_for(client: KazooClient, length: int) -> None:
    wait_until(lambda: len(_queue(client)) == length, _PATIENCE, what=f"a queue of {length}")


def _watches(ensemble: Ensemble) -> int:
    """On the nodes of the lock, by all sessions, on all servers."""
    tables = [member.watches() for member in ensemble]
    return sum(len(who) for table in tables for path, who in table.items() if FOLDER in path)
