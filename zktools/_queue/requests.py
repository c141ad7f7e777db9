"""The requests that a lock's round trips are made of, on the shortest way there and back.

kazoo hands a result to its completion thread, which hands it on; a create does so twice. A thread
change costs little, but each is in the way of a handover. With kazoo's private ``_call`` the
connection thread gives the reply to the engine itself, and replies arrive in the order in which the
server sent them. Otherwise kazoo's public calls do the same in more steps.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from kazoo.exceptions import ConnectionClosedError
from kazoo.protocol.serialization import Create2, Delete, GetChildren
from kazoo.security import ACL, OPEN_ACL_UNSAFE

from zktools._engine.listing import names_in

if TYPE_CHECKING:
    from zktools._engine.session import Session

_EPHEMERAL_SEQUENTIAL = 3

#: A function, and what it is called with behind the result.
Then = tuple[Callable[..., None], tuple[Any, ...]]


class Reply:
    """The outcome of a request, with the reading half of kazoo's async result."""

    zktools_own = True
    """For the connection, which then gives it what was answered without a way round by kazoo."""

    __slots__ = ("_args", "_function", "_handling", "_run", "exception", "value")

    def __init__(
        self, run: Callable[..., None], function: Callable[..., None], args: tuple[Any, ...]
    ) -> None:
        self._run = run
        self._function = function
        self._args = args
        self._handling = _interrupt()  # by the caller, whose `except KeyboardInterrupt` this may be
        self.value: Any = None
        self.exception: BaseException | None = None

    def successful(self) -> bool:
        """Whether there is a value."""
        return self.exception is None

    def set(self, value: Any) -> None:
        """Kazoo's connection thread brings the value."""
        self.value = value
        self._run(self._function, self, *self._args)

    def set_exception(self, exception: BaseException) -> None:
        """Kazoo's connection thread, or whoever sends when it is closed, brings an error."""
        # ``_call`` takes whatever comes up while it wakes the connection thread for a closed
        # connection, and so does nobody else. An interrupt of the sender's goes on its way; the
        # request stays queued and is answered in time.
        if isinstance(exception, ConnectionClosedError):
            interrupt = _interrupt()
            if interrupt is not None and interrupt is not self._handling:
                raise interrupt
        self.exception = exception
        self._run(self._function, self, *self._args)


def _interrupt() -> BaseException | None:
    """The KeyboardInterrupt, or what else is no Exception, that is being handled in this thread."""
    error = sys.exc_info()[1]
    return None if isinstance(error, Exception) else error


class _Listing(GetChildren):  # type: ignore[misc] # kazoo has no types
    """As kazoo's, for a quarter of the time where there are many names."""

    __slots__ = ()

    @classmethod
    def deserialize(cls, buffer: bytes, offset: int) -> list[str]:
        """The names in the reply, which says ahead how many they are."""
        return names_in(buffer[offset + 4 :])


def create_and_list(
    session: Session,
    folder: str,
    prefix: str,
    data: bytes,
    acl: Sequence[ACL] | None,
    created: Then,
    listed: Then,
) -> None:
    """Create an ephemeral sequential node in a folder, and list the folder as it is then.

    `created` is called with the result of (path, stat), in which the path counts from the root of
    the ensemble; then `listed`, with that of the names.
    """
    path = f"{folder}/{prefix}"
    if session.wire.able:
        permissions = acl or session.client.default_acl or OPEN_ACL_UNSAFE
        create = Create2(session.wire.absolute(path), data, permissions, _EPHEMERAL_SEQUENTIAL)
        listing = _Listing(session.wire.absolute(folder), None)
        session.wire.call(
            (create, Reply(session.bring, *created)), (listing, Reply(session.bring_last, *listed))
        )
        return
    result = session.client.create_async(
        path, data, acl=acl, ephemeral=True, sequence=True, include_data=True
    )
    session.link(result, created[0], *created[1])
    list_children(session, folder, listed[0], *listed[1])


def list_children(session: Session, path: str, function: Callable[..., None], *args: Any) -> None:
    """List the names of a node's children; then ``function(result, *args)``."""
    if session.wire.able:
        request = _Listing(session.wire.absolute(path), None)
        session.wire.call((request, Reply(session.bring, function, args)))
    else:
        session.link(session.client.get_children_async(path), function, *args)


def delete_directly(session: Session, path: str, function: Callable[[Reply], None]) -> None:
    """Delete a node; then ``function(result)`` on kazoo's connection thread. Needs an able wire."""
    request = Delete(session.wire.absolute(path), -1)
    session.wire.call((request, Reply(_run_here, function, ())))


def _run_here(function: Callable[..., None], *args: Any) -> None:
    function(*args)


def delete(session: Session, path: str, function: Callable[..., None], *args: Any) -> None:
    """Delete a node whatever its version; then ``function(result, *args)``."""
    if session.wire.able:
        request = Delete(session.wire.absolute(path), -1)
        session.wire.call((request, Reply(session.bring, function, args)))
    else:
        session.link(session.client.delete_async(path), function, *args)
