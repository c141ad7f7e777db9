"""Groups: who is here, and being one of them.

A folder of ephemeral nodes, one for each member, that is kept current as one moment; the "group
membership" recipe of the ZooKeeper documentation. What it tells may be late: a member that died is
shown until its session ends. To have something to oneself takes a lock.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Self, TypeVar

from zktools._engine.steps import run
from zktools._live.blocking import Blocking
from zktools._live.folder import State
from zktools._live.membership import AnyMembership
from zktools._live.roster import MemberChanges, Roster, changes_to_tell

__all__ = ["Group", "MemberChanges", "Membership"]

F = TypeVar("F", bound=Callable[..., object])


class Membership(AnyMembership):
    """One's own place in a group, from :meth:`zktools.Group.join` to :meth:`leave`.

    Its node is there in every session of the client: when one ends, it is made again in the next,
    and so it is when somebody deletes it. Leaving a ``with`` leaves the group.
    """

    def leave(self) -> bool:
        """Leave the group. True when the node was there and is deleted; False otherwise.

        False also when the connection is away: then the node is deleted as soon as possible, or
        ends with the session. Leaving again does nothing and answers as before. In a process forked
        from the one that joined, nothing is left.
        """
        return run(self._leaving())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.leave()


class Group(Roster, Blocking[State]):
    """Who is in a group.

    :param client: a started :class:`kazoo.client.KazooClient`, which stays yours.
    :param path: of the group's folder, absolute; made with its parents when it is missing.
    :param codec: how members' data are stored; by default ``Rules(use_json=True)``: text, numbers,
        lists, dictionaries.
    :param acl: of nodes that are made; the client's ``default_acl`` unless given.
    :raises NotConnectedError: no answer within the session timeout.
    :raises AccessDeniedError: an ACL refuses to list or to make the folder.

    Ten thousand members cost a handful of requests. Each ephemeral node in the folder is a member,
    whoever made it. A context manager, or to be closed: then what this object has joined is left.
    """

    def join(
        self, name: str | None = None, data: Any = None, timeout: float | None = 60.0
    ) -> Membership:
        """Become a member, until it is left; for a ``with`` statement, too.

        :param name: one component of a path; by default host, process number and a random part.
        :param data: what the others see: an address, say.
        :param timeout: seconds to wait for the connection, and for a session that has the name:
            after a restart that is the one of the process before. By default longer than any
            session that a server grants by default (40 s). None waits for ever.
        :raises ConflictError: somebody else still has the name, and the message says which session;
            or this client has joined under it.
        :raises NotConnectedError: there was no connection in that time.
        :raises AccessDeniedError: an ACL refuses it.

        After any exception, nothing of it is left behind, or it is being deleted.
        """
        membership = Membership(self, name, data, timeout)
        run(membership._entering())
        return membership

    def wait_for(
        self, condition: int | Callable[[dict[str, Any]], object], timeout: float | None = None
    ) -> dict[str, Any]:
        """Wait until there are as many members, or until ``condition(members)`` is true.

        :param condition: a number; or a function, which is called on this thread at once and at
            each change, with names and data as :attr:`members` has them.
        :param timeout: seconds; None for no limit.
        :returns: the members at that moment.
        :raises TimeoutError: the time ran out.
        :raises ClientUnusableError: this was closed, or the client stopped.
        """
        return self._run(self._waiting_for(condition, timeout))

    def subscribe(self, function: F) -> F:
        """Call ``function(changes)`` at once, and whenever members join, leave or change.

        `changes` is a :class:`zktools.group.MemberChanges`; in the first call all have joined.
        Otherwise as :meth:`Node.subscribe <zktools.Node.subscribe>`: it may be slow, and what
        changes meanwhile comes in one call; a decorator too.
        """
        self._subscribe(function, changes_to_tell)
        return function
