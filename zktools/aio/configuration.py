"""Configurations for asyncio: reading is local, and needs no await; storing and following do."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, Unpack, overload

from kazoo.client import KazooClient

from zktools._configuration.draft import Plan
from zktools._configuration.history.answers import History, Past
from zktools._configuration.history.record import Record
from zktools._configuration.tree import Tree
from zktools._configuration.typed import AnyConfiguration, M, Options
from zktools._configuration.view import State
from zktools._live.changes import Changes
from zktools.aio._bridge import perform
from zktools.aio._live import Awaiting, Following

__all__ = ["Changes", "Configuration", "History", "Past", "Plan", "Record", "Tree"]


class Configuration(AnyConfiguration[M], Awaiting[State]):
    """A tree of typed values below one node: :class:`zktools.Configuration` for asyncio.

    ::

        async with Configuration(zk, "/config/shop", schema=Settings) as config:
            config["db/pool_size"]; config.model.db.pool_size        # local, of one moment
            await config.store({"db": {"pool_size": 10}})            # one transaction
            await config.wait_for("ready")
            async for changes in config.follow("db"): ...            # all there is, then each store

    The arguments are those of :class:`zktools.Configuration`. Making one sends nothing; entering,
    or :meth:`open`, reads the tree.
    """

    if TYPE_CHECKING:
        # Checkers take a `self` that is given a type for that of the class it stands in.
        @overload
        def __init__(
            self: Configuration[None],
            client: KazooClient,
            path: str,
            defaults: Mapping[str, Any] | None = ...,
            overrides: Mapping[str, Any] | None = ...,
            *,
            schema: None = ...,
            **options: Unpack[Options],
        ) -> None: ...

        @overload
        def __init__(
            self,
            client: KazooClient,
            path: str,
            defaults: Mapping[str, Any] | None = ...,
            overrides: Mapping[str, Any] | None = ...,
            *,
            schema: type[M],
            **options: Unpack[Options],
        ) -> None: ...

        def __init__(self, *args: Any, **kw: Any) -> None: ...

    @property
    def _state(self) -> State:
        self._check_opened()
        return super()._state

    async def store(
        self,
        tree: Mapping[str, Any],
        *,
        replace: bool | Iterable[str] = False,
        remove: Iterable[str] = (),
        version: int | None = None,
        note: str | None = None,
    ) -> int:
        """Store a nested (or flat) dictionary in one transaction: everybody sees all of it at once.

        Arguments, what is returned and what is raised are as for
        :meth:`zktools.Configuration.store`. Cancelled, it may have been stored, whole.
        """
        return await self._perform(self._storing_tree(tree, replace, remove, version, note))

    async def plan(
        self,
        tree: Mapping[str, Any],
        *,
        replace: bool | Iterable[str] = False,
        remove: Iterable[str] = (),
    ) -> Plan:
        """What :meth:`store` would do now; see :meth:`zktools.Configuration.plan`."""
        return await self._perform(self._planning(self._wish(tree, replace, remove)))

    async def apply(self, plan: Plan, *, note: str | None = None) -> int:
        """Carry out a plan, if what it is about has not changed since it was made.

        See :meth:`zktools.Configuration.apply`.
        """
        return await self._perform(self._applying(plan, note))

    async def set(self, key: str, value: Any) -> None:
        """Store one value, as ``config[key] = value`` does where that may block."""
        await self._perform(self._storing_key(key, value))

    async def history(self) -> History:
        """The records of what was stored; see :meth:`zktools.Configuration.history`."""
        return await self._perform(self._reading_history())

    async def keep_history(self, keep: int) -> None:
        """Keep so many records; see :meth:`zktools.Configuration.keep_history`."""
        await self._perform(self._keeping_from_now(keep))

    async def at(self, version: int | str) -> Past:
        """What was stored at a version; see :meth:`zktools.Configuration.at`."""
        return await self._perform(self._looking_at(version))

    async def diff(self, a: int | str, b: int | str | None = None) -> Changes[Any]:
        """What differs between two versions; see :meth:`zktools.Configuration.diff`."""
        return await self._perform(self._comparing(a, b))

    async def rollback(
        self,
        version: int | str,
        *,
        note: str | None = None,
        remove: bool = False,
        partial: bool = False,
    ) -> int:
        """Store what was stored at a version; see :meth:`zktools.Configuration.rollback`."""
        return await self._perform(self._rolling_back(version, note, remove, partial))

    async def plan_rollback(
        self, version: int | str, *, remove: bool = False, partial: bool = False
    ) -> Plan:
        """What :meth:`rollback` would do now."""
        return await self._perform(self._planning_back(version, remove, partial))

    async def tag(self, name: str, version: int | None = None, *, note: str | None = None) -> int:
        """Give a version a name; see :meth:`zktools.Configuration.tag`."""
        return await self._perform(self._tagging(name, version, note))

    async def untag(self, name: str) -> None:
        """Take a name away; see :meth:`zktools.Configuration.untag`."""
        await self._perform(self._untagging(name))

    async def wait_for(
        self,
        key: str,
        condition: Callable[[Any], bool] | None = None,
        *,
        timeout: float | None = None,
    ) -> Any:
        """Wait until `key` has a value, and one that ``condition(value)`` is true for.

        :param key: a key in flat form.
        :param condition: called on the loop at each change.
        :param timeout: seconds; None for no limit.
        :returns: the value.
        :raises TimeoutError: the time ran out.
        :raises ClientUnusableError: this was closed, or the client stopped.
        """
        self._check_opened()
        return await perform(self._waiting_for(key, condition, timeout))

    def follow(self, prefix: str = "") -> Following[Changes[Any]]:
        """For ``async for changes in config.follow("db")``.

        What keys at and below `prefix` there are counts as added at first; then come batches of
        what changed, with what one store changed in one batch. Who is slow gets them together.
        """
        return Following(self, self._render(prefix))

    def __aiter__(self) -> Following[Changes[Any]]:
        """Follow all keys."""
        return self.follow()
