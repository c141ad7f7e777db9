"""Partitions: a fleet shares items, such as shards or tenants, and each item is one member's.

Who is there is a :class:`~zktools.Group`; who has an item holds a lock of its own for it, with a
lease, a fencing token and a queue. When members come and go, only what must move moves, one item
after the other, asked for as any lock is: the owner finishes and lets go, and all others go on.
Kafka's cooperative rebalancing is like it; what that lacks is a token for each item.
:mod:`zktools._partitions.assignment` tells whose an item is to be.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Self, TypeVar

from zktools._engine.arguments import check_callable
from zktools._engine.delivery import Line
from zktools._engine.session import Session
from zktools._engine.steps import run
from zktools._partitions.owner import Owner
from zktools._partitions.partitions import AnyPartitions
from zktools._partitions.place import Face
from zktools._queue.claim import Claim
from zktools._threads.lease import Lease

__all__ = ["Owner", "Partitions"]

log = logging.getLogger("zktools.partitions")

Callback = Callable[[str, Lease], object]
F = TypeVar("F", bound=Callback)


class _Callbacks:
    """Calls users' functions: those of one item one at a time, and beside those of others."""

    def __init__(self, session: Session, name: str) -> None:
        self.assigned_to: list[Callback] = []
        self.revoked_from: list[Callback] = []
        self._session = session
        self._name = name
        self._lines: dict[str, Line] = {}

    def lease(self, claim: Claim) -> Lease:
        """See :class:`~zktools._partitions.place.Face`."""
        return Lease(claim)

    def assigned(self, item: str, lease: Lease) -> None:
        """See :class:`~zktools._partitions.place.Face`."""
        self._line(item).post(self._call, self.assigned_to, item, lease)

    def revoked(self, item: str, lease: Lease, done: Callable[[], None]) -> None:
        """See :class:`~zktools._partitions.place.Face`."""
        self._line(item).post(self._call, self.revoked_from, item, lease)
        self._line(item).post(done)

    def _line(self, item: str) -> Line:
        if item not in self._lines:
            self._lines[item] = self._session.delivery.items.line()
        return self._lines[item]

    def _call(self, functions: list[Callback], item: str, lease: Lease) -> None:
        for function in list(functions):
            try:
                function(item, lease)
            except BaseException:
                name = getattr(function, "__qualname__", repr(function))
                log.exception("%s: the callback %s for %s failed", self._name, name, item)


class Partitions(AnyPartitions[Lease]):
    """One member's part in sharing out items.

    :param client: a started :class:`kazoo.client.KazooClient`, which stays yours.
    :param path: of the folder that all members share, absolute; made when it is missing.
    :param items: names, each one component of a path; the same for all members. See :attr:`items`.
    :param name: of this member, one component of a path; by default host, process number and a
        random part.
    :param weight: how many items this member is to have, compared with the others.
    :param moving: how many of the items that others have are asked for at a time.
    :param grace: seconds after which an owner that was asked and has not let go has its node
        destroyed: it has lost the item, whether it stops or not. None waits for ever.
    :param acl: for all nodes that are made; the client's ``default_acl`` unless given.
    :param session_timeout: seconds that the server grants to sessions, where that is known to be
        less than the client asked for. Otherwise it is found out.

    Making one sends nothing. :meth:`start` begins and :meth:`stop` gives everything back; as a
    context manager it does both.
    """

    def _make_face(self) -> Face:
        self._callbacks = _Callbacks(self._session, self.path)
        return self._callbacks

    def on_assigned(self, callback: F) -> F:
        """Call ``callback(item, lease)`` when an item has become this one's. A decorator too.

        On a thread of zktools' own. It starts the work and returns: what else is to be told of this
        item waits for it, but nothing of others. What it raises is logged. To be given before
        :meth:`start`.
        """
        self._callbacks.assigned_to.append(check_callable(callback, "callback"))
        return callback

    def on_revoked(self, callback: F) -> F:
        """Call ``callback(item, lease)`` when an item is asked for, or lost. A decorator too.

        Once for each that was assigned. It ends the work, and may take its time: the item is let go
        when it has returned, or raised. If the item is lost already, ``lease.is_held`` is False and
        ``lease.reason`` says why; somebody else may have it. Do not call :meth:`stop` in it.
        """
        self._callbacks.revoked_from.append(check_callable(callback, "callback"))
        return callback

    def start(self, timeout: float | None = 60.0) -> None:
        """Become one of those who share, and begin to take items.

        :param timeout: seconds to wait for the connection, and for a session that has the name, as
            :meth:`Group.join <zktools.Group.join>`.
        :raises ConflictError: somebody else still has the name.
        :raises NotConnectedError: there was no connection in that time.
        :raises AccessDeniedError: an ACL refuses it.
        :raises ClientUnusableError: it was started before.

        After any exception, nothing of it is left behind, or it is being deleted.
        """
        self._session.check_usable()
        self._session.delivery.items.stand_by()
        run(self._starting(timeout))

    def stop(self, timeout: float | None = None) -> bool:
        """Share no more: let go of each item after its ``on_revoked``. True when all are let go.

        For good. The others take over one item after the other, as they are let go. In a process
        forked from the one that started, nothing is let go.

        :param timeout: seconds to wait for that; what is not let go by then is once its
            ``on_revoked`` has ended.
        """
        return run(self._stopping(timeout))

    def owners(self) -> dict[str, Owner | None]:
        """Who has each item, asked of the server; None for nobody. Also without a start.

        :raises NotConnectedError: no answer within the session timeout.
        """
        return run(self._owners())

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
