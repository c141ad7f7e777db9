"""The values of a configuration, as they are handed out and taken in: copies."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from zktools._live.copies import own


def owned(values: Mapping[str, Any]) -> dict[str, Any]:
    """A copy of each value, by key and in its order."""
    return {key: own(values[key]) for key in sorted(values)}
