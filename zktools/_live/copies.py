"""Values that are handed out belong to who gets them: what is kept is shown to others too."""

from __future__ import annotations

import copy
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

#: Types of values that cannot be changed in place: everybody may have the same object.
UNCHANGING = frozenset(
    (str, bytes, int, float, complex, bool, Decimal, date, datetime, timedelta, type(None))
)


def own(value: Any) -> Any:
    """`value`, or a copy of it where it could be changed.

    What a codec of the user's makes is copied by :func:`copy.deepcopy`, and is shared where that
    fails.
    """
    if type(value) in UNCHANGING:
        return value
    if type(value) is list:
        return [own(each) for each in value]
    if type(value) is dict:
        return {key: own(each) for key, each in value.items()}
    try:
        return copy.deepcopy(value)
    except Exception:  # noqa: BLE001  it is a user's object
        return value
