"""Wait for conditions instead of for time to pass."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

_SHORTEST, _LONGEST = 0.001, 0.02  # seconds between two looks


def wait_until(
    predicate: Callable[[], T | None], timeout: float = 10.0, *, what: str = "the condition"
) -> T:
    """Call `predicate` until it answers something true, and return that.

    Looks at once, then every few milliseconds. Works for clients under any of kazoo's handlers:
    where gevent is in use its clients go on working meanwhile.

    Args:
        predicate: called without arguments, in this thread. What it raises is raised here.
        timeout: seconds to go on trying.
        what: named in the error.

    Raises:
        TimeoutError: it was not true within `timeout` seconds.
    """
    deadline = time.monotonic() + timeout
    interval = _SHORTEST
    while not (outcome := predicate()):
        if time.monotonic() >= deadline:
            raise TimeoutError(f"{what} did not come true within {timeout} s")
        _sleep(interval)
        interval = min(interval * 1.5, _LONGEST)
    return outcome


def _sleep(seconds: float) -> None:
    # time.sleep would keep a gevent client that lives in this thread from running; gevent's own
    # is right either way, since it lets other threads run as well.
    if "gevent" in sys.modules:
        sys.modules["gevent"].sleep(seconds)
    else:
        time.sleep(seconds)
