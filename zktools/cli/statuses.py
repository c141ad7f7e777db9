"""The exit statuses of zooky: what a script may rely on."""

from __future__ import annotations

import enum
from typing import Self


class _Documented(enum.IntEnum):
    """Statuses that come with their meaning."""

    meaning: str

    def __new__(cls, value: int, meaning: str) -> Self:
        """Make a member with its meaning, which the documentation shows."""
        member = int.__new__(cls, value)
        member._value_ = value
        member.meaning = meaning
        return member


class Status(_Documented):
    """How a command ended. The documentation's table is made from these."""

    OK = 0, "done, or the answer is yes"
    NO = 1, "the answer is no: not free in time, not confirmed, there are differences"
    USAGE = 2, "the command line is wrong, or a file it names; nothing was done"
    MISSING = 3, "there is no such lock, key, file or chroot"
    REFUSED = 4, "what is there is not, or is no longer, what it would have been done to"
    DENIED = 5, "an ACL or the login refused it"
    UNREACHABLE = 6, "ZooKeeper did not answer in time; nothing was changed"
    UNKNOWN = 7, "the connection broke under a change: it may or may not have been made"
    FAILED = 8, "anything else went wrong"
    PARTIAL = 9, "done, but for keys that may not be read or cannot be decoded; they are named"
    INTERRUPTED = 130, "interrupted with Ctrl-C"


class RunStatus(_Documented):
    """How ``zooky run`` ended, where that is not the command's own exit status."""

    LOST = 121, "the lock was lost, or could not be proven any more; the command was stopped"
    ASKED = 122, "the lock was asked back, and the command was stopped for it"
    NOT_ACQUIRED = 123, "the lock was not acquired in time; the command was not started"
    OWN_FAILURE = 125, "zooky itself failed, wrong usage included; the command was not started"
    NOT_EXECUTABLE = 126, "the command was found but cannot be executed"
    NOT_FOUND = 127, "there is no such command"


#: A command that was ended by signal n gives this plus n, as in a shell.
SIGNALLED = 128
