"""The one clock of zktools: monotonic, and running while the machine sleeps.

A lease must end while a laptop is shut or a virtual machine is suspended. Python's
:func:`time.monotonic` stands still then on Linux and macOS, so the system's own clock that does
not is read where it has one.
"""

from __future__ import annotations

import sys
import time

if sys.platform == "linux":

    def now() -> float:
        """Seconds since an arbitrary point, counting time asleep."""
        return time.clock_gettime(time.CLOCK_BOOTTIME)

elif sys.platform == "darwin":

    def now() -> float:
        """Seconds since an arbitrary point, counting time asleep."""
        return time.clock_gettime(time.CLOCK_MONOTONIC)

else:
    now = time.monotonic
