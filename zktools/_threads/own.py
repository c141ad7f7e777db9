"""What one thread has by way of any object: nobody else could end its waiting for that."""

from __future__ import annotations

from typing import Any

from zktools._engine.session import Session
from zktools._queue import order
from zktools._queue.terms import Terms
from zktools._threads.lease import Lease
from zktools.exceptions import AlreadyHeldError


def leases_here(session: Session) -> list[Lease]:
    """What this thread was granted of this client's, by way of any object."""
    here: Any = session.of_thread
    if not hasattr(here, "leases"):
        here.leases = []
    leases: list[Lease] = here.leases
    return leases


def refuse_waiting_for_oneself(session: Session, terms: Terms) -> None:
    """This thread is about to wait.

    :raises AlreadyHeldError: for what it has itself.
    """
    leases = leases_here(session)
    leases[:] = [lease for lease in leases if not lease._hold.is_over]
    if not leases:
        return
    everything = [each for lease in leases for each in lease._claim.all_terms]
    # In one folder there may be queues of several layouts, which do not see each other.
    held = [t for t in everything if (t.folder, t.layout) == (terms.folder, terms.layout)]
    if terms.kind == order.PERMIT:
        terms.held = sum(each.weight for each in held)
        is_own_blocker = terms.permits is not None and terms.held + terms.weight > terms.permits
    else:
        is_own_blocker = any({each.kind, terms.kind} != {order.READ} for each in held)
    if held and is_own_blocker:
        raise AlreadyHeldError(
            f"this thread holds {terms.folder} already, by way of another object "
            f"({held[0].kind!r}), and would wait for itself as {terms.kind!r}: release that first"
        )
