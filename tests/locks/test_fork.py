"""Forks: who holds, who does not, and who may begin."""

import subprocess
import sys
import textwrap

import pytest

HEAD = """
import os, signal, sys
from kazoo.client import KazooClient
from zktools import ZkLock

def in_child(function):
    pid = os.fork()
    if pid == 0:
        signal.alarm(15)
        function()
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])

client = KazooClient(sys.argv[1])
"""


#: From 3.12 on Python warns of each fork of a process with threads; kazoo's are such.
QUIET = ["-W", "ignore:This process:DeprecationWarning"]


def run(hosts, program):
    """The exit status of a program of its own, and what it said."""
    ran = subprocess.run(
        [sys.executable, *QUIET, "-c", HEAD + textwrap.dedent(program), hosts],
        capture_output=True,
        text=True,
        timeout=40,
        check=False,
    )
    return ran.returncode, ran.stdout + ran.stderr


def test_a_child_does_not_believe(zk, zk_hosts):
    """It has neither the session nor what runs it: from the fork on it holds nothing."""
    program = """
        from zktools.exceptions import LockLost
        client.start()
        lease = (lock := ZkLock(client, "x")).acquire() and lock.lease

        def child():
            assert not lease.is_held and lease.revoked
            try:
                lease.check()
            except LockLost as error:
                assert "forked" in str(error)
            else:
                os._exit(1)

        assert in_child(child) == 0
        assert lease.is_held and not lease.revoked and lock.release()
        client.stop()
    """
    assert run(zk_hosts + zk.chroot, program) == (0, "")


def test_a_child_leaves_the_body_by_its_own_exit(zk, zk_hosts):
    """``sys.exit`` of a child inside its parent's ``with`` is no error, and releases nothing."""
    program = """
        client.start()
        with ZkLock(client, "x") as lease:
            pid = os.fork()
            if pid == 0:
                sys.exit(3)
            assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 3
            assert lease.is_held and lease.exists()
        client.stop()
    """
    assert run(zk_hosts + zk.chroot, program) == (0, "")


@pytest.mark.parametrize("used_before", [False, True])
def test_servers_that_fork_their_workers(zk, zk_hosts, used_before):
    """Client and lock are made at import; each worker starts the client for itself.

    The parent may have used both before, if it has stopped the client.
    """
    use = "client.start(); lock.acquire(); lock.release(); client.stop()" if used_before else ""
    program = f"""
        lock = ZkLock(client, "x")
        {use}

        def worker():
            client.start()
            with lock(timeout=10) as lease:
                assert lease.is_held
            client.stop()

        assert [in_child(worker), in_child(worker)] == [0, 0]
    """
    assert run(zk_hosts + zk.chroot, program) == (0, "")
