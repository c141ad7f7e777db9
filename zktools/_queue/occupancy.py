"""Who has a kept node: one use of it, nobody just now, or nobody any more. Pure.

::

    USED ── leave ──► FREE ── take ──► USED
                        │
                        └──── close ──► CLOSED

A user's thread takes and leaves, the engine closes, at the same time. Each change is one step of a
dict's: no signal and no fork divides it, and there is no lock to be left taken.
"""

from __future__ import annotations

_WHO = "who"
_CLOSED = object()


class Occupancy:
    """Begins used by `first`."""

    def __init__(self, first: object) -> None:
        self._by: dict[str, object] = {_WHO: first}

    def take(self, use: object) -> bool:
        """Let `use` have it. False when somebody else has it, or it is closed."""
        return self._by.setdefault(_WHO, use) is use

    def leave(self) -> None:
        """Nobody has it from here on. To be called once by who has it, and by nobody else."""
        self._by.pop(_WHO, None)

    def close(self) -> bool:
        """Let nobody have it any more. False when somebody has it."""
        return self._by.setdefault(_WHO, _CLOSED) is _CLOSED

    def is_by(self, use: object) -> bool:
        """Whether `use` has it."""
        return self._by.get(_WHO) is use

    @property
    def is_used(self) -> bool:
        """Whether anybody has it."""
        return self._by.get(_WHO, _CLOSED) is not _CLOSED
