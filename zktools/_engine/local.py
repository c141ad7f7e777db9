"""What belongs to one thread, or to one greenlet under the gevent handler."""

from __future__ import annotations

import threading  # noqa: TID251 - for its `local` only, which handlers have no method for
from typing import Any


def local_object(handler: Any) -> Any:
    """A namespace of its own for each of what `handler` calls a thread.

    kazoo's handlers have no method for this. It goes with the thread: a new thread that happens to
    get the same number does not inherit what a dead one left.
    """
    if "gevent" in type(handler).__module__:
        from gevent.local import local  # noqa: PLC0415 - an extra

        return local()
    return threading.local()
