"""Programs that fork their workers, as the how-to shows it."""

import os
import subprocess
import sys
from pathlib import Path

from examples import prefork
from zktools import Node, ZkWriteLock
from zktools.exceptions import ClientUnusableError
from zktools.testing import wait_until

ROOT = Path(__file__).parents[2]


def test_a_client_for_each_worker(zk_hosts, zk_client_factory, zk):
    """Three workers take turns: nothing that one of them counted is lost."""
    done = subprocess.run(
        [sys.executable, "-m", "examples.prefork"],
        cwd=ROOT,
        env={**os.environ, "ZOOKEEPER_HOSTS": zk_hosts + zk_client_factory.chroot},
        capture_output=True,
        text=True,
        check=False,
        timeout=50,
    )

    assert (done.returncode, done.stderr) == (0, "")
    assert zk.get("/prefork/done")[0] == b"15"


def test_what_was_made_before_the_fork(zk):
    """It says at once that it cannot be used, for acquiring as for reading; the parent goes on."""
    lock = ZkWriteLock(zk, "inherited")
    with Node(zk, "/inherited", default=1) as node:
        wait_until(lambda: node.value == 1)

        def worker():
            for use in (lock.acquire, lambda: node.value):
                try:
                    use()
                except ClientUnusableError:
                    continue
                raise AssertionError(use)

        assert prefork.prefork(1, worker) == [0]
        assert lock.acquire(timeout=10)
