"""Live nodes for asyncio: reading is local, and needs no await; writing and following do."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, TypeVar, overload

from zktools._engine.arguments import is_name
from zktools._live.changes import Changes
from zktools._live.entry import Entry
from zktools._live.folder import State, to_tell
from zktools._live.node import AnyNode, T
from zktools._live.shown import Shown
from zktools._live.single import children_to_tell, value_to_tell
from zktools.aio._live import Awaiting, Following
from zktools.exceptions import MissingNodeError

__all__ = ["Changes", "Following", "Node", "NodeDict"]

D = TypeVar("D")

_MISSING: Any = object()


class Node(AnyNode[T], Awaiting[Entry | None]):
    """One ZooKeeper node whose value is kept up to date: :class:`zktools.Node` for asyncio.

    ::

        async with Node(zk, "/shop/price", default=1) as price:
            price.value
            await price.set(2)
            await price.update(lambda value: value + 1)
            async for value in price: ...       # the present value, then each change

    The arguments are those of :class:`zktools.Node`. Making one sends nothing; entering, or
    :meth:`open`, reads the node, and creates it when it is missing.
    """

    @property
    def _state(self) -> Entry | None:
        self._check_opened()
        return super()._state

    @property
    def value(self) -> T:
        """The node's value; the default while there is no node. Costs no request.

        :raises InvalidValueError: the codec cannot decode what is stored.
        :raises AccessDeniedError: an ACL refuses to read it.
        """
        return self._value

    async def set(self, value: T) -> None:
        """Store a value, creating the node when it is missing; afterwards this is it.

        :raises NotConnectedError: no answer within the session timeout; nothing was changed.
        :raises OutcomeUnknownError: the connection went away; it may have been stored. So it is
            when the call is cancelled.
        """
        await self._perform(self._storing_value(value))

    async def update(self, function: Callable[[T], T]) -> T:
        """Replace the value by ``function(value)``, again as often as somebody else was faster.

        The function is called on the loop, with the default when the node is missing.

        :returns: the value that was stored.
        :raises NotConnectedError: no answer within the session timeout; nothing was changed.
        :raises OutcomeUnknownError: as for :meth:`set`.
        """
        stored: T = await self._perform(self._updating(function))
        return stored

    async def children(self) -> tuple[str, ...]:
        """The names of the node's children, sorted; kept up to date from the first call on.

        Their data are neither read nor watched. Later calls cost no request.

        :raises AccessDeniedError: an ACL refuses it.
        """
        if not self._scope.root.children:
            await self._perform(self._following_children())
        return tuple(sorted(self.child_names()))

    def __aiter__(self) -> Following[T]:
        """The present value, then each that is written; values written in between are left out."""
        return Following(self, partial(value_to_tell, self._default))

    async def follow_children(self) -> Following[tuple[str, ...]]:
        """For ``async for names in await node.follow_children()``: at once, then at each change."""
        await self.children()
        return Following(self, children_to_tell)


class NodeDict(Shown[T], Awaiting[State]):
    """The children of a node as a mapping of name to value: :class:`zktools.NodeDict` for asyncio.

    ::

        async with NodeDict(zk, "/shop/rates") as rates:
            rates["eur"], len(rates), dict(rates)
            await rates.set("usd", 0.9)
            await rates.update({"usd": 0.9, "gbp": 1.2})     # one transaction
            async for changes in rates: ...     # all there is, then what one transaction changed

    The arguments are those of :class:`zktools.NodeDict`. Making one sends nothing; entering, or
    :meth:`open`, reads the folder, and creates it when it is missing. Reading is local.
    """

    @property
    def _state(self) -> State:
        self._check_opened()
        return super()._state

    async def set(self, key: str, value: T) -> None:
        """Store a value; afterwards the mapping shows it. What is raised: see :meth:`Node.set`."""
        path, data = self._path(key), self._encoded(value, f"the value of {key!r}")
        await self._perform(self._storing(path, data, self._has(key)))

    async def delete(self, key: str) -> None:
        """Delete a key.

        :raises KeyError: there is no such key.
        """
        if not is_name(key):
            raise KeyError(key)
        try:
            await self._perform(self._deleting(key))
        except MissingNodeError:
            raise KeyError(key) from None

    @overload
    async def pop(self, key: str, /) -> T: ...
    @overload
    async def pop(self, key: str, /, default: T | D) -> T | D: ...
    async def pop(self, key: str, /, default: Any = _MISSING) -> Any:
        """Delete `key` and return the value that it had. Of several who try, one gets it.

        What is raised, and what it takes: see :meth:`zktools.NodeDict.pop`.
        """
        entry = await self._perform(self._popping(key)) if is_name(key) else None
        if entry is not None:
            return entry.value
        if default is _MISSING:
            raise KeyError(key)
        return default

    async def popitem(self) -> tuple[str, T]:
        """Delete some key and return it with the value that it had; otherwise as :meth:`pop`."""
        found = await self._perform(self._popping_any())
        if found is None:
            raise KeyError("the dictionary is empty")
        key, entry = found
        return key, entry.value

    async def setdefault(self, key: str, default: T) -> T:
        """The value of `key`; when the server has none, `default`, which is stored."""
        value: T = await self._perform(self._defaulting(key, default))
        return value

    async def update(self, other: Mapping[str, T]) -> None:
        """Store all these values in one transaction: everybody sees all of them at once.

        Only when they take more than the server's limit for one request (1 MB), they are sent in
        several transactions in their order, and a warning in the log says so.
        """
        data = {
            self._path(key): self._encoded(value, f"the value of {key!r}")
            for key, value in other.items()
        }
        await self._perform(self._writing_all(data))

    async def clear(self) -> None:
        """Delete all keys; see :meth:`zktools.NodeDict.clear`."""
        await self._perform(self._clearing())

    def __aiter__(self) -> Following[Changes[T]]:
        """All there is as added, then batches of what changed."""
        return Following(self, to_tell)
