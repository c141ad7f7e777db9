"""A process that holds a lock and says what it believes; for tests that stop it.

    python holder.py HOSTS LOCK TIMEOUT

Prints one JSON object a line. After a pause of its own process it prints what it believed at its
first looks; told ``write`` on its input, what became of a fenced write, and of an unfenced one.
"""

import json
import sys
import threading
import time

from kazoo.client import KazooClient

from zktools.locks import ZkLock

PAUSE = 0.3  # seconds between two looks that mean that the process was stopped


_one_line = threading.Lock()


def _say(**what):
    with _one_line:
        print(json.dumps(what), flush=True)


def watch(lease, looking):
    """Look all the time; report looks that follow a pause."""
    last = time.monotonic()
    after = 0
    while True:
        before = time.monotonic()
        held, revoked = lease.is_held, lease.revoked
        if before - last > PAUSE:
            after = 20
        if after:
            after -= 1
            _say(look=before, held=held, revoked=revoked)
        last = before
        looking.set()
        time.sleep(0.001)


def write(client, lease):
    """Try to write by the lease, and as code does that is past the lease's own check already."""
    outcomes = []
    for refuse in (True, False):
        transaction = lease.transaction()
        transaction.set_data("/fenced", b"stale")
        if not refuse:
            transaction._refuse_if_over = lambda: None
        try:
            transaction.commit()
        except Exception as error:  # noqa: BLE001 - its name is the answer
            outcomes.append(type(error).__name__)
        else:
            outcomes.append("written")
    _say(outcomes=outcomes, connected=client.connected)


def _main():
    hosts, name, timeout = sys.argv[1:]
    client = KazooClient(hosts, timeout=float(timeout), connection_retry={"max_tries": -1})
    client.start()
    lock = ZkLock(client, name)
    lock.acquire()
    looking = threading.Event()
    threading.Thread(target=watch, args=(lock.lease, looking), daemon=True).start()
    looking.wait()
    _say(token=lock.lease.token)
    for line in sys.stdin:
        if line.strip() == "write":
            write(client, lock.lease)


_main()
