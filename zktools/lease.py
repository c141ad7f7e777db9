"""The lease: what is held, for as long as it can be proven."""

from zktools._queue.terms import Reason
from zktools._queue.transaction import FencedTransaction
from zktools._threads.lease import Lease

__all__ = ["FencedTransaction", "Lease", "Reason"]
