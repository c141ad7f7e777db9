"""What the results of a transaction say."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from kazoo.exceptions import RolledBackError, RuntimeInconsistency


def refusal(results: Sequence[Any]) -> tuple[int, Exception] | None:
    """Which operation made a transaction fail, and why; None when all were carried out.

    The others of a failed transaction say only that they were not carried out.
    """
    for number, result in enumerate(results):
        if isinstance(result, Exception) and not isinstance(
            result, (RolledBackError, RuntimeInconsistency)
        ):
            return number, result
    return None
