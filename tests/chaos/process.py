"""What every process of a campaign is made of: a client, a history, and an ear for its parent.

It is started with its settings as JSON. On its standard input it takes ``drain`` (end what is under
way, then begin nothing new), ``stop``, JSON objects that say how the next attempt is to be, and
``forget`` (what was ordered and not yet ended). When its input ends it ends.
"""

from __future__ import annotations

import faulthandler
import json
import logging
import os
import random
import signal
import sys
import threading
from pathlib import Path
from typing import Any

from kazoo.client import KazooClient

from tests.chaos.history import Journal, now
from tests.chaos.unruly import is_mischief
from zktools._engine.session import session_of


class Process:
    """Lives until it is told to stop."""

    def __init__(self, settings: dict[str, Any]) -> None:
        self.settings = settings
        self.who: str = settings["who"]
        self.journal = Journal(Path(settings["history"]), self.who)
        self.rng = random.Random(f"{settings['seed']}-{self.who}-{settings['life']}")
        self.session_timeout: float = settings["session_timeout"]
        self.draining, self.stopping = threading.Event(), threading.Event()
        self.orders: list[dict[str, Any]] = []
        self.forgets = 0
        self.client = connect(settings["hosts"], self.session_timeout)
        self.baseline = 0
        delivery = session_of(self.client).delivery
        for pool in (delivery.revocations, delivery.subscribers, delivery.observers):
            pool.stand_by()  # a thread that stays with the client is not left over

    def run(self) -> None:
        """Until drained and stopped."""
        raise NotImplementedError

    def write_residue(self, patience: float = 2.0) -> None:
        """Write down what was left in this process, once it had the time to be cleaned up."""
        deadline = now() + patience
        while any((found := self._residue()).values()) and now() < deadline:
            self.stopping.wait(0.05)
        self.journal.write("residue", found=found)

    def _residue(self) -> dict[str, int]:
        tables = (self.client._data_watchers, self.client._child_watchers)
        return {
            "threads": max(threading.active_count() - self.baseline, 0),
            "listeners": len(self.client.state_listeners),
            "watchers": sum(len(watchers) for table in tables for watchers in table.values()),
        }

    def listen(self) -> None:
        """Obey the parent."""
        for line in sys.stdin:
            if line == "stop\n":
                self.stopping.set()
                return
            if line == "drain\n":
                self.draining.set()
            elif line == "forget\n":
                self.orders.clear()
                self.forgets += 1
            else:
                self.orders.append(json.loads(line))
        os._exit(1)  # our parent is gone


def connect(hosts: str, session_timeout: float) -> KazooClient:
    """A started client that reconnects soon and for ever."""
    retry = {"max_tries": -1, "delay": 0.02, "max_delay": 0.3}
    client = KazooClient(hosts, session_timeout, connection_retry=retry)
    client.start_async().wait()
    return client


class _Errors(logging.Handler):
    """What the library logs as an error is one."""

    def __init__(self, journal: Journal) -> None:
        super().__init__(logging.ERROR)
        self._journal = journal

    def emit(self, record: logging.LogRecord) -> None:
        if not is_mischief(record):
            self._journal.write("logged", text=self.format(record))


def main(made: type[Process]) -> None:
    """Run one."""
    faulthandler.register(signal.SIGUSR1, all_threads=True)
    logging.getLogger("kazoo").setLevel(logging.CRITICAL)  # what broke is in the nemesis' history
    process = made(json.loads(sys.argv[1]))
    logging.getLogger("zktools").addHandler(_Errors(process.journal))
    threading.Thread(target=process.listen, daemon=True).start()
    process.baseline = threading.active_count()
    process.journal.write("started", pid=os.getpid())
    process.run()
    process.client.stop()
    process.client.close()
