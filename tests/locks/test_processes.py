"""Holders in processes of their own, which are stopped and killed."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.locks.support import NAME


class Holder:
    """A process that holds a lock; see holder.py."""

    def __init__(self, hosts, timeout):
        program = Path(__file__).with_name("holder.py")
        self.process = subprocess.Popen(
            [sys.executable, str(program), hosts, NAME, str(timeout)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def said(self):
        """Read the next thing it says."""
        return json.loads(self.process.stdout.readline())

    def tell(self, word):
        """Give it a word on its input."""
        self.process.stdin.write(word + "\n")
        self.process.stdin.flush()

    def signal(self, number):
        """Send its process a signal."""
        os.kill(self.process.pid, number)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.stdin.close()
        self.process.stdout.close()
        self.process.wait()


@pytest.mark.slow
def test_a_process_that_is_stopped_for_longer_than_its_session(zk_hosts, zk, lock):
    """Woken, it does not believe at its very first look, and what it writes is refused.

    kazoo's Lock, in the notes: `is_acquired` stays True.
    """
    zk.create("/fenced", b"")
    with Holder(zk_hosts + zk.chroot, 1.0) as holder:
        token = holder.said()["token"]
        holder.signal(signal.SIGSTOP)
        assert lock.acquire(timeout=8)
        assert lock.lease.token > token
        with lock.lease.transaction() as t:
            t.set_data("/fenced", b"ours")
        woken = time.monotonic()
        holder.signal(signal.SIGCONT)

        holder.tell("write")
        looks, outcomes = [], None
        while len(looks) < 20 or outcomes is None:
            said = holder.said()
            if "look" in said:
                looks.append(said)
            else:
                outcomes = said["outcomes"]
        assert all(look["look"] > woken - 0.01 for look in looks)
        assert not any(look["held"] for look in looks)
        assert looks[-1]["revoked"]
        assert outcomes[0] == "LockLost"
        assert outcomes[1] in ("LockLost", "OutcomeUnknownError")
        assert zk.get("/fenced")[0] == b"ours"
        assert lock.lease.is_held


@pytest.mark.slow
def test_a_process_that_is_killed(zk_hosts, zk, lock):
    """The next one gets the lock when the session is over, and not later."""
    with Holder(zk_hosts + zk.chroot, 1.0) as holder:
        holder.said()
        holder.signal(signal.SIGKILL)
        began = time.monotonic()
        assert lock.acquire(timeout=8)
        assert time.monotonic() - began < 1.0 + 0.2 + 0.6
