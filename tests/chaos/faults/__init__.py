"""The faults. A function for each kind of card; it returns when the fault is over.

What is broken is mended by the function itself. The name of a function is the card's `kind`.
"""

from tests.chaos.faults import (  # noqa: F401 - they make themselves known
    members,
    network,
    processes,
    queue,
    requests,
    servers,
    sessions,
    storms,
)
from tests.chaos.faults.registry import FAULTS, inflict

__all__ = ["FAULTS", "inflict"]
