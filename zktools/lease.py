"""The lease: what is held, for as long as it can be proven."""

from zktools._queue.terms import Reason
from zktools._threads.lease import Lease
from zktools._threads.transaction import FencedTransaction

__all__ = ["FencedTransaction", "Lease", "Reason"]
