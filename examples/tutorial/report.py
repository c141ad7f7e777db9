"""Writes a report, one part a second, and only one process at a time may do so."""

import os
import sys

from kazoo.client import KazooClient

from zktools import ZkLock

zk = KazooClient(os.environ.get("ZOOKEEPER_HOSTS", "127.0.0.1:2181"))
zk.start()
lock = ZkLock(zk, "report", identifier=sys.argv[1])

print("waiting for the lock", flush=True)
with lock as lease:
    print("the lock is mine, token", lease.token, flush=True)
    for part in range(1, 61):
        lease.check()  # LockLost, should the lock not be ours any more
        if lease.revoked:
            print("somebody needs the lock: stopping after part", part - 1, flush=True)
            break
        print("part", part, flush=True)
        lease.lost.wait(1)  # stands for a second of work

print("the lock is free again", flush=True)
zk.stop()
