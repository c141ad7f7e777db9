"""One process of a crowd: many threads, each of which wants the lock once. See `crowd`."""

from __future__ import annotations

import json
import logging
import sys
import threading
from pathlib import Path

from kazoo.exceptions import KazooException

from tests.chaos.history import Journal, now
from tests.chaos.process import connect
from tests.chaos.subjects import ACQUIRED, SUBJECTS, Attempt
from zktools.exceptions import ZkToolsError


class Contender:
    """One attempt, written down."""

    def __init__(self, attempt: Attempt, journal: Journal, hold: str) -> None:
        self.attempt = attempt
        self._journal = journal
        self._hold = hold

    def acquire(self) -> bool:
        """Whether it was acquired, and not cancelled."""
        self._journal.write("acquire", id=self._hold, kind="write")
        try:
            outcome = self.attempt.acquire(None, None)
        except (KazooException, ZkToolsError) as error:
            self._journal.write("failed", id=self._hold, error=repr(error))
            return False
        if outcome != ACQUIRED:
            self._journal.write(outcome, id=self._hold)
            return False
        self._journal.write("acquired", id=self._hold, token=self.attempt.token())
        at = now()
        if self.attempt.held():
            self._journal.write("believes", t=at, id=self._hold)
        return True

    def release(self) -> None:
        """Let go."""
        at = now()
        last = at if self.attempt.held() else None
        self._journal.write("release", t=at, id=self._hold, last=last)
        self._journal.write("released", id=self._hold, answer=self.attempt.release())

    def run(self) -> None:
        """Acquire, and hold for nothing."""
        if self.acquire():
            self.release()


def main() -> None:
    """Begin all attempts; on ``cancel`` cancel every other one; end when all have ended."""
    settings = json.loads(sys.argv[1])
    logging.getLogger("zktools").addHandler(logging.NullHandler())  # what is raised on purpose
    who, made = settings["who"], SUBJECTS[settings["subject"]]
    journal = Journal(Path(settings["history"]), who)
    client = connect(settings["hosts"], settings["session"])
    # Two halves, because one lock object cancels all who wait on it.
    halves = [made(client, who, settings["session"], lambda *_: None) for _ in range(2)]
    contenders = [
        Contender(halves[n % 2].attempt("write"), journal, f"{who}.{n}")
        for n in range(settings["threads"])
    ]
    threads = [threading.Thread(target=contender.run) for contender in contenders]
    for thread in threads:
        thread.start()
    sys.stdin.readline()
    for contender in contenders[1::2]:
        contender.attempt.cancel()
    for thread in threads:
        thread.join()
    client.stop()
    client.close()


if __name__ == "__main__":
    main()
