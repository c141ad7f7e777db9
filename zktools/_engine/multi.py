"""What the results of several operations in one request say."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from kazoo.exceptions import RolledBackError, RuntimeInconsistency


class Result(NamedTuple):
    """That of one of them, as kazoo's of a request."""

    value: Any
    exception: BaseException | None

    def successful(self) -> bool:
        """Whether it was carried out."""
        return self.exception is None


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
