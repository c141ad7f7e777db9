"""One worker process: takes the lock, works under it, lets go, over and over, and writes it down.

Started by `fleet` as ``python -m tests.chaos.worker``; see `process`. A JSON object on its standard
input says how the next attempt is to be.
"""

from __future__ import annotations

import os
import random
import threading
import traceback
from pathlib import Path
from typing import Any

from kazoo.exceptions import KazooException

from tests.chaos.history import now
from tests.chaos.occupancy import Occupancy
from tests.chaos.process import Process, main
from tests.chaos.register import RegisterClient
from tests.chaos.sampler import Sampler
from tests.chaos.subjects import ACQUIRED, EXCLUSIVE_ONLY, SUBJECTS, UNKNOWN, Attempt, plain_set
from zktools.exceptions import ZkToolsError

GUARDED, UNGUARDED = "/guarded", "/unguarded"


class Plan:
    """How the next attempt is to be."""

    def __init__(self, rng: random.Random, session_timeout: float, *, shared: bool) -> None:
        self.kind = "read" if shared and rng.random() < 0.15 else "write"
        self.timeout: float | None = None
        self.revoke: str | None = None
        self.cancel_after: float | None = None
        self.forks = False
        self.hold = rng.choice((rng.uniform(0.005, 0.03), rng.uniform(0.03, 0.15)))
        manner = rng.random()
        if manner < 0.08:
            self.timeout = 0.0
        elif manner < 0.2:
            self.timeout = rng.uniform(0.1, 2 * session_timeout)
        elif manner < 0.26:
            self.cancel_after = rng.uniform(0, 0.3)
        elif manner < 0.34 and shared:
            self.revoke = "ask"


class Worker(Process):
    """Takes the lock until it is told to stop."""

    def __init__(self, settings: dict[str, Any]) -> None:
        super().__init__(settings)
        self.shared = settings["subject"] not in EXCLUSIVE_ONLY
        self.register = RegisterClient(settings["register"])
        self.occupancy = Occupancy(Path(settings["occupancy"]))
        self.subject = SUBJECTS[settings["subject"]](
            self.client, self.who, self.session_timeout, self._told
        )

    def run(self) -> None:
        """Until drained and stopped."""
        number = 0
        while not self.draining.is_set():
            number += 1
            try:
                self._once(f"{self.who}.{self.settings['life']}.{number}")
            except Exception:  # noqa: BLE001 - whatever it is, it belongs into the history
                self.journal.write("crashed", text=traceback.format_exc().strip())
            self.draining.wait(self.rng.uniform(0, 0.03))
        self.write_residue()
        self.stopping.wait()

    # -- one attempt

    def _once(self, hold: str) -> None:
        plan = Plan(self.rng, self.session_timeout, shared=self.shared)
        for name, value in (self.orders.pop(0) if self.orders else {}).items():
            setattr(plan, name, value)
        attempt = self.subject.attempt(plan.kind)
        if not self._acquire(attempt, hold, plan):
            return
        token = attempt.token()
        self.journal.write("acquired", id=hold, token=token, again=attempt.again)
        sampler = Sampler(self.journal, hold, attempt.held)
        try:
            if plan.kind == "write":
                self._work(attempt, hold, token, plan.hold, forks=plan.forks)
            else:
                self._dwell(attempt, plan.hold)
        finally:
            last = sampler.stop()
            self.journal.write("release", id=hold, last=last)
            self._release(attempt, hold)

    def _acquire(self, attempt: Attempt, hold: str, plan: Plan) -> bool:
        facts = {"kind": plan.kind, "timeout": plan.timeout, "revoke": plan.revoke}
        facts["hold"] = round(plan.hold, 3)
        self.journal.write("acquire", id=hold, **facts)
        timer = None
        if plan.cancel_after is not None:
            timer = threading.Timer(plan.cancel_after, attempt.cancel)
            timer.daemon = True
            timer.start()
        try:
            outcome = attempt.acquire(plan.timeout, plan.revoke)
        except (KazooException, ZkToolsError) as error:
            self.journal.write("failed", id=hold, error=repr(error))
            return False
        except BaseException as error:
            self.journal.write("failed", id=hold, error=repr(error))
            raise
        finally:
            if timer is not None:
                timer.cancel()
                timer.join()
        if outcome != ACQUIRED:
            self.journal.write(outcome, id=hold)
        return outcome == ACQUIRED

    def _release(self, attempt: Attempt, hold: str) -> None:
        answer: object = None
        try:
            answer = attempt.release()
        except (KazooException, ZkToolsError) as error:
            answer = repr(error)
        finally:
            self.journal.write("released", id=hold, answer=answer)

    # -- under the lock

    def _work(
        self, attempt: Attempt, hold: str, token: int | None, seconds: float, *, forks: bool
    ) -> None:
        """Read all registers, take some time, write them, trusting the lock alone."""
        mark = self.occupancy.enter(hold)
        if not attempt.held():
            self.journal.write("trespass", id=hold, mark=mark)
        if forks:
            self._fork(attempt, hold)
        read = self.register.read(token)
        guarded, unguarded = self._read(GUARDED), self._read(UNGUARDED)
        self._dwell(attempt, seconds)
        if read["outcome"] == "ok":
            element = self._writing("token", hold, read["value"])
            self._written("token", element, self.register.write(token, element)["outcome"])
        else:
            self._written("token", f"{hold}.token", read["outcome"])
        if guarded is not UNKNOWN:
            element = self._writing("transaction", hold, guarded)
            outcome = attempt.guarded_set(GUARDED, element.encode())
            self._written("transaction", element, outcome)
        if unguarded is not UNKNOWN and attempt.held():
            element = self._writing("unguarded", hold, unguarded)
            self._written("unguarded", element, plain_set(self.client, UNGUARDED, element.encode()))
        found = self.occupancy.look()
        if found != mark and attempt.held():
            self.journal.write("intruder", id=hold, mark=mark, found=found)

    def _fork(self, attempt: Attempt, hold: str) -> None:
        """Have a child, which asks its copy of the lease, writes down what it says, and ends."""
        child = os.fork()
        if not child:
            try:
                self.journal.write("forked", id=hold, held=attempt.held())
            finally:
                os._exit(0)
        os.waitpid(child, 0)

    def _dwell(self, attempt: Attempt, seconds: float) -> None:
        until, forgets = now() + seconds, self.forgets
        while now() < until and forgets == self.forgets and not attempt.revoked():
            if self.draining.wait(0.005):
                return

    def _read(self, path: str) -> str | None:
        try:
            data, _ = self.client.get_async(path).get(timeout=2 * self.session_timeout)
        except (KazooException, self.client.handler.timeout_exception):
            return UNKNOWN
        return data.decode() or None

    def _writing(self, register: str, hold: str, base: str | None) -> str:
        element = f"{hold}.{register}"
        self.journal.write("write", register=register, element=element, base=base)
        return element

    def _written(self, register: str, element: str, outcome: str) -> None:
        self.journal.write("wrote", register=register, element=element, outcome=outcome)

    def _told(self, token: int, reason: str) -> None:
        self.journal.write("told", token=token, reason=reason)


if __name__ == "__main__":
    main(Worker)
