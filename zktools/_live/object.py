"""What Node, NodeDict and Configuration have in common: a live tree, subscribers, and writes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Generic, TypeVar

from kazoo.client import KazooClient
from kazoo.security import ACL

from zktools._engine.arguments import check_acl, check_path, check_seconds
from zktools._engine.clock import now
from zktools._engine.latch import Latch
from zktools._engine.outcome import Outcome
from zktools._engine.session import session_of
from zktools._engine.steps import Steps, known
from zktools._live.cache import Cache
from zktools._live.cache_file import CacheFile
from zktools._live.change import Change
from zktools._live.entry import Entry, Scope, as_raised
from zktools._live.found import entry_from_file
from zktools._live.hub import hub_of
from zktools._live.moment import Difference
from zktools._live.subscribers import Follower, Subscribers
from zktools._live.tree import Live
from zktools.exceptions import (
    ClientUnusableError,
    ConflictError,
    MissingNodeError,
    NotConnectedError,
    OutcomeUnknownError,
    ZkToolsError,
)
from zktools.values import Codec

S = TypeVar("S")

#: Requests that are under way at a time.
_AT_A_TIME = 100


class LiveObject(Generic[S]):
    """A tree of nodes that shows its state `S`, and can be written to."""

    def __init__(
        self,
        client: KazooClient,
        path: str,
        *,
        acl: Sequence[ACL] | None,
        codec: Codec[Any],
        scope: Scope,
        state: S,
        cache: Path | None = None,
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
        self._hub = hub_of(client)
        self._scope = scope
        self._cache: Cache | None = None
        if cache is not None:
            self._cache = Cache(self, self._session, CacheFile(cache, self.path))
        self._live = Live(self._hub, self.path, scope, codec, self._cache or self)

    def _begin(self) -> None:
        """It is made. Where making it is opening it, that is to be done here."""

    def _opening(self) -> Steps[None]:
        """Until the first state is shown; closed when that fails."""
        try:
            done = Outcome(self._session.handler)
            self._session.engine.post(self._live.start, done, f"reading {self.path}")
            yield from known(done)
            self._check_readable()
            yield from self._settling_in()
        except Exception as error:
            if self._cache is not None and isinstance(error, NotConnectedError):
                yield from self._starting_on(self._cache, error)
                return
            yield from self._closing()
            raise
        except BaseException:
            self._shut()  # interrupted, or nobody waits any more
            raise

    def _starting_on(self, cache: Cache, error: NotConnectedError) -> Steps[None]:
        """Show what was shown last, until ZooKeeper is there."""
        try:
            entries = cache.load(self._from_file)
        except (OSError, ValueError, LookupError, TypeError) as why:
            yield from self._closing()
            raise NotConnectedError(f"{error}; and there is no other start: {why}") from error
        done = Outcome(self._session.handler)
        self._session.engine.post(cache.begin, entries, done)
        yield from known(done)

    def _from_file(self, path: str, kept: Any) -> Entry:
        return entry_from_file(path, kept, self._scope.of(path, self.path), self._codec)

    @property
    def is_good(self) -> bool:
        """Whether what is shown is worth to be kept."""
        return True

    @property
    def stale(self) -> bool:
        """Whether it shows what was in its cache, because ZooKeeper was away when it was made.

        False as soon as it has been read; subscribers are then called with what differs.
        """
        return self._cache is not None and self._cache.stale

    def _check_readable(self) -> None:
        root = self._root()
        if root is not None and root.is_forbidden and root.error is not None:
            raise as_raised(root.error)

    def _settling_in(self) -> Steps[None]:
        """What an object has to do before its first use."""
        yield from ()

    def _root(self) -> Entry | None:
        """The state of the node at `path`."""
        raise NotImplementedError

    # -- what a user asks ----------------------------------------------------------------------

    @property
    def connected(self) -> bool:
        """Whether changes arrive: the client is connected, and this is not closed."""
        return self._session.readable and not self._closed and not self._subscribers.is_of_parent

    def __repr__(self) -> str:
        if self._subscribers.is_of_parent:
            return f"<{self._name} of the parent process>"
        return f"<{self._name} {self._shown()}{', closed' if self._closed else ''}>"

    def _shown(self) -> str:
        """What is seen of it, for `repr`."""
        raise NotImplementedError

    def _next(self, follower: Follower[S]) -> Steps[object]:
        """What a follower is to be told of next; NOTHING when this was closed."""
        return self._subscribers.next(follower, self._name, self._session.check_usable)

    def _closing(self) -> Steps[None]:
        """Follow no changes any more, until nothing of it is left."""
        if self._closed:
            return
        self._shut()
        if not self._subscribers.is_of_parent:
            done = Latch(self._session.handler)
            self._session.engine.post(done.open)
            yield done, self._session.wire.session_timeout
            yield from self._saving()

    def _saving(self) -> Steps[None]:
        """Until what was shown is in the cache."""
        if self._cache is not None:
            saved = Latch(self._session.handler)
            self._cache.flush(saved)
            yield saved, self._session.wire.session_timeout

    def _shut(self) -> None:
        """The same, without waiting."""
        self._closed = True
        if self._subscribers.is_of_parent:
            return  # what there is to close is closed there
        self._subscribers.close()
        self._session.engine.post(self._live.close)

    # -- what the engine tells -----------------------------------------------------------------

    def on_changes(self, changes: Difference) -> None:
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

    def _changing(
        self,
        send: Callable[[], Any],
        paths: Iterable[str],
        doing: str,
        *,
        in_steps: bool = False,
    ) -> Steps[Any]:
        """What a change of `paths` answered, once the state shown has it.

        `send` sends it, on the engine, and gives kazoo's result.

        Refusals that come from an outdated state are raised when the state shown is newer.
        `in_steps` says that it may take several requests, one after another.
        """
        self._check_open()
        shown = Outcome(self._session.handler)
        settle = partial(self._live.settle, done=shown, doing=doing)
        follow = partial(self._follow, settle, list(paths), in_steps)
        change = Change(self._hub, send, doing, follow)
        self._session.engine.post(change.start)
        try:
            value = yield from known(change.answered)
        except (ConflictError, MissingNodeError) as error:
            yield from known(shown)
            if in_steps and isinstance(error, MissingNodeError):
                yield from self._checking_chroot(doing)
            raise
        finally:
            if not change.answered.ready():
                self._session.engine.post(change.withdraw)
        try:
            yield from known(shown)
        except ZkToolsError as error:
            raise OutcomeUnknownError(
                f"{doing}: it was made, but then the connection went away; the state shown here "
                "may be without it until the client is connected again"
            ) from error
        return value

    def _follow(
        self,
        settle: Callable[[Iterable[str]], None],
        paths: list[str],
        in_steps: bool,
        result: Any,
    ) -> None:
        if self._session.wire.able and paths and not in_steps:
            # Sent right behind the change, the read sees it: one round trip for both.
            settle(paths)
            return

        def answered(result: Any) -> None:
            # By now watches have told of what was changed; but not of a path that was never read,
            # nor, where it was refused, of why.
            settle(paths if in_steps or _was_refused(result) else ())

        self._session.link_in_order(result, answered)

    def _checking_chroot(self, doing: str) -> Steps[None]:
        # Parents are made as they are missing; the chroot cannot be, and trying again is in vain.
        chroot = self._client.chroot
        if not chroot:
            return
        if (yield from self._asking(partial(self._client.exists_async, "/"), doing)) is None:
            raise ClientUnusableError(
                f"{doing}: the client's chroot {chroot} does not exist: create it first"
            )

    def _asking(self, send: Callable[[], Any], doing: str) -> Steps[Any]:
        """What a request that changes nothing answers."""
        (answer,) = yield from self._asking_all([send], doing)
        return answer

    def _asking_all(
        self,
        sends: Sequence[Callable[[], Any]],
        doing: str,
        *,
        but: tuple[type[Exception], ...] = (),
    ) -> Steps[list[Any]]:
        """What several such requests answer; no more at a time than kazoo takes without a block.

        An error is raised, but for those `but` names: they are answers.
        """
        requests = [Change(self._hub, send, doing) for send in sends]
        for first in range(0, len(requests), _AT_A_TIME):
            together = requests[first : first + _AT_A_TIME]
            for request in together:
                self._session.engine.post(request.start)
            for request in together:
                yield request.answered, None
                error = request.answered.exception
                if error is not None and not isinstance(error, but):
                    raise error
        answered = (request.answered for request in requests)
        return [each.exception or each.get() for each in answered]

    def _catching_up(self, paths: Iterable[str], doing: str) -> Steps[None]:
        """Until what is shown has all that was done anywhere before; `paths` are read again.

        The others are as their watches tell: without `paths`, from behind what the server had not
        told yet.
        """
        try:
            yield from self._changing(self._send_check, paths, doing)
        except OutcomeUnknownError as error:
            raise NotConnectedError(*error.args) from error.__cause__

    def _send_check(self) -> Any:
        # A transaction takes a majority of the servers, whatever it comes to; a sync is answered by
        # a leader that may not be one any more.
        request = self._client.transaction()
        request.check(self.path, -1)
        return request.commit_async()

    def _reading(self, paths: Iterable[str], doing: str) -> Steps[None]:
        """Read `paths` again, until the result is shown."""
        self._check_open()
        done = Outcome(self._session.handler)
        self._session.engine.post(self._live.settle, list(paths), done, doing)
        yield from known(done)

    def _waiting_until(self, ready: Callable[[], bool], timeout: object) -> Steps[bool]:
        """Whether ``ready()`` was true in time; it is asked at each change."""
        seconds = check_seconds(timeout, "timeout")
        end = None if seconds is None else now() + seconds

        def is_ready() -> bool:
            self._check_open()
            return ready()

        return self._subscribers.waiting(is_ready, lambda: None if end is None else end - now())


def _was_refused(result: Any) -> bool:
    if not result.successful():
        return True
    value = result.get()
    return isinstance(value, list) and any(isinstance(each, Exception) for each in value)
