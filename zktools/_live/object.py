"""What Node, NodeDict and Configuration have in common: a live tree, subscribers, and writes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from types import TracebackType
from typing import Any, Generic, Self, TypeVar

from kazoo.client import KazooClient
from kazoo.security import ACL

from zktools._engine.arguments import check_acl, check_path, check_seconds
from zktools._engine.clock import now
from zktools._engine.latch import Latch
from zktools._engine.outcome import Outcome
from zktools._engine.session import session_of
from zktools._live.entry import Entry, Wants
from zktools._live.hub import hub_of
from zktools._live.moment import Change
from zktools._live.subscribers import Subscribers
from zktools._live.tree import Live
from zktools.exceptions import (
    ClientUnusableError,
    ConflictError,
    MissingNodeError,
    OutcomeUnknownError,
    ZkToolsError,
)
from zktools.values import Codec

S = TypeVar("S")


class LiveObject(Generic[S]):
    """A tree of nodes that shows its state `S`, and can be written to."""

    def __init__(
        self,
        client: KazooClient,
        path: str,
        *,
        acl: Sequence[ACL] | None,
        codec: Codec[Any],
        wants: Callable[[str], Wants],
        state: S,
    ) -> None:
        self.path = check_path(path, "path")
        self._session = session_of(client)
        self._session.check_usable()
        self._client = client
        self._codec = codec
        self._acl = check_acl(acl, "acl")
        self._closed = False
        self._name = f"{type(self).__name__} {self.path}"
        self._subscribers = Subscribers(self._session, state)
        self._live = Live(hub_of(client), self.path, wants, codec, self)

    def _start(self) -> None:
        """Wait until the first state is shown."""
        done = Outcome(self._session.handler)
        self._session.engine.post(self._live.start, done)
        self._session.wait(done, f"reading {self.path}")
        root = self._root()
        if root is not None and root.is_forbidden and root.error is not None:
            raise as_raised(root.error)

    def _root(self) -> Entry | None:
        """The state of the node at `path`."""
        raise NotImplementedError

    # -- what a user asks ----------------------------------------------------------------------

    @property
    def connected(self) -> bool:
        """Whether changes arrive: the client is connected, and this is not closed."""
        return self._session.connected and not self._closed

    def unsubscribe(self, function: Callable[[Any], object]) -> bool:
        """Call `function` no more.

        Returns:
            Whether it was subscribed. A call that has begun goes on.
        """
        return self._subscribers.remove(function)

    def close(self) -> None:
        """Follow no changes and call no subscriber any more; leave no watch or listener behind.

        The last state stays readable. Closing twice is harmless.
        """
        if self._closed:
            return
        self._closed = True
        self._subscribers.close()
        done = Latch(self._session.handler)
        self._session.engine.post(self._live.close)
        self._session.engine.post(done.open)
        done.wait(self._session.wire.session_timeout)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    # -- what the engine tells -----------------------------------------------------------------

    def on_changes(self, changes: dict[str, Change]) -> None:
        """One moment later these states differ. Runs on the engine."""
        raise NotImplementedError

    def on_stopped(self) -> None:
        """The client was stopped. Runs on the engine."""
        self._subscribers.wake()

    # -- for writing ---------------------------------------------------------------------------

    def _check_open(self) -> None:
        if self._closed:
            raise ClientUnusableError(f"{self._name} is closed: make a new one")
        self._session.check_usable()

    def _change(
        self,
        send: Callable[[], Any],
        paths: Iterable[str],
        doing: str,
        *,
        in_steps: bool = False,
    ) -> Any:
        """What a change of `paths` answered, once the state shown has it.

        `send` sends it, on the engine, and gives kazoo's result.

        Refusals that come from an outdated state are raised when the state shown is newer.
        `in_steps` says that it may take several requests, one after another.
        """
        answered, done = Outcome(self._session.handler), Outcome(self._session.handler)
        self._session.engine.post(self._send, send, answered, done, list(paths), in_steps)
        try:
            value = self._session.wait(answered, doing, changes=True)
        except (ConflictError, MissingNodeError) as error:
            self._session.wait(done, doing)
            if in_steps and isinstance(error, MissingNodeError):
                self._check_chroot(doing)
            raise
        try:
            self._session.wait(done, doing)
        except ZkToolsError as error:
            raise OutcomeUnknownError(
                f"{doing}: it was made, but then the connection went away; the state shown here "
                "may be without it until the client is connected again"
            ) from error
        return value

    def _check_chroot(self, doing: str) -> None:
        # Parents are made as they are missing; the chroot cannot be, and trying again is in vain.
        chroot = self._client.chroot
        exists = self._client.exists_async
        if chroot and self._session.wait(self._session.ask(exists, "/"), doing) is None:
            raise ClientUnusableError(
                f"{doing}: the client's chroot {chroot} does not exist: create it first"
            )

    def _send(
        self,
        send: Callable[[], Any],
        answered: Outcome,
        done: Outcome,
        paths: list[str],
        in_steps: bool,
    ) -> None:
        result = self._session.send(answered, send)
        settle = self._live.settle
        if result is None:
            done.set()
        elif self._session.wire.able and not in_steps:
            # Sent right behind the change, the read sees it: one round trip for both.
            settle(paths, done)
        else:
            # When the reply comes, watches have told of the change; only those of a path that was
            # never read cannot have.
            self._session.link_in_order(result, lambda _: settle(paths if in_steps else (), done))

    def _refresh(self, paths: Iterable[str], doing: str) -> None:
        """Read `paths` again, and wait until the result is shown."""
        done = Outcome(self._session.handler)
        self._session.engine.post(self._live.settle, list(paths), done)
        self._session.wait(done, doing)

    def _wait_until(self, ready: Callable[[], bool], timeout: object) -> bool:
        seconds = check_seconds(timeout, "timeout")
        end = None if seconds is None else now() + seconds

        def is_ready() -> bool:
            self._check_open()
            return ready()

        return self._subscribers.wait(is_ready, lambda: None if end is None else end - now())


def as_raised(error: Exception) -> Exception:
    """A copy of `error` to raise, so that the tracebacks of many readers do not pile up in one."""
    copy = type(error)(*error.args)
    copy.__dict__.update(error.__dict__)
    copy.__cause__ = error.__cause__
    return copy
