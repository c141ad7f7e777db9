"""Which fault leads to which defect, in how many rounds, and which rule catches it."""

from __future__ import annotations

from typing import NamedTuple


class Caught(NamedTuple):
    """One broken lock and its end."""

    subject: str
    fault: str
    rounds: int
    rule: str


CAUGHT = [
    Caught("no-recheck", "reset first waiter", 2, "belief"),
    Caught("full-name", "hurry", 1, "token"),
    Caught("lying-flag", "pause holder 3T", 2, "belief"),
    Caught("ignores-suspended", "swallow both holder 3T", 1, "belief"),
    Caught("sequence-token", "delete_folder", 1, "token"),
    Caught("restarted-timeout", "hurry", 1, "deadline"),
    Caught("forgets-create", "lose_reply CREATE2", 2, "ghost"),
    Caught("tries-once", "lose_request DELETE", 2, "ghost"),
    Caught("misses-departures", "late_request EXISTS", 4, "ghost"),
    Caught("no-fence", "delete_candidate holder", 3, "register"),
]
