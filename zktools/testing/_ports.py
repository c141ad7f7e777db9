"""Ports on loopback that no other test run takes."""

from __future__ import annotations

import random
import socket
from contextlib import closing, suppress

LOOPBACK = "127.0.0.1"

# Below the ranges from which Linux (32768 up) and macOS (49152 up) give ports to outgoing
# connections. Inside them a client that retries a dead server's port can be given that very port
# as its own and so connect to itself, and keep the server from ever coming back.
_FIRST, _LAST = 20000, 32000


class Port:
    """A TCP port number that is ours until `release()` or the end of this process.

    The server that is to listen there is another process, and comes and goes, so the TCP port
    itself cannot be held for it. The UDP port of the same number can: it is the sign that the
    number is taken, the same for all runs on the machine, and the kernel takes it down with us.
    """

    def __init__(self, number: int, claim: socket.socket) -> None:
        self.number = number
        self._claim = claim

    def release(self) -> None:
        """Let others have the number."""
        self._claim.close()


def claim_port(number: int | None = None) -> Port:
    """Claim a port on loopback: this one, or one that is free.

    Raises:
        OSError: it is in use; or thousands were tried and none is free.
    """
    if number is not None:
        return _claim(number)
    for candidate in random.sample(range(_FIRST, _LAST), k=2000):
        with suppress(OSError):
            return _claim(candidate)
    raise OSError(f"no free port between {_FIRST} and {_LAST} on {LOOPBACK}")


def _claim(number: int) -> Port:
    claim = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        claim.bind((LOOPBACK, number))
        _check_unused(number)
    except BaseException:
        claim.close()
        raise
    return Port(number, claim)


def _check_unused(number: int) -> None:
    with closing(socket.socket(socket.AF_INET, socket.SOCK_STREAM)) as probe:
        # As servers do, so that connections left in TIME_WAIT by an earlier one do not count.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind((LOOPBACK, number))
