"""One defect each. What it is, and where the like was seen."""

# ruff: noqa: ARG002, D102 - what the methods do is written at `PlainLock`

from __future__ import annotations

import threading
from typing import Any

from kazoo.exceptions import ConnectionLoss, KazooException, NoNodeError, SessionExpiredError

from tests.chaos.broken.plain import PlainLock, sequence_of


class NoRecheck(PlainLock):
    """Takes any wake-up for its turn, without looking again (etcd #11456)."""

    def wait_for_turn(self, deadline: float | None) -> None:
        ahead = self.ahead(deadline)
        if ahead is not None:
            self.wait_for(ahead, deadline)


class FullName(PlainLock):
    """Orders the queue by whole names, and those begin with a GUID (ZOOKEEPER-2931)."""

    @property
    def prefix(self) -> str:
        return f"{self.guid}-lock-"

    def sorted(self, names: list[str]) -> list[str]:
        return sorted(names)


class LyingFlag(PlainLock):
    """Its flag is set by acquire, cleared by release, and by nothing else (kazoo's is_acquired)."""

    @property
    def held(self) -> bool:
        return self.granted


class IgnoresSuspended(PlainLock):
    """Believes until it is told that the session is lost, which takes a connection (kazoo #89)."""

    @property
    def held(self) -> bool:
        return self.granted and not self.lost


class SequenceToken(PlainLock):
    """Its token is the sequence number, which starts again with the folder."""

    @property
    def token(self) -> int:
        assert self.name is not None
        return sequence_of(self.name)


class RestartedTimeout(PlainLock):
    """Each wake-up starts the timeout again (kazoo's acquire), and all wake for each departure."""

    def acquire(self, timeout: float | None = None) -> bool:
        self._timeout = timeout
        return super().acquire(None)

    def wait_for_turn(self, deadline: float | None) -> None:
        while True:
            self._changed.clear()
            try:
                self.ask(self.client.get_children_async(self.folder, watch=self._on_event), None)
            except KazooException:
                self.list(None)  # makes the folder, waits for the connection
                continue
            if self.ahead(None) is None:
                return
            if not self._changed.wait(self._timeout) or self._cancelled:
                raise self.client.handler.timeout_exception


class ForgetsCreate(PlainLock):
    """When the reply to its create is lost it makes another node, and queues behind the first."""

    def enter(self, deadline: float | None) -> None:
        try:
            self._create(deadline)
        except NoNodeError:
            return
        except (ConnectionLoss, SessionExpiredError):
            self._pause(deadline)

    def remove(self) -> None:
        if self.name is not None:
            threading.Thread(target=self._delete_one, daemon=True).start()

    def _delete_one(self) -> None:
        self.client.retry(self.client.delete, self.path)


class TriesOnce(PlainLock):
    """Deletes its node once, and takes an error for done (kazoo #732)."""

    def remove(self) -> None:
        try:
            if self.name is not None:
                self.client.delete(self.path)
        except KazooException:
            pass


class MissesDepartures(PlainLock):
    """Watches who is ahead and does not look whether it is still there: a lost wake-up."""

    def wait_for(self, name: str, deadline: float | None) -> None:
        self._changed.clear()
        self.ask(self.client.exists_async(f"{self.folder}/{name}", watch=self._on_event), deadline)
        self.sleep(deadline)


class NoFence(PlainLock):
    """Its transaction does not ask the server whether the lock is still held."""

    def transaction(self) -> object:
        return self.client.transaction()


class SyncProves(PlainLock):
    """Takes a sync for a proof of life, which a deposed leader answers alone (ours before 1.0)."""

    def look(self) -> Any:
        self.client.sync_async(self.folder)
        return self.client.exists_async(self.path)

    def is_there(self, answer: Any) -> bool:
        return answer is not None


class FormerGrant(PlainLock):
    """Goes by what the server granted first, whatever a later one grants (ours before 1.0)."""

    def regranted(self, timeout: float) -> None:
        pass


DEFECTS = {
    "no-recheck": NoRecheck,
    "full-name": FullName,
    "lying-flag": LyingFlag,
    "ignores-suspended": IgnoresSuspended,
    "sequence-token": SequenceToken,
    "restarted-timeout": RestartedTimeout,
    "forgets-create": ForgetsCreate,
    "tries-once": TriesOnce,
    "misses-departures": MissesDepartures,
    "no-fence": NoFence,
    "sync-proves": SyncProves,
    "former-grant": FormerGrant,
}
