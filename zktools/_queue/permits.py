"""The queue of a semaphore as one program sees it, for every face."""

from __future__ import annotations

from collections.abc import Sequence

from kazoo.client import KazooClient
from kazoo.security import ACL

from zktools._engine.arguments import check_count
from zktools._engine.steps import Steps
from zktools._queue.contenders import listing
from zktools._queue.demand import Demand
from zktools._queue.layouts import SEMAPHORE
from zktools._queue.queue import Queue
from zktools._queue.size import resize
from zktools.exceptions import SemaphoreSizeError


class PermitQueue(Queue):
    """The queue of one semaphore. Making one checks the arguments and sends nothing."""

    def __init__(
        self,
        connection: KazooClient,
        name: str,
        root: str,
        permits: int | None,
        *,
        identifier: str | None,
        acl: Sequence[ACL] | None,
        session_timeout: float | None,
    ) -> None:
        super().__init__(
            connection,
            name,
            root,
            words=("name", "root"),
            layout=SEMAPHORE,
            permits=None if permits is None else check_count(permits, "permits"),
            identifier=identifier,
            acl=acl,
            session_timeout=session_timeout,
        )

    def demand(self, timeout: object, revoke: object, grace: object, weight: object = 1) -> Demand:
        """The checked arguments of an acquire."""
        demand = super().demand(timeout, revoke, grace, weight)
        if self.permits is not None and demand.weight > self.permits:
            raise SemaphoreSizeError(
                f"weight={weight} can never be granted: {self.folder} has {self.permits} permits"
            )
        return demand

    def size(self) -> Steps[int | None]:
        """How many permits there are; None when nobody has said so."""
        self.session.check_usable()
        size = self.layout.size((yield from listing(self.session, self.folder)))
        return size.permits if size is not None else None

    def resize(self, permits: int) -> Steps[None]:
        """Change the number of permits for all."""
        self.session.check_usable()
        yield from resize(self.session, self.folder, permits, self.acl)
        self.permits = permits
