"""What an attempt tells of its lease."""

from __future__ import annotations

from typing import Any


class Leased:
    """For attempts that keep theirs in `_lease`."""

    again = False
    _lease: Any = None

    def held(self) -> bool:
        """Whether it says that it is held."""
        return bool(self._lease.is_held)

    def revoked(self) -> bool:
        """Whether it says that it was revoked."""
        return bool(self._lease.revoked)

    def token(self) -> int | None:
        """Its fencing token."""
        return int(self._lease.token)
