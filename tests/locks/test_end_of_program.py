"""Programs at their end: from Python 3.12 on no thread can be started once the main one is over."""

import subprocess
import sys
import textwrap

import pytest

HEAD = """
import atexit, sys, threading, time
from kazoo.client import KazooClient
from zktools import Node, ZkLock, hooks
from zktools._engine import delivery, worker

delivery.LINGER = worker.LINGER = 0.01
zk = KazooClient(sys.argv[1], timeout=4)
zk.start()
lock = ZkLock(zk, "x")

def rest():
    time.sleep(0.1)  # so long that threads which stay when idle for a moment only are gone

def say(*words):
    print(*words, flush=True)
"""

WAYS = {
    "a first acquire at exit": """
        rest()
        def end():
            with lock(timeout=3) as lease:
                say(lease.is_held)
        atexit.register(end)
        """,
    "a release at exit, with an observer": """
        hooks.observe(lambda event: None)
        lock.acquire()
        rest()
        atexit.register(lambda: say(lock.release()))
        """,
    "a look at the queue at exit": """
        lock.acquire()
        rest()
        atexit.register(lambda: say(len(lock.contenders()) == 1))
        """,
    "a write at exit, with a subscriber": """
        heard = threading.Event()
        node = Node(zk, "/n", 0)
        @node.subscribe
        def told(value):
            if value:
                heard.set()
        rest()
        def end():
            node.value = 1
            say(heard.wait(3))
        atexit.register(end)
        """,
    "a thread that goes on, and is asked": """
        @lock.on_revoke
        def asked(lease, reason):
            lease.release()
        def work():
            threading.main_thread().join()
            rest()
            lock.acquire(timeout=3)
            rest()
            say(ZkLock(zk, "x").acquire(timeout=3, revoke=True))
            zk.stop()
        threading.Thread(target=work).start()
        """,
    "an exit under the lock": """
        with lock(timeout=3) as lease:
            say(lease.is_held)
            sys.exit()
        """,
}


@pytest.mark.parametrize("way", WAYS)
def test_a_program_ends_as_it_says(way, zk_server):
    """It does its last work, ends by itself, and complains of nothing."""
    program = HEAD + textwrap.dedent(WAYS[way])

    ran = subprocess.run(
        [sys.executable, "-c", program, zk_server.hosts],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )

    assert (ran.stdout, ran.stderr, ran.returncode) == ("True\n", "", 0)
