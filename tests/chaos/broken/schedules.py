"""Which fault leads to which defect, and which rule of the checker catches it."""

from __future__ import annotations

from typing import NamedTuple

ROUNDS = 5  #: within which each is caught; usually in the first


class Caught(NamedTuple):
    """One broken lock and its end."""

    subject: str
    fault: str
    rule: str
    session: float = 0.8
    """Seconds that a session lives."""


CAUGHT = [
    Caught("no-recheck", "reset first waiter", "belief"),
    Caught("full-name", "hurry", "token"),
    Caught("lying-flag", "pause holder 3T", "belief"),
    Caught("ignores-suspended", "swallow both holder 3T", "belief"),
    Caught("sequence-token", "delete_folder", "token"),
    Caught("restarted-timeout", "hurry", "deadline"),
    Caught("forgets-create", "lose_reply CREATE2", "ghost"),
    Caught("tries-once", "lose_request DELETE", "ghost"),
    Caught("misses-departures", "late_request EXISTS", "ghost"),
    Caught("no-fence", "delete_candidate holder", "register"),
    Caught("sync-proves", "isolate_leader half_open", "belief"),
    Caught("former-grant", "regrant", "belief", session=1.6),
]
