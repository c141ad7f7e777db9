"""Who stands in a lock's queue: for people who look, and for programs that report."""

from zktools._queue.contenders import Contender

__all__ = ["Contender"]
