"""A lock that is right, on kazoo's public interface alone, with nothing to spare for speed."""

from __future__ import annotations

import threading
import uuid
from typing import Any

from kazoo.client import KazooClient
from kazoo.exceptions import ConnectionLoss, KazooException, NoNodeError, SessionExpiredError
from kazoo.protocol.states import KazooState, ZnodeStat

from tests.chaos.history import now
from zktools._engine.session import session_of

_UNSURE = (ConnectionLoss, SessionExpiredError)


class PlainLock:
    """Exclusive. One object for one attempt.

    `held` is true while a transaction that checks our own node, answered in this connection, was
    sent less than two thirds of a session timeout ago: of the shortest that was granted meanwhile,
    which kazoo does not tell, and zktools does. `token` is the czxid of our node.
    """

    def __init__(self, client: KazooClient, folder: str, who: str, session_timeout: float) -> None:
        self.client = client
        self.folder = folder
        self.who = who
        self.session_timeout = min(session_timeout, granted(client))
        self.guid = uuid.uuid4().hex
        self.name: str | None = None
        self.stat: ZnodeStat | None = None
        self.granted = False
        self.lost = False
        self._proven = self._asked = float("-inf")
        self._epoch = 0
        self._changed = threading.Event()
        self._cancelled = False
        client.add_listener(self._on_state)

    # -- what a worker uses

    def acquire(self, timeout: float | None = None) -> bool:
        """Queue and wait; False when the time ran out or it was cancelled."""
        deadline = None if timeout is None else now() + timeout
        try:
            self.wait_for_turn(deadline)
            self._prove(deadline)
            self.granted = True
        except self.client.handler.timeout_exception:
            self.granted = False
        finally:
            if not self.granted:
                self.leave()
        return self.granted

    def cancel(self) -> None:
        """Make `acquire` give up."""
        self._cancelled = True
        self._changed.set()

    @property
    def held(self) -> bool:
        """Whether it is certain at this moment. Never blocks."""
        if not self.granted or self.lost:
            return False
        at = now()
        if at - self._asked > self.session_timeout / 10 and self.client.connected:
            self._send_proof()
        return self.client.connected and at < self._proven + self.session_timeout * 2 / 3

    @property
    def token(self) -> int:
        """The fencing token."""
        assert self.stat is not None
        return self.stat.czxid

    def transaction(self) -> Any:
        """A transaction that is refused when our node is gone."""
        request = self.client.transaction()
        request.check(self.path, -1)
        return request

    def release(self) -> bool:
        """Let go."""
        held, self.granted = self.held, False
        self.leave()
        return held

    # -- how it works; what the broken ones change

    @property
    def path(self) -> str:
        """Of our node."""
        return f"{self.folder}/{self.name}"

    @property
    def prefix(self) -> str:
        """What the server completes with a sequence number."""
        return f"lock-{self.guid}-"

    def look(self) -> Any:
        """Ask for our node; an async result."""
        request = self.client.transaction()
        request.check(self.path, -1)
        return request.commit_async()

    def is_there(self, answer: Any) -> bool:
        """Whether our node is, by the answer to `look`."""
        return not isinstance(answer[0], Exception)

    def regranted(self, timeout: float) -> None:
        """A new connection was granted this session timeout."""
        self.session_timeout = min(self.session_timeout, timeout)

    def wait_for_turn(self, deadline: float | None) -> None:
        """Return once nobody is ahead of us."""
        while (ahead := self.ahead(deadline)) is not None:
            self.wait_for(ahead, deadline)

    def ahead(self, deadline: float | None) -> str | None:
        """Who is right ahead of us; enters the queue when we are not in it."""
        names = self.sorted(self.list(deadline))
        while self.name not in names:
            self.enter(deadline)
            names = self.sorted(self.list(deadline))
        place = names.index(self.name)
        return names[place - 1] if place else None

    def sorted(self, names: list[str]) -> list[str]:
        """In the order of the queue."""
        return sorted(names, key=sequence_of)

    def list(self, deadline: float | None) -> list[str]:
        """The names in the queue, as fresh as the leader has them."""
        while True:
            try:
                self.client.sync_async(self.folder)
                return list(self.ask(self.client.get_children_async(self.folder), deadline))
            except NoNodeError:
                self.ask(self.client.ensure_path_async(self.folder), deadline)
            except _UNSURE:
                self._pause(deadline)

    def enter(self, deadline: float | None) -> None:
        """Make our node, or find that we have."""
        try:
            self._create(deadline)
        except NoNodeError:
            return  # the folder is gone; `list` makes it
        except _UNSURE:
            self._pause(deadline)
            mine = [name for name in self.list(deadline) if self.guid in name]
            if mine:
                self.name = min(mine, key=sequence_of)
                self.stat = self.ask(self.client.exists_async(self.path), deadline)

    def wait_for(self, name: str, deadline: float | None) -> None:
        """Return when this node is gone, or anything else may have changed."""
        self._changed.clear()
        try:
            look = self.client.exists_async(f"{self.folder}/{name}", watch=self._on_event)
            if self.ask(look, deadline) is None:
                return
        except _UNSURE:
            self._pause(deadline)
            return
        self.sleep(deadline)

    def leave(self) -> None:
        """Delete our node, in the background if need be."""
        self.client.remove_listener(self._on_state)
        threading.Thread(target=self.remove, daemon=True).start()

    def remove(self) -> None:
        """Delete all that we may have made, until that is certain."""
        session = self.stat.ephemeralOwner if self.stat is not None else None
        while session is None or self.client.client_id is None or session == self._session():
            try:
                self.client.sync(self.folder)
                for name in self.client.get_children(self.folder):
                    if self.guid in name:
                        self.client.delete(f"{self.folder}/{name}")
            except NoNodeError:
                return
            except KazooException:
                threading.Event().wait(0.05)
            else:
                return

    def ask(self, result: Any, deadline: float | None) -> Any:
        """The value of an async result, in time."""
        left = None if deadline is None else max(deadline - now(), 0)
        return result.get(timeout=left)

    def sleep(self, deadline: float | None) -> None:
        """Wait until something changes."""
        left = None if deadline is None else max(deadline - now(), 0)
        if not self._changed.wait(left) or self._cancelled:
            raise self.client.handler.timeout_exception

    # -- inside

    def _create(self, deadline: float | None) -> None:
        made = self.client.create_async(
            f"{self.folder}/{self.prefix}",
            self.who.encode(),
            ephemeral=True,
            sequence=True,
            include_data=True,
        )
        path, self.stat = self.ask(made, deadline)
        self.name = path.rpartition("/")[2]

    def _prove(self, deadline: float | None) -> None:
        while not (self._send_proof() and self._wait_for_proof(deadline)):
            self._pause(deadline)
            self.wait_for_turn(deadline)

    def _send_proof(self) -> bool:
        sent, epoch = now(), self._epoch
        self._asked = sent
        self._look = self.look()
        self._look.rawlink(lambda look: self._answered(look, sent, epoch))
        return True

    def _wait_for_proof(self, deadline: float | None) -> bool:
        try:
            return self.is_there(self.ask(self._look, deadline))
        except _UNSURE:
            return False

    def _answered(self, look: Any, sent: float, epoch: int) -> None:
        if not look.successful() or epoch != self._epoch:
            return
        if not self.is_there(look.value):
            self.lost = self.granted
        else:
            self._proven = max(self._proven, sent)

    def _session(self) -> int | None:
        client_id = self.client.client_id
        return client_id[0] if client_id is not None else None

    def _pause(self, deadline: float | None) -> None:
        self._changed.clear()
        if not self.client.connected:
            self.sleep(deadline)

    def _on_event(self, _event: Any) -> None:
        self._changed.set()

    def _on_state(self, state: str) -> None:
        if state != KazooState.CONNECTED:
            self._epoch += 1
            self._proven = float("-inf")
        else:
            self.regranted(granted(self.client))
        if state == KazooState.LOST and self.granted:
            self.lost = True
        self._changed.set()


def granted(client: KazooClient) -> float:
    """The session timeout of the newest connection, in seconds."""
    return session_of(client).wire.session_timeout


def sequence_of(name: str) -> int:
    """What the server appended."""
    return int(name[-10:])
